"""The executor `ray`: the same workers on the machines of a Ray cluster.

Every actor holds one killable worker of the executor `processes`, so that limits, time-outs and what becomes of a
hostile document are the same everywhere. What was under way on a machine that goes away is computed again elsewhere;
machines that join are used from their first batch on. All machines see the home under the same path, or its depot.
"""

import contextlib
import socket
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import RayError, RayTaskError

from kobunko.errors import Unreachable, UsageError
from kobunko.executors import Executor, Processes
from kobunko.stage import ReadBlob, Resources, Stage
from kobunko.workers import lost_rows

AHEAD = 2  # batches that an actor holds, so that it never waits for the next one
PATIENCE_S = 10  # with the head of a cluster
LOSSES_BEFORE_GIVING_UP = 5  # a batch whose machine goes away that often is to blame itself


class Worker:
    """The actor: one worker process, and what it makes of batches."""

    def __init__(self, read_blob: ReadBlob) -> None:
        self._processes = Processes(read_blob, workers=1)

    def work(self, stage: Stage[Any, Any], batch: pa.Table) -> pa.Table:
        outputs = list(self._processes.map(stage, iter([batch])))
        return outputs[0] if len(outputs) == 1 else pa.concat_tables(outputs)


class Cluster:
    """Computes on all machines of a Ray cluster that have room for the stage.

    Stages that need the same of a worker share the actors, since starting one costs seconds.
    """

    def __init__(self, read_blob: ReadBlob) -> None:
        self._read_blob = read_blob
        self._crew: _Crew | None = None

    def map(self, stage: Stage[Any, Any], batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        if self._crew is None or not stage.resources.same_worker(self._crew.resources):
            self.close()
            self._crew = _Crew(stage.resources, self._read_blob)
        try:
            yield from self._crew.results(stage, iter(batches))
        except BaseException:
            self.close()  # what is under way is of no use to anybody
            raise

    def close(self) -> None:
        if self._crew is not None:
            self._crew.dismiss()
            self._crew = None


class _Crew:
    """The actors, the batches that they hold, and the batches that lost their actor."""

    def __init__(self, resources: Resources, read_blob: ReadBlob) -> None:
        self.resources = resources
        self._read_blob = read_blob
        self._coming: dict[Any, Any] = {}  # actors that wait for room, by the reference that says that they are there
        self._actors: dict[Any, int] = {}  # with how many batches each holds
        self._flying: dict[Any, tuple[Any, pa.Table, int]] = {}  # by reference: actor, batch, how often it was lost
        self._lost: list[tuple[pa.Table, int]] = []

    def results(self, stage: Stage[Any, Any], batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
        exhausted = False
        while True:
            self._hire()
            while (actor := self._free()) and not (exhausted and not self._lost):
                if self._lost:
                    self._launch(stage, actor, *self._lost.pop())
                elif (batch := next(batches, None)) is not None:
                    self._launch(stage, actor, batch, 0)
                else:
                    exhausted = True
            if exhausted and not self._lost and not self._flying:
                return
            done, _ = ray.wait([*self._flying, *self._coming], num_returns=1, timeout=5)
            for reference in done:
                if reference in self._coming:
                    self._welcome(reference)
                else:
                    yield from self._land(stage, reference)

    def _hire(self) -> None:
        """As many actors as the cluster has room for now; none gets a batch before it is there."""
        has, cpus, gpus = ray.cluster_resources(), self.resources.cpus, self.resources.gpus
        slots = has.get("CPU", 0) // cpus
        if gpus:
            slots = min(slots, has.get("GPU", 0) // gpus)
        worker: Any = ray.remote(Worker).options(num_cpus=cpus, num_gpus=gpus)
        for _ in range(max(1, int(slots)) - len(self._actors) - len(self._coming)):
            actor = worker.remote(self._read_blob)
            self._coming[actor.__ray_ready__.remote()] = actor

    def _welcome(self, reference: Any) -> None:
        actor = self._coming.pop(reference)
        with contextlib.suppress(RayError):  # its machine went away while it came
            ray.get(reference)
            self._actors[actor] = 0

    def _free(self) -> Any:
        actor = min(self._actors, key=self._actors.__getitem__, default=None)
        return actor if actor and self._actors[actor] < AHEAD else None

    def _launch(self, stage: Stage[Any, Any], actor: Any, batch: pa.Table, losses: int) -> None:
        self._actors[actor] += 1
        self._flying[actor.work.remote(stage, batch)] = (actor, batch, losses)

    def _land(self, stage: Stage[Any, Any], reference: Any) -> Iterator[pa.Table]:
        actor, batch, losses = self._flying.pop(reference)
        try:
            output = ray.get(reference)
        except RayTaskError:  # a defect of ours, not a lost machine
            raise
        except RayError as error:
            self._actors.pop(actor, None)
            if losses + 1 < LOSSES_BEFORE_GIVING_UP:
                self._lost.append((batch, losses + 1))
            else:
                yield lost_rows(stage, batch, "error:WorkerDied", f"its machine was lost {losses + 1} times: {error}")
            return
        self._actors[actor] -= 1
        yield output

    def dismiss(self) -> None:
        for actor in [*self._actors, *self._coming.values()]:
            ray.kill(actor)


def _call_on(address: str) -> None:
    """Ray itself waits for a head that is not there in native code, deaf to signals, and then ends the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"{address!r} is no address of a Ray cluster: write it as host:port, e.g. 10.0.0.5:6379.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise Unreachable(f"no Ray cluster at {address} ({error}): start one with `ray start --head`.") from error


@contextlib.contextmanager
def cluster(address: str, read_blob: ReadBlob) -> Iterator[Executor]:
    """The executor on a running cluster (`host:port`), or on a new one of this machine when no address is given."""
    if address:
        _call_on(address)
    ray.init(address=address or None, log_to_driver=False, include_dashboard=False if not address else None)
    try:
        yield Cluster(read_blob)
    finally:
        ray.shutdown()
