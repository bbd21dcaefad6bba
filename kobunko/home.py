"""A home: one folder (and its catalogue) with everything that an installation holds."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kobunko import depot, durable, warc, warc_changes
from kobunko.catalogue import Catalogue
from kobunko.errors import Busy, UsageError
from kobunko.lock import home_lock
from kobunko.seed import Seed, load_seeds
from kobunko.settings import Settings
from kobunko.turns import Turns

PATIENCE_S = 5.0  # with a host that mends what a crash left before it lets others in


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
    def writing(self, *, shared: bool = False) -> Iterator[Turns]:
        """Holds the home for one writer, after mending what a crash may have left.

        `shared` is for work that several hosts of one installation can do beside each other, in turns.
        """
        lock = contextlib.nullcontext() if self.catalogue.has_server else home_lock(self.path)
        with lock, self.catalogue.turns() as turns:
            alone = turns.alone()
            if alone:
                self._recover()
            if not (_joined(turns) if shared else alone):
                raise Busy(
                    "others work on this installation: wait for them to end (`kobunko status` names their runs)."
                )
            if not shared:
                self.fetch()
            yield turns

    def fetch(self) -> None:
        """Brings copies of all side-cars and releases from the depot, where there is one."""
        if self.settings.depot:
            depot.fetch(self.settings.stages)
            for row in self.catalogue.releases():  # what a crash left half sent is in no row
                depot.fetch(self.settings.releases / row["version"])

    def mend_raw(self, source: str = "") -> None:
        """Closes the raw files (of one source) that a crash left open; nobody may be writing to them."""
        for path in sorted((self.settings.raw / source).rglob(f"*{warc.OPEN}")):
            warc_changes.repair(path)

    def _recover(self) -> None:
        self.mend_raw()
        for folder in (self.settings.raw, self.settings.stages, self.settings.reports):
            if folder.is_dir():
                durable.sweep(folder)
        self.catalogue.interrupt_open_runs()


def _joined(turns: Turns) -> bool:
    """Whether this process works beside others now. One that has just started has the installation for a moment."""
    end = time.monotonic() + PATIENCE_S
    while not (joined := turns.join()) and time.monotonic() < end:
        time.sleep(0.1)
    return joined


@contextlib.contextmanager
def open_home(settings: Settings, *, read_only: bool = False) -> Iterator[Home]:
    """The home of these settings; its folder and catalogue are made when absent, unless it is only read."""
    if not read_only:
        durable.make_folder(settings.home)
    catalogue = Catalogue(settings.catalogue_url, read_only=read_only)
    try:
        if settings.depot and not catalogue.has_server:
            raise UsageError(
                "a depot needs a catalogue that does not go with this machine: set `catalogue` to PostgreSQL."
            )
        if not read_only:
            depot.attach(settings.home, settings.depot, settings.publish.timeout_s)
        yield Home(settings, catalogue)
    finally:
        catalogue.close()
