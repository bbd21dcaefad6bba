"""A home: one folder (and its catalogue) with everything that an installation holds."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kobunko import durable, warc
from kobunko.catalogue import Catalogue
from kobunko.lock import home_lock
from kobunko.seed import Seed, load_seeds
from kobunko.settings import Settings


@dataclass
class Home:
    """What a command works on."""

    settings: Settings
    catalogue: Catalogue

    @cached_property
    def seeds(self) -> dict[str, Seed]:
        return load_seeds(self.settings.seeds)

    @property
    def path(self) -> Path:
        return self.settings.home

    @contextlib.contextmanager
    def writing(self) -> Iterator["Home"]:
        """Holds the home for one writer, after mending what a crash may have left."""
        with home_lock(self.path):
            self._recover()
            yield self

    def _recover(self) -> None:
        for path in sorted(self.settings.raw.rglob(f"*{warc.OPEN}")):
            warc.repair(path)
        for folder in (self.settings.stages, self.settings.reports):
            if folder.is_dir():
                durable.sweep(folder)
        self.catalogue.interrupt_open_runs()


@contextlib.contextmanager
def open_home(settings: Settings, *, read_only: bool = False) -> Iterator[Home]:
    """The home of these settings; its folder and catalogue are made when absent, unless it is only read."""
    if not read_only:
        durable.make_folder(settings.home)
    catalogue = Catalogue(settings.catalogue_url, read_only=read_only)
    try:
        yield Home(settings, catalogue)
    finally:
        catalogue.close()
