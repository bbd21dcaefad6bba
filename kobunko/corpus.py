"""The corpus: documents of the catalogue joined by key with what the stages wrote about them.

Resume, nightly increment and retry are the same question asked here: which documents have no row yet?
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kobunko import depot
from kobunko.catalogue import Catalogue
from kobunko.records import Document, arrow_schema
from kobunko.sidecar import SideCar, keys_of
from kobunko.stage import KEY, OK, Stage

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
        self,
        catalogue: Catalogue,
        root: Path,
        stages: Sequence[Stage[Any, Any]],
        ids: Sequence[str] | None = None,
        between: tuple[str, str] | None = None,
    ) -> None:
        self._catalogue, self._root, self._ids, self._between = catalogue, root, ids, between
        self.stages = {stage.name: stage for stage in stages}
        self.sidecars = {stage.name: SideCar(root, stage, between) for stage in stages}
        self._mine: Any = True  # or for every document whether it is in the share that is looked at
        self._places: dict[str, tuple[pa.Table, pa.Table]] = {}  # with the index that they were found in

    @cached_property
    def inputs(self) -> pa.Table:
        """The key of every document: `doc_id, input_sha256`."""
        rows = self._catalogue.inputs(ids=self._ids, between=self._between)
        columns = zip(*rows, strict=True) if rows else ((), ())
        return pa.table({name: pa.array(values, pa.string()) for name, values in zip(KEY, columns, strict=True)})

    @cached_property
    def _keys(self) -> pa.ChunkedArray:
        return keys_of(self.inputs)

    @cached_property
    def removed(self) -> Any:
        """For every document whether it was removed, as an array."""
        removed = self._catalogue.removed()
        return np.array([name in removed for name in self.inputs["doc_id"].to_pylist()], dtype=bool)

    def between(self, first: str, last: str) -> "Corpus":
        """The documents from one id to another, both included, whatever the size of the whole."""
        return Corpus(self._catalogue, self._root, list(self.stages.values()), between=(first, last))

    def pieces(self, size: int) -> Iterator["Corpus"]:
        """The corpus in pieces of so many documents, for those who cannot hold it all."""
        last = ""
        while found := self._catalogue.range_after(last, size):
            _, last = found
            yield self.between(*found)

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
        return self._states(name, {})

    def all_states(self) -> dict[str, Any]:
        """`State` of every document with each stage, in the order of the stages."""
        known: dict[str, Any] = {}
        return {name: self._states(name, known) for name in self.stages}

    def _states(self, name: str, known: dict[str, Any]) -> Any:
        """`known` are those that were found already."""
        if name in known:
            return known[name]
        stage = self.stages[name]
        outcome = self.places(name)["outcome"]
        present = pc.is_valid(outcome).to_numpy()
        ok = pc.fill_null(pc.equal(outcome, OK), False).to_numpy()
        states = np.full(len(self), State.PENDING, dtype=np.int8)
        for before in stage.after:
            earlier = self._states(before.name, known)
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
        known[name] = states
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
        depot.fetch(self._root)
        for sidecar in self.sidecars.values():
            sidecar.refresh()
        ids = self.inputs["doc_id"].to_pylist()
        self._mine = np.array([crc32(name.encode()) % of == number for name in ids], dtype=bool)
        try:
            yield
        finally:
            self._mine = True

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
            for name, values in self._own(rows, own).items():
                result = _with(result, name, values)
        for stage_name in dict.fromkeys(name.split(".")[0] for name in columns if "." in name):
            names = [name.split(".")[1] for name in columns if name.startswith(f"{stage_name}.")]
            table = self.sidecars[stage_name].take(self.places(stage_name).take(rows), names)
            for name in names:
                result = _with(result, f"{stage_name}.{name}", table[name])
        return result

    def _own(self, rows: pa.Array, columns: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Columns of the documents at `rows`, in that order."""
        ids = self.inputs["doc_id"].take(rows)
        if self._between is None or "signals" in columns:
            table = self._catalogue.document_table(columns, ids.to_pylist())
        else:
            table = self._documents
        table = table.take(pc.index_in(ids, table["doc_id"]))
        return {name: table[name] for name in columns}

    @cached_property
    def _documents(self) -> pa.Table:
        """All that the catalogue knows of a piece: one question instead of many."""
        return self._catalogue.document_table(arrow_schema(Document).names, between=self._between)

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
