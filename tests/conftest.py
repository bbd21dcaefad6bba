"""What several test files need: no network in any process, and a catalogue in a temporary home."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kobunko.catalogue import Catalogue

SUPPORT = Path(__file__).parent / "support"


def pytest_configure() -> None:
    """Command lines and workers that tests start are kept from the network as pytest itself is."""
    known = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SUPPORT), *([known] if known else [])])


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    found = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    yield found
    found.close()
