"""Killable worker processes. Each has a pipe of its own, so that what dies with a worker is one batch and nothing else.

A pool that shares one pipe among its workers waits for ever when one of them is killed while it holds the pipe's lock,
or is half-way through a result: by the kernel when memory runs out, for example.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from typing import Any

import pyarrow as pa

from kobunko.errors import KobunkoError
from kobunko.logs import configure
from kobunko.stage import KEY, NO_MEMORY, ReadBlob, Resources, Runner, Stage, failure

DEATHS_BEFORE_GIVING_UP = 3  # of workers that had one document alone: somebody else may have killed the first
STARTS_BEFORE_GIVING_UP = 5  # in a row
GRACE_S = 5  # for a worker that was told to end
_SPAWN = multiprocessing.get_context("spawn")
_READY, _BEGUN, _RESULT, _ERROR, _NO_MEMORY, _DEATH = b"ready", b"begun", b"result", b"error", b"memory", b""
# The kernel ends a worker when the *thread* that started it ends: this one lives as long as the process.
_starter = ThreadPoolExecutor(1, "starts-workers")

Task = tuple[pa.Table, int]  # a batch, and how many workers it took with it


class Worker:
    """One process, and the batch that it computes."""

    def __init__(self, resources: Resources, read_blob: ReadBlob) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, resources, read_blob), daemon=True)
        _starter.submit(self._process.start).result()
        theirs.close()
        self.ready = False
        self.task: Task | None = None
        self.limit, self.deadline = 0.0, float("inf")
        self.served = 0
        self._known: set[str] = set()

    @property
    def is_free(self) -> bool:
        return self.ready and self.task is None

    def give(self, stage: Stage[Any, Any], task: Task) -> None:
        """Begins with a batch; raises OSError when the worker is not there any more."""
        new = None if stage.label in self._known else stage
        self.connection.send_bytes(pickle.dumps((stage.label, new)))
        self.connection.send_bytes(_to_bytes(task[0]))
        self._known.add(stage.label)
        self.task, self.served = task, self.served + 1
        self.limit = sum(wall_limit(stage, row) for row in _unit_rows(stage, task[0]))

    def receive(self) -> tuple[bytes, bytes]:
        """What it says: a kind, and what belongs to it. Raises EOFError or OSError when it is dead."""
        kind = self.connection.recv_bytes()
        return kind, b"" if kind in (_READY, _BEGUN) else self.connection.recv_bytes()

    def bury(self) -> int | None:
        """Ends what is left of it and returns its exit code; negative: killed by that signal."""
        self.connection.close()
        self._process.join(GRACE_S)
        return self.kill()

    def kill(self) -> int | None:
        self._process.kill()
        self._process.join()
        self.connection.close()
        return self._process.exitcode


class Crew:
    """Workers for stages that need the same resources."""

    def __init__(self, resources: Resources, read_blob: ReadBlob, size: int) -> None:
        self.resources = resources
        self._read_blob = read_blob
        self._size = size
        self._workers: list[Worker] = []
        self._failed_starts = 0
        self._todo: deque[Task] = deque()
        self._suspects: deque[Task] = deque()  # tried again when nothing else is left to do

    def results(self, stage: Stage[Any, Any], batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Outputs of the batches, in any order. One batch per worker waits ready, so memory does not grow with them."""
        landed: list[pa.Table] = []
        exhausted = False
        self._todo.clear()
        self._suspects.clear()
        while True:
            self._dispatch(stage)
            while not exhausted and len(self._todo) < self._size:
                batch = next(batches, None)
                exhausted = batch is None
                if batch is not None:
                    self._todo.append((batch, 0))
            if exhausted and not self._todo:
                self._todo, self._suspects = self._suspects, self._todo
            self._dispatch(stage)
            yield from landed
            if exhausted and not self._todo and not any(worker.task for worker in self._workers):
                return
            landed = [output for worker in self._heard() for output in self._land(stage, worker)]

    def _dispatch(self, stage: Stage[Any, Any]) -> None:
        busy = sum(worker.task is not None for worker in self._workers)
        while len(self._workers) < min(self._size, busy + len(self._todo)):  # starting one costs seconds
            self._workers.append(Worker(self.resources, self._read_blob))
        for worker in [worker for worker in self._workers if worker.is_free]:
            if not self._todo:
                return
            try:
                worker.give(stage, self._todo[0])
                self._todo.popleft()
            except OSError:  # it was killed while it waited
                self._dismiss(worker)

    def _heard(self) -> list[Worker]:
        """Workers that said something, died, or have used up their time."""
        nearest = min((worker.deadline for worker in self._workers), default=float("inf"))
        timeout = None if nearest == float("inf") else max(0.0, nearest - time.monotonic())
        spoke = set(wait([worker.connection for worker in self._workers], timeout))
        now = time.monotonic()
        return [worker for worker in self._workers if worker.connection in spoke or worker.deadline <= now]

    def _land(self, stage: Stage[Any, Any], worker: Worker) -> Iterator[pa.Table]:
        if not worker.connection.poll():
            self._workers.remove(worker)
            worker.kill()
            yield from self._lost(stage, worker.task, "error:Timeout", "the wall-clock limit was reached", final=True)
            return
        try:
            kind, data = worker.receive()
        except (EOFError, OSError):
            kind, data = _DEATH, b""
        if kind == _READY:
            worker.ready, self._failed_starts = True, 0
        elif kind == _BEGUN:  # the code of the stage is loaded: the time of its documents begins
            worker.deadline = time.monotonic() + worker.limit
        elif kind == _RESULT:
            worker.task, worker.deadline = None, float("inf")
            if worker.served >= self.resources.tasks_per_worker:
                self._dismiss(worker)
            yield _from_bytes(data)
        elif kind == _ERROR:
            raise RuntimeError(f"a worker failed:\n{data.decode()}")
        else:
            yield from self._mourn(stage, worker, kind)

    def _mourn(self, stage: Stage[Any, Any], worker: Worker, kind: bytes) -> Iterator[pa.Table]:
        """What becomes of the batch of a worker that is dead."""
        outcome = "error:WorkerDied"
        cause = f"the worker ended with code {self._dismiss(worker)} (negative: killed by that signal)"
        if kind == _NO_MEMORY:
            outcome, cause = NO_MEMORY, "the memory limit was reached"
        self._failed_starts += not worker.ready
        if self._failed_starts >= STARTS_BEFORE_GIVING_UP:
            raise KobunkoError(f"workers end before they can begin: {cause}. See `kobunko doctor`.")
        yield from self._lost(stage, worker.task, outcome, cause)

    def _lost(
        self, stage: Stage[Any, Any], task: Task | None, outcome: str, detail: str, *, final: bool = False
    ) -> Iterator[pa.Table]:
        """A batch of several is taken apart, so that only the guilty document pays; one alone is tried again."""
        if task is None:
            return
        batch, deaths = task
        if batch.num_rows > 1:
            self._todo.extendleft((batch.slice(row, 1), 0) for row in range(batch.num_rows))
        elif not final and deaths + 1 < DEATHS_BEFORE_GIVING_UP:
            self._suspects.append((batch, deaths + 1))
        else:
            yield lost_rows(stage, batch, outcome, detail)

    def _dismiss(self, worker: Worker) -> int | None:
        self._workers.remove(worker)
        return worker.bury()

    def close(self, *, kill: bool = False) -> None:
        """Ends the workers: what they compute is of no use to anybody when they are to be killed."""
        for worker in self._workers:
            if kill:
                worker.kill()
            else:
                worker.connection.close()
        for worker in self._workers:
            worker.bury()
        self._workers = []


def lost_rows(stage: Stage[Any, Any], batch: pa.Table, outcome: str, detail: str) -> pa.Table:
    """Output rows of documents that took their worker with them."""
    rows = [failure(stage, row, outcome, detail) for row in batch.select(KEY).to_pylist()]
    return pa.Table.from_pylist(rows, schema=stage.output_schema)


def _unit_rows(stage: Stage[Any, Any], batch: pa.Table) -> list[dict[str, Any]]:
    unit = stage.resources.unit
    return batch.select([unit]).to_pylist() if unit else [{}] * batch.num_rows


def wall_limit(stage: Stage[Any, Any], row: dict[str, Any]) -> float:
    """Seconds that one document may take in a stage."""
    resources = stage.resources
    return resources.wall_s + resources.wall_s_per_unit * (row.get(resources.unit) or 0)


def _serve(connection: Connection, resources: Resources, read_blob: ReadBlob) -> None:
    """The worker's own life: a batch in, its output out, until nobody asks any more."""
    _confine(resources)
    pa.array([{}])  # the first one loads pandas: no document is to pay for that
    runners: dict[str, Runner] = {}
    with contextlib.suppress(EOFError, BrokenPipeError):
        connection.send_bytes(_READY)
        while _answer(connection, runners, read_blob):
            pass


def _answer(connection: Connection, runners: dict[str, Runner], read_blob: ReadBlob) -> bool:
    """Does one batch; False where the worker is of no use after it."""
    order, batch = connection.recv_bytes(), connection.recv_bytes()
    try:
        label, stage = pickle.loads(order)  # noqa: S301  from our own process
        if stage is not None:
            runners[label] = Runner(stage, read_blob)
            gc.freeze()  # what is loaded stays: each collection would walk through it
        connection.send_bytes(_BEGUN)
        output = runners[label](_from_bytes(batch))
        if NO_MEMORY in output["outcome"].to_pylist():  # perhaps others had left too little: a fresh worker will tell
            raise MemoryError
        kind, said = _RESULT, _to_bytes(output)
    except MemoryError:
        kind, said = _NO_MEMORY, b""
    except Exception:  # a defect of ours: the run ends with it
        kind, said = _ERROR, traceback.format_exc().encode()
    connection.send_bytes(kind)
    connection.send_bytes(said)
    return kind == _RESULT


def _confine(resources: Resources) -> None:
    """Limits what a document can do to the machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no worker outlives a killed parent
    warnings.simplefilter("ignore")  # what a library thinks of a document is no news to the operator
    os.environ.setdefault("OMP_NUM_THREADS", str(resources.cpus))
    configure()  # logs go to standard error here too: standard output is the command's data
    sys.addaudithook(_refuse_network)
    pa.set_memory_pool(pa.system_memory_pool())  # the default one sets a gigabyte of the limit aside for itself
    limit = resources.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse_network(event: str, _: tuple[Any, ...]) -> None:
    """Reading a document asks nobody anything."""
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        raise PermissionError(f"workers have no network ({event})")


def _to_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _from_bytes(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
