"""The corpus: documents of the catalogue joined by key with what the stages wrote about them.

Resume, nightly increment and retry are the same question asked here: which documents have no row yet?
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kobunko.catalogue import Catalogue
from kobunko.sidecar import SideCar, keys_of
from kobunko.stage import OK, Stage

CHUNK = 32  # documents that are in memory at a time


class State(IntEnum):
    """Where a document stands with a stage."""

    BLOCKED = 0  # an earlier stage has yet to run
    INAPPLICABLE = 1  # an earlier stage has no result, or there is nothing to do
    PENDING = 2
    OK = 3
    FAILED = 4  # rejected or in error: it has a row that says why


class Corpus:
    """A view of all documents (or those of some ids) at one moment, in the order of their ids."""

    def __init__(
        self, catalogue: Catalogue, root: Path, stages: Sequence[Stage[Any, Any]], ids: Sequence[str] | None = None
    ) -> None:
        self._catalogue = catalogue
        self.stages = {stage.name: stage for stage in stages}
        self.sidecars = {stage.name: SideCar(root, stage) for stage in stages}
        inputs = catalogue.inputs(ids=ids)
        self.inputs = pa.table(
            {
                "doc_id": pa.array([row[0] for row in inputs], pa.string()),
                "input_sha256": pa.array([row[1] for row in inputs], pa.string()),
            }
        )
        self._keys = keys_of(self.inputs)
        removed = catalogue.removed()
        self.removed = np.array([row[0] in removed for row in inputs], dtype=bool)
        self._mine = np.ones(len(inputs), dtype=bool)
        self._places: dict[str, tuple[pa.Table, pa.Table]] = {}  # with the index that they were found in

    def __len__(self) -> int:
        return int(self.inputs.num_rows)

    def places(self, name: str) -> pa.Table:
        """For every document the newest row of a stage: `outcome, part, row`, null where there is none."""
        index = self.sidecars[name].index()
        if name not in self._places or self._places[name][0] is not index:
            found = pc.index_in(self._keys, value_set=index["key"])
            self._places[name] = (index, index.select(["outcome", "part", "row"]).take(found))
        return self._places[name][1]

    def outcomes(self, name: str) -> list[str | None]:
        return list(self.places(name)["outcome"].to_pylist())

    def states(self, name: str) -> Any:
        """`State` of every document with a stage, as an array."""
        stage = self.stages[name]
        outcome = self.places(name)["outcome"]
        present = pc.is_valid(outcome).to_numpy()
        ok = pc.fill_null(pc.equal(outcome, OK), False).to_numpy()
        states = np.full(len(self), State.PENDING, dtype=np.int8)
        for before in stage.after:
            earlier = self.states(before.name)
            states[earlier <= State.BLOCKED] = State.BLOCKED
            states[earlier == State.PENDING] = State.BLOCKED
            if any(column.split(".")[0] == before.name for column in stage.required):
                without = (earlier == State.INAPPLICABLE) | (earlier == State.FAILED)
                states[without] = State.INAPPLICABLE
        if stage.where:
            states[(states == State.PENDING) & ~self._truthy(stage.where)] = State.INAPPLICABLE
        states[self.removed] = State.INAPPLICABLE
        states[present & ok] = State.OK
        states[present & ~ok] = State.FAILED
        return states

    def _truthy(self, column: str) -> Any:
        values = self.select(np.arange(len(self)), [column])[column]
        return pc.fill_null(pc.greater(pc.cast(values, pa.int64()), 0), False).to_numpy()

    def pending(self, name: str) -> Any:
        """Positions of the documents that a stage still has to do."""
        return np.flatnonzero((self.states(name) == State.PENDING) & self._mine)

    @contextmanager
    def share(self, number: int, of: int) -> Iterator[None]:
        """Inside, only one share of the documents is pending, as what all hosts have written so far leaves it."""
        for sidecar in self.sidecars.values():
            sidecar.refresh()
        ids = self.inputs["doc_id"].to_pylist()
        self._mine = np.array([crc32(name.encode()) % of == number for name in ids], dtype=bool)
        try:
            yield
        finally:
            self._mine = np.ones(len(ids), dtype=bool)

    def batches(self, name: str) -> Iterator[pa.Table]:
        """What a stage still has to do, as batches of its input columns beside the key.

        Documents of fewer units (pages) come first, so that a very long one keeps nobody waiting.
        """
        stage = self.stages[name]
        positions = self.pending(name)
        if unit := stage.resources.unit:
            units = pc.fill_null(pc.cast(self.select(positions, [unit])[unit], pa.int64()), 0)
            positions = positions[np.argsort(units.to_numpy(), kind="stable")]
        for chunk in self.chunks(positions, stage.columns):
            for start in range(0, chunk.num_rows, stage.batch):
                yield chunk.slice(start, stage.batch)

    def chunks(self, positions: Any, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Columns of many documents, a few documents at a time."""
        for start in range(0, len(positions), CHUNK):
            yield self.select(positions[start : start + CHUNK], columns)

    def select(self, positions: Any, columns: Sequence[str]) -> pa.Table:
        """The key and columns of documents: `title` is the document's own, `extract.title` what a stage wrote."""
        columns = list(dict.fromkeys(columns))
        rows = pa.array(positions, pa.int64())
        result = self.inputs.take(rows)
        own = [name for name in columns if "." not in name]
        if own:
            table = self._catalogue.document_table(result["doc_id"].to_pylist())
            for name in own:
                result = _with(result, name, table[name])
        for stage_name in dict.fromkeys(name.split(".")[0] for name in columns if "." in name):
            names = [name.split(".")[1] for name in columns if name.startswith(f"{stage_name}.")]
            table = self.sidecars[stage_name].take(self.places(stage_name).take(rows), names)
            for name in names:
                result = _with(result, f"{stage_name}.{name}", table[name])
        return result

    def postpone(self, name: str, positions: Any) -> None:
        """Has documents done again by a stage and by all that read from it, the last ones marked first.

        In that order a crash half-way leaves the failed rows of `name` in place, so the command can be repeated.
        """
        keys = self.inputs.take(pa.array(positions, pa.int64()))
        for stage in reversed(list(self.stages.values())):
            if stage.name == name or name in ancestors(stage):
                self.sidecars[stage.name].postpone(keys)


def _with(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table if name in table.column_names else table.append_column(name, values)


def ancestors(stage: Stage[Any, Any]) -> set[str]:
    """Names of all stages that a stage reads from, directly or not."""
    return {stage.name for stage in stage.after}.union(*(ancestors(before) for before in stage.after))
