"""What several test files need: a catalogue in a temporary home."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kobunko.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    found = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    yield found
    found.close()
