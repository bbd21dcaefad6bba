"""Running stages over the corpus: do what has no row yet, write side-cars as results come, count outcomes."""

import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kobunko.corpus import Corpus, State
from kobunko.executors import Executor
from kobunko.ids import source_of
from kobunko.logs import get_logger
from kobunko.settings import RunSettings
from kobunko.stage import cpu_seconds
from kobunko.turns import Turns

log = get_logger(__name__)
SHARES = 16  # of a stage's documents, that hosts take in turns
PAUSE_S = 1.0  # before it is looked again at what other hosts have in hand
Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass
class StageSummary:
    """What one stage did in one run."""

    documents: int = 0  # done in this run
    already: int = 0  # had a row before
    left: int = 0  # for the next run, because the time was up
    pages: int = 0  # of the documents done, where the stage has pages
    seconds: float = 0.0  # by the clock
    cpu_seconds: float = 0.0  # of all workers
    gpu_seconds: float = 0.0  # by the clock, of every GPU that the stage held
    outcomes: Counter[str] = field(default_factory=Counter)  # of this run

    def add(self, other: "StageSummary") -> None:
        """Counts what was done in another part of the same run."""
        self.documents += other.documents
        self.left += other.left
        self.pages += other.pages
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds
        self.gpu_seconds += other.gpu_seconds
        self.outcomes += other.outcomes

    def as_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "already": self.already,
            "left": self.left,
            "pages": self.pages,
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "gpu_seconds": round(self.gpu_seconds, 2),
            "outcomes": dict(sorted(self.outcomes.items())),
        }


class _Buffer:
    """Output rows on their way to a side-car: written when there are enough of them, or after some seconds."""

    def __init__(self, corpus: Corpus, name: str, settings: RunSettings) -> None:
        self._sidecar = corpus.sidecars[name]
        self._settings = settings
        self._tables: list[pa.Table] = []
        self._since = time.monotonic()

    def add(self, table: pa.Table) -> None:
        self._tables.append(table)
        rows = sum(item.num_rows for item in self._tables)
        if rows >= self._settings.flush_rows or time.monotonic() - self._since >= self._settings.flush_s:
            self.flush()

    def flush(self) -> None:
        if self._tables:
            self._sidecar.append(pa.concat_tables(self._tables))
        self._tables, self._since = [], time.monotonic()


def run_stage(
    corpus: Corpus,
    name: str,
    executor: Executor,
    settings: RunSettings,
    progress: Progress = lambda *_: None,
    deadline: float = math.inf,
) -> StageSummary:
    """Does what a stage still has to do, starting nothing after `deadline` (of `time.monotonic`).

    What was finished before an interruption is kept.
    """
    total = len(corpus.pending(name))
    summary = StageSummary(already=int(np.count_nonzero(corpus.states(name) >= State.OK)))
    progress(name, 0, total)
    started = time.monotonic()
    buffer = _Buffer(corpus, name, settings)
    try:
        if total:
            batches = itertools.takewhile(lambda _: time.monotonic() < deadline, corpus.batches(name))
            for output in executor.map(corpus.stages[name], batches):
                buffer.add(output)
                _count(summary, name, output)
                progress(name, summary.documents, total)
    finally:
        buffer.flush()
        summary.seconds = time.monotonic() - started
        summary.gpu_seconds = summary.seconds * corpus.stages[name].resources.gpus
        summary.left = total - summary.documents
    return summary


def _count(summary: StageSummary, name: str, output: pa.Table) -> None:
    summary.documents += output.num_rows
    summary.cpu_seconds += cpu_seconds(output)
    if "pages" in output.column_names:
        summary.pages += pc.sum(pc.list_value_length(output["pages"])).as_py() or 0
    for row in output.select(["doc_id", "outcome", "detail"]).to_pylist():
        summary.outcomes[row["outcome"]] += 1
        if row["outcome"].startswith("error:"):
            log.info("document failed", source=source_of(row["doc_id"]), stage=name, **row)


def run_stages(
    corpus: Corpus,
    names: Sequence[str],
    executor: Executor,
    settings: RunSettings,
    progress: Progress = lambda *_: None,
    deadline: float = math.inf,
) -> dict[str, StageSummary]:
    """Runs stages in the order of the pipeline."""
    done = {}
    for name in (name for name in corpus.stages if name in names):
        done[name] = run_stage(corpus, name, executor, settings, progress, deadline)
        corpus.sidecars[name].compact()
    return done


def run_shared(
    corpus: Corpus,
    names: Sequence[str],
    executor: Executor,
    settings: RunSettings,
    turns: Turns,
    progress: Progress = lambda *_: None,
    deadline: float = math.inf,
) -> dict[str, StageSummary]:
    """Runs stages beside other hosts of the same installation until none of them has anything left to do.

    The documents of a stage are done in shares, each by the host whose turn it is; what a host that died had taken,
    the others do. Nothing is compacted, since others read it: a run that has the installation for itself does that.
    """
    wanted = [name for name in corpus.stages if name in names]
    done = {name: StageSummary(already=int(np.count_nonzero(corpus.states(name) >= State.OK))) for name in wanted}
    shares = random.sample(range(SHARES), SHARES)  # every host begins elsewhere
    while time.monotonic() < deadline:
        before, elsewhere = sum(item.documents for item in done.values()), False
        for name, share in itertools.product(wanted, shares):
            with turns.turn(f"{corpus.stages[name].label} {share}") as mine:
                elsewhere |= not mine
                if mine:
                    with corpus.share(share, SHARES):
                        done[name].add(run_stage(corpus, name, executor, settings, progress, deadline))
        if sum(item.documents for item in done.values()) == before:
            if not elsewhere:
                break
            executor.close()  # the others may be waiting for room on the same machines
            time.sleep(PAUSE_S)
    return done


def over_quarantine_limit(summaries: Mapping[str, StageSummary], share: float) -> list[str]:
    """A line for every stage in which more documents ended in `error:` than this installation accepts."""
    broken = []
    for name, summary in summaries.items():
        errors = sum(n for outcome, n in summary.outcomes.items() if outcome.startswith("error:"))
        if summary.documents and errors / summary.documents > share:
            broken.append(f"{name}: {errors} of {summary.documents} documents ended in error (limit {share:.0%})")
    return broken


def failed_positions(corpus: Corpus, name: str, outcome: str = "") -> Any:
    """Documents whose newest row of a stage is an error (or exactly `outcome`)."""
    found = corpus.outcomes(name)
    if outcome:
        return np.flatnonzero([item == outcome for item in found])
    return np.flatnonzero([bool(item) and str(item).startswith("error:") for item in found])
