"""Executors: where a stage's batches are computed. Nothing else in the code knows which one runs.

`inline` runs in this process: for tests, debugging and stages without native code. `processes` runs each batch in a
killable worker with a wall, CPU and memory limit per document: a hostile file costs its own worker and becomes
`error:Timeout` or `error:WorkerDied`, and its neighbours do not notice. `ray` has such workers on the machines of a
cluster (`kobunko.cluster`).
"""

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from kobunko import warc
from kobunko.errors import UsageError
from kobunko.logs import configure
from kobunko.records import Part
from kobunko.settings import RunSettings
from kobunko.stage import KEY, ReadBlob, Resources, Runner, Stage, failure

DEATHS_BEFORE_GIVING_UP = 2


class Executor(Protocol):
    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Output tables of the batches, in any order; as many rows come out as went in."""
        ...


def read_part(raw: Path, part: Part) -> bytes:
    return warc.read_body(raw, part.warc_file, part.warc_offset, part.sha256)


class Inline:
    """Computes in this process, without limits."""

    def __init__(self, read_blob: ReadBlob) -> None:
        self._read_blob = read_blob

    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        yield from map(Runner(stage, self._read_blob), batches)


class Processes:
    """Computes in spawned workers; a few batches per worker are in flight, so memory does not grow with the corpus.

    Stages that need the same of a worker share them, since starting one costs seconds.
    """

    def __init__(self, read_blob: ReadBlob, workers: int) -> None:
        self._read_blob = read_blob
        self._workers = workers
        self._resources: Resources | None = None
        self._pool: ProcessPool | None = None

    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        workers = max(1, self._workers // stage.resources.cpus)
        if self._pool is None or self._resources is None or not stage.resources.same_worker(self._resources):
            self.close()
            self._pool = self._start(stage.resources, workers)
        try:
            yield from _Flight(self._pool, stage, 2 * workers).results(iter(batches))
        except BaseException:
            self._pool.stop()  # what is under way is of no use to anybody
            raise

    def _start(self, resources: Resources, workers: int) -> ProcessPool:
        self._resources = resources
        return ProcessPool(
            max_workers=workers,
            max_tasks=resources.tasks_per_worker,
            initializer=_start_worker,
            initargs=(resources, self._read_blob),
            context=multiprocessing.get_context("spawn"),
        )

    def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool.join()
            self._pool = None


class _Flight:
    """The batches that are under way, and what becomes of those whose worker dies."""

    def __init__(self, pool: ProcessPool, stage: Stage[Any, Any], width: int) -> None:
        self._pool = pool
        self._stage = stage
        self._width = width
        self._waiting: list[tuple[pa.Table, int]] = []
        self._flying: dict[Future[bytes], tuple[pa.Table, int]] = {}

    def results(self, batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
        exhausted = False
        while True:
            while len(self._flying) < self._width and not (exhausted and not self._waiting):
                if self._waiting:
                    self._launch(*self._waiting.pop())
                elif (batch := next(batches, None)) is not None:
                    self._launch(batch, 0)
                else:
                    exhausted = True
            if not self._flying:
                return
            for future in wait(self._flying, return_when=FIRST_COMPLETED).done:
                yield from self._land(future)

    def _launch(self, batch: pa.Table, deaths: int) -> None:
        limit = sum(wall_limit(self._stage, row) for row in _unit_rows(self._stage, batch))
        future = self._pool.schedule(_work, args=(self._stage, _to_bytes(batch)), timeout=limit)
        self._flying[future] = (batch, deaths)

    def _land(self, future: "Future[bytes]") -> Iterator[pa.Table]:
        batch, deaths = self._flying.pop(future)
        try:
            yield _from_bytes(future.result())
        except TimeoutError:
            yield from self._lost(batch, "error:Timeout", "the wall-clock limit was reached", final=True)
        except (ProcessExpired, MemoryError) as error:
            final = deaths + 1 >= DEATHS_BEFORE_GIVING_UP
            yield from self._lost(batch, "error:WorkerDied", _cause(error), final=final, deaths=deaths + 1)

    def _lost(self, batch: pa.Table, outcome: str, detail: str, *, final: bool, deaths: int = 0) -> Iterator[pa.Table]:
        """A batch of several is taken apart, so that only the guilty document pays; one alone is tried again."""
        if batch.num_rows > 1:
            self._waiting += [(batch.slice(row, 1), 0) for row in range(batch.num_rows)]
        elif not final:
            self._waiting.append((batch, deaths))
        else:
            yield lost_rows(self._stage, batch, outcome, detail)


def lost_rows(stage: Stage[Any, Any], batch: pa.Table, outcome: str, detail: str) -> pa.Table:
    """Output rows of documents that took their worker with them."""
    rows = [failure(stage, row, outcome, detail) for row in batch.select(KEY).to_pylist()]
    return pa.Table.from_pylist(rows, schema=stage.output_schema)


def _cause(error: BaseException) -> str:
    if isinstance(error, ProcessExpired):
        return f"the worker ended with code {error.exitcode} (negative: killed by that signal)"
    return "the memory limit was reached"


def _unit_rows(stage: Stage[Any, Any], batch: pa.Table) -> list[dict[str, Any]]:
    unit = stage.resources.unit
    return batch.select([unit]).to_pylist() if unit else [{}] * batch.num_rows


def wall_limit(stage: Stage[Any, Any], row: dict[str, Any]) -> float:
    """Seconds that one document may take in a stage."""
    resources = stage.resources
    return resources.wall_s + resources.wall_s_per_unit * (row.get(resources.unit) or 0)


_read_blob: ReadBlob
_runners: dict[str, Runner] = {}


def _start_worker(resources: Resources, read_blob: ReadBlob) -> None:
    global _read_blob
    _read_blob = read_blob
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no worker outlives a killed parent
    warnings.simplefilter("ignore")  # what a library thinks of a document is no news to the operator
    os.environ.setdefault("OMP_NUM_THREADS", str(resources.cpus))
    configure()  # logs go to standard error here too: standard output is the command's data
    sys.addaudithook(_refuse_network)
    limit = resources.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse_network(event: str, _: tuple[Any, ...]) -> None:
    """Reading a document asks nobody anything."""
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        raise PermissionError(f"workers have no network ({event})")


def _work(stage: Stage[Any, Any], data: bytes) -> bytes:
    if stage.label not in _runners:
        _runners[stage.label] = Runner(stage, _read_blob)
    return _to_bytes(_runners[stage.label](_from_bytes(data)))


def _to_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _from_bytes(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


@contextmanager
def executor(settings: RunSettings, read_blob: ReadBlob) -> Iterator[Executor]:
    """The executor that the settings name; its workers end with the context. `read_blob` must survive pickling."""
    match settings.engine:
        case "inline":
            yield Inline(read_blob)
        case "processes":
            with closing(Processes(read_blob, settings.worker_count)) as processes:
                yield processes
        case "ray":
            try:
                from kobunko.cluster import cluster
            except ImportError as error:
                raise UsageError("the engine ray is not installed: pip install 'kobunko[ray]'.") from error
            with cluster(settings.address, read_blob) as machines:
                yield machines
