"""Side-cars: what each stage wrote, in Parquet files of its own beside the documents, never changed afterwards.

A folder `stages/<name>@<fingerprint>/` holds `part-<first>-<last>.parquet`. Every append is a new part with the next
number; compaction writes one part that spans the numbers it replaces, in several files where it is large. A part inside
the span of another one does not count, nor one without all its files. So readers need no manifest, and a crash between
any two steps harms nothing. The newest row of a key counts; a row whose outcome is `pending` says that the key is to be
done again (that is how a retry is recorded).
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko import depot, durable, partfile
from kobunko.distinct import distinct
from kobunko.parts import GROUPS, PartFile, close_all, every_part, opened, part_path, parts_of, row_groups
from kobunko.stage import KEY, Stage

PENDING = "pending"
MANY_PARTS = 32
LONG = 1000  # bytes on average, from which on values are copied run by run
TOGETHER = 2  # row groups that are read at once
SMALL = 16_000_000  # bytes of what was read last, for it to be kept


def keys_of(table: pa.Table) -> pa.ChunkedArray:
    """The key columns as one string per row."""
    return pc.binary_join_element_wise(table["doc_id"], table["input_sha256"], " ")


class SideCar:
    """Rows of one stage at one fingerprint; with `between` its index holds only documents from one id to another."""

    def __init__(self, root: Path, stage: Stage[Any, Any], between: tuple[str, str] | None = None) -> None:
        self.stage, self._between = stage, between
        self.folder = root / stage.label
        self._index: pa.Table | None = None
        self._files: list[PartFile] = []
        # Of every part the row group that was read last.
        self._last: dict[tuple[int, tuple[str, ...]], tuple[Path, int, pa.Table]] = {}

    def append(self, table: pa.Table) -> None:
        """Adds rows durably, sorted by key: when it returns they survive a power cut."""
        table = table.cast(self.stage.output_schema).sort_by([(name, "ascending") for name in KEY])
        written = False
        while not written:
            depot.fetch(self.folder)
            number = 1 + max((part.last for part in parts_of(self.folder)), default=0)
            with contextlib.suppress(FileExistsError):  # another host was first: the next number then
                with depot.writing(part_path(self.folder, number, number), new=True) as temporary:
                    _write(temporary, table)
                written = True
        self.refresh()

    def refresh(self) -> None:
        """Has the index read again, for what other hosts have written."""
        self._index, self._files = None, []

    def postpone(self, keys: pa.Table) -> None:
        """Says of keys (`doc_id, input_sha256`) that they have to be done again."""
        if keys.num_rows:
            note = {"outcome": PENDING, "detail": "", "stage": self.stage.label}
            rows = [row | note for row in keys.select(KEY).to_pylist()]
            self.append(pa.Table.from_pylist(rows, schema=self.stage.output_schema))

    def index(self) -> pa.Table:
        """Newest row of each key: `key, outcome, part, row`, where `part` counts within `parts_of`. Cached."""
        if self._index is None:
            tables = []
            for number, part in enumerate(self._parts()):
                if not len(groups := _groups(part.path, self._between)):
                    continue
                table = _keys(part.path, groups, self._between)
                places = {"part": np.full(table.num_rows, number, dtype=np.int32), "row": table["row"]}
                tables.append(pa.table({"key": keys_of(table), "outcome": table["outcome"], **places}))
            self._index = _newest(pa.concat_tables(tables)) if tables else _empty()
        return self._index

    def _parts(self) -> list[PartFile]:
        """The parts as they were when they were first asked for: `part` counts within them."""
        self._files = self._files or parts_of(self.folder)
        return self._files

    def take(self, places: pa.Table, columns: Sequence[str]) -> pa.Table:
        """Columns of the rows at `places` (`part, row`, null where there is none), in that order, null where null."""
        schema = pa.schema([self.stage.output_schema.field(name).with_nullable(True) for name in columns])
        part, row = (pc.fill_null(places[name], -1).to_numpy() for name in ("part", "row"))
        pieces, total, order = [], 0, np.full(places.num_rows, -1, dtype=np.int64)
        for number in distinct(part[part >= 0].astype(np.int64)).tolist():
            here = np.flatnonzero(part == number)
            for table, local, some in self._read(self._parts()[number], row[here], tuple(columns)):
                pieces.append(table.cast(schema))
                order[here[some]] = total + local
                total += table.num_rows
        if not pieces:
            return pa.table({f.name: pa.nulls(places.num_rows, f.type) for f in schema}, schema=schema)
        return pa.table([gathered(column, order) for column in pa.concat_tables(pieces).columns], schema=schema)

    def _read(self, part: PartFile, rows: Any, columns: tuple[str, ...]) -> Iterator[tuple[pa.Table, Any, Any]]:
        """Rows of a file by number: tables, where in them the rows are, and which of `rows` these are.

        A few row groups are read at a time, and kept whole where most of their rows are wanted.
        """
        ends = row_groups(part.path).ends
        wanted, places = np.unique(np.searchsorted(ends, rows, side="right") - 1, return_inverse=True)
        for start in range(0, len(wanted), TOGETHER):
            groups = wanted[start : start + TOGETHER]
            here = np.flatnonzero((places >= start) & (places < start + TOGETHER))
            starts = np.cumsum([0, *(ends[groups + 1] - ends[groups])])
            local = starts[places[here] - start] + rows[here] - ends[wanted[places[here]]]
            table = self._groups(part, groups, columns)
            if 2 * len(local) < table.num_rows:
                table, local = table.take(pa.array(local)), np.arange(len(local))
            yield table, local, here

    def _groups(self, part: PartFile, groups: NDArray[np.int64], columns: tuple[str, ...]) -> pa.Table:
        """Row groups of a file. Readers in the order of ids begin where they ended: the last one is kept if small."""
        file = opened(part.path)
        path, number, kept = self._last.pop((part.last, columns), (None, -1, None))
        begun = [kept] if (path, number) == (part.path, groups[0]) else []
        tables: list[Any] = begun
        if len(groups) > len(begun):
            missing = groups[len(begun) :].tolist()
            tables = [*begun, file.read_row_groups(missing, columns=list(columns), use_threads=False)]
        last = tables[-1]
        if last.nbytes < SMALL:
            size = file.metadata.row_group(int(groups[-1])).num_rows
            self._last[part.last, columns] = part.path, int(groups[-1]), last.slice(last.num_rows - size)
        return pa.concat_tables(tables)

    def compact(self) -> bool:
        """Merges many small parts into one sorted by key. True when it did."""
        self.refresh()
        old = self._parts()
        if len({part.last for part in old}) < MANY_PARTS:
            return False
        index = self.index().sort_by("key")
        schema = self.stage.output_schema
        step = partfile.group_rows(sum(_bytes(part.path) for part in old), index.num_rows)
        starts = range(0, max(index.num_rows, 1), step * GROUPS)
        for number, start in enumerate(starts):
            rows = index.slice(start, step * GROUPS)
            tables = (self.take(rows.slice(at, step), schema.names) for at in range(0, rows.num_rows, step))
            with depot.writing(part_path(self.folder, old[0].first, old[-1].last, number, len(starts))) as temporary:
                partfile.write(temporary, schema, tables, step)
        self.refresh()
        for part in set(every_part(self.folder)).difference(parts_of(self.folder)):
            depot.forget(part.path)
            durable.remove(part.path)
        return True


def gathered(column: pa.ChunkedArray, order: NDArray[np.int64]) -> pa.Array:
    """Values of a column by number, null where the number is negative.

    Long ones are copied run by run: `take` would copy them twice, and more while it finds out how long they are.
    """
    if column.nbytes < LONG * len(column):
        return column.take(pa.array(order, mask=order < 0)).combine_chunks()
    run = np.where(order < 0, -len(order), order - np.arange(len(order)))  # the same all along a run
    starts = np.flatnonzero(np.diff(run, prepend=run[:1] - 1)).tolist()
    copied = []
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        if order[start] < 0:
            copied.append(pa.nulls(end - start, column.type))
        else:
            copied += column.slice(order[start], end - start).chunks
    return pa.concat_arrays(copied)


def _write(path: Path, table: pa.Table) -> None:
    partfile.write(path, table.schema, [table], partfile.group_rows(table.nbytes, table.num_rows))


@cache
def _empty() -> pa.Table:
    """Made at its first use: making any array loads pandas, which takes most of a second."""
    types = (("key", pa.string()), ("outcome", pa.string()), ("part", pa.int32()), ("row", pa.int64()))
    return pa.schema(types).empty_table()


def _newest(index: pa.Table) -> pa.Table:
    """The last row of each key, keys that wait to be done again left out."""
    if len(pc.unique(index["key"])) < index.num_rows:
        numbered = index.append_column("order", pa.array(np.arange(index.num_rows)))
        index = index.take(numbered.group_by("key").aggregate([("order", "max")])["order_max"])
    return index.filter(pc.not_equal(index["outcome"], PENDING))


def _bytes(path: Path) -> int:
    metadata = opened(path).metadata
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _groups(path: Path, between: tuple[str, str] | None) -> NDArray[np.int64]:
    """The row groups of a file, or those that may hold documents between two ids."""
    known = row_groups(path)
    if between is None:
        return np.arange(len(known.smallest))
    return np.flatnonzero((known.smallest <= between[1]) & (known.largest >= between[0]))


def _keys(path: Path, groups: NDArray[np.int64], between: tuple[str, str] | None) -> pa.Table:
    """`doc_id, input_sha256, outcome` and number of the rows of row groups, or of those between two ids."""
    ends = row_groups(path).ends
    table = opened(path).read_row_groups(groups.tolist(), columns=[*KEY, "outcome"])
    rows = np.concatenate([np.arange(ends[group], ends[group + 1]) for group in groups])
    table = table.append_column("row", pa.array(rows, pa.int64()))
    if between:
        ids = table["doc_id"]
        table = table.filter(pc.and_(pc.greater_equal(ids, between[0]), pc.less_equal(ids, between[1])))
    return table


def erase(root: Path, doc_ids: Set[str], progress: Callable[[int, int], None] = lambda *_: None) -> int:
    """Rewrites every part of every side-car, stale fingerprints included, without the rows of documents.

    Returns how many rows went. Parts take their places whole, so a crash in between is mended by doing it again.
    """
    erased = 0
    wanted = pa.array(sorted(doc_ids), pa.string())
    parts = sorted(root.glob("*@*/part-*.parquet"))
    for number, path in enumerate(parts, 1):
        ids = pq.read_table(path, columns=["doc_id"])["doc_id"]
        hit = pc.is_in(ids, value_set=wanted)
        if count := pc.sum(hit).as_py():
            with depot.writing(path) as temporary:
                names = [name for name in pq.read_schema(path).names if name != partfile.ROW_KEY]
                _write(temporary, pq.read_table(path, columns=names).filter(pc.invert(hit)))
            erased += count
        progress(number, len(parts))
    close_all()
    return erased


def prune(root: Path, current: Sequence[Stage[Any, Any]]) -> Iterator[Path]:
    """Removes side-cars of fingerprints that the pipeline no longer has; yields what it removed."""
    keep = {stage.label for stage in current}
    for folder in sorted(path for path in root.glob("*@*") if path.is_dir()):
        if folder.name not in keep:
            depot.forget(folder)
            shutil.rmtree(folder)
            yield folder
