"""A home of invented documents, made once; tests that change it work on a copy."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "web" / "support"))

from library import Library, build

from kobunko import pipeline
from kobunko.home import Home, open_home
from kobunko.passages.store import Store
from kobunko.settings import load_settings


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return build(tmp_path_factory.mktemp("library"))


@pytest.fixture
def home(library: Library) -> Iterator[Home]:
    with open_home(library.settings) as found:
        yield found


@pytest.fixture
def copy(library: Library, tmp_path: Path) -> Iterator[Home]:
    """A home that the test may change."""
    shutil.copytree(library.settings.home, tmp_path / "home")
    with open_home(load_settings(tmp_path / "home", run={"engine": "inline"})) as found:
        yield found


@pytest.fixture
def store(library: Library) -> Iterator[Store]:
    found = Store(library.settings.index)
    yield found
    found.close()


@pytest.fixture
def steps(home: Home) -> tuple:
    return pipeline.stages(home)
