"""Executors: where a stage's batches are computed. Nothing else in the code knows which one runs.

`inline` runs in this process: for tests, debugging and stages without native code. `processes` runs each batch in a
killable worker with a wall and memory limit per document: a hostile file costs its own worker and becomes
`error:Timeout`, `error:MemoryError` or `error:WorkerDied`, and its neighbours do not notice. `ray` has such workers on
the machines of a cluster (`kobunko.cluster`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from kobunko import depot, warc
from kobunko.records import Part
from kobunko.settings import Settings
from kobunko.stage import ReadBlob, Runner, Stage, carrying
from kobunko.workers import Crew


class Executor(Protocol):
    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Output tables of the batches, in any order; as many rows come out as went in."""
        ...

    def close(self) -> None:
        """Ends the workers; new ones come with new batches."""
        ...


def read_part(raw: Path, part: Part) -> bytes:
    return warc.read_body(raw, part.warc_file, part.warc_offset, part.sha256)


@dataclass(frozen=True)
class FromDepot:
    """The same from a depot. On a machine that has nothing of the home, its URL is enough."""

    raw: Path
    depot: str

    def __call__(self, part: Part) -> bytes:
        depot.mount(self.raw.parent, self.depot)
        return read_part(self.raw, part)


def reader(settings: Settings) -> ReadBlob:
    """What gives the bytes of the parts of a home; it survives pickling."""
    return FromDepot(settings.raw, settings.depot) if settings.depot else partial(read_part, settings.raw)


class Inline:
    """Computes in this process, without limits."""

    def __init__(self, read_blob: ReadBlob) -> None:
        self._read_blob = read_blob

    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        yield from map(Runner(stage, self._read_blob), batches)

    def close(self) -> None:
        """There is nobody to end."""


class Processes:
    """Computes in spawned workers, as many as there are CPUs for.

    Stages that need the same of a worker share them, since starting one costs seconds.
    """

    def __init__(self, read_blob: ReadBlob, workers: int) -> None:
        self._read_blob = read_blob
        self._workers = workers
        self._crew: Crew | None = None

    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        if isinstance(self._read_blob, FromDepot):
            batches = (carrying(stage, batch, self._read_blob) for batch in batches)
        resources = stage.resources
        if self._crew is None or not resources.same_worker(self._crew.resources):
            self.close()
            self._crew = Crew(resources, self._read_blob, max(1, self._workers // resources.cpus))
        try:
            yield from self._crew.results(stage, iter(batches))
        except BaseException:
            self._crew.close(kill=True)  # what is under way is of no use to anybody
            raise

    def close(self) -> None:
        if self._crew is not None:
            self._crew.close()
            self._crew = None
