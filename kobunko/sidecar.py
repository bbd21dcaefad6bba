"""Side-cars: what each stage wrote, in Parquet files of its own beside the documents, never changed afterwards.

A folder `stages/<name>@<fingerprint>/` holds `part-<first>-<last>.parquet`. Every append is a new part with the next
number; compaction writes one part that spans the numbers it replaces, and a part inside the span of another one does
not count. So readers need no manifest, and a crash between any two steps harms nothing. The newest row of a key
counts; a row whose outcome is `pending` says that the key is to be done again (that is how a retry is recorded).
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko import depot, durable
from kobunko.stage import KEY, Stage

PENDING = "pending"
GROUP_BYTES = 2_000_000  # of a row group: what one lookup reads, and what a footer has to list
MANY_PARTS = 32
TOGETHER = 2  # row groups that are read at once
SMALL = 16_000_000  # bytes of what was read last, for it to be kept
_FORMAT: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}  # `kobunko audit` reads the checksums
_PART = re.compile(r"part-(\d{8})-(\d{8})\.parquet$")


@dataclass(frozen=True, slots=True)
class PartFile:
    path: Path
    first: int
    last: int


def parts_of(folder: Path) -> list[PartFile]:
    """The parts that count, oldest first."""
    found = []
    for path in folder.glob("part-*.parquet"):
        if match := _PART.search(path.name):
            found.append(PartFile(path, int(match[1]), int(match[2])))
    found.sort(key=lambda part: (part.first, -part.last))
    kept: list[PartFile] = []
    for part in found:
        if not kept or part.last > kept[-1].last:
            kept.append(part)
    return kept


def keys_of(table: pa.Table) -> pa.ChunkedArray:
    """The key columns as one string per row."""
    return pc.binary_join_element_wise(table["doc_id"], table["input_sha256"], " ")


class SideCar:
    """Rows of one stage at one fingerprint; with `between` its index holds only documents from one id to another."""

    def __init__(self, root: Path, stage: Stage[Any, Any], between: tuple[str, str] | None = None) -> None:
        self.stage, self._between = stage, between
        self.folder = root / stage.label
        self._index: pa.Table | None = None
        self._last: dict[tuple[Path, tuple[str, ...]], tuple[int, pa.Table]] = {}  # row group that was read last

    def append(self, table: pa.Table) -> None:
        """Adds rows durably, sorted by key: when it returns they survive a power cut."""
        table = table.cast(self.stage.output_schema).sort_by([(name, "ascending") for name in KEY])
        written = False
        while not written:
            depot.fetch(self.folder)
            number = 1 + max((part.last for part in parts_of(self.folder)), default=0)
            with contextlib.suppress(FileExistsError):  # another host was first: the next number then
                with depot.writing(self._path(number, number), new=True) as temporary:
                    _write(table, temporary)
                written = True
        self.refresh()

    def refresh(self) -> None:
        """Has the index read again, for what other hosts have written."""
        self._index = None

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
            for number, part in enumerate(parts_of(self.folder)):
                table = _keys(part.path, self._between)
                places = {"part": np.full(table.num_rows, number, dtype=np.int32), "row": table["row"]}
                tables.append(pa.table({"key": keys_of(table), "outcome": table["outcome"], **places}))
            self._index = _newest(pa.concat_tables(tables)) if tables else _empty()
        return self._index

    def take(self, places: pa.Table, columns: Sequence[str]) -> pa.Table:
        """Columns of the rows at `places` (`part, row`, null where there is none), in that order, null where null."""
        schema = pa.schema([self.stage.output_schema.field(name).with_nullable(True) for name in columns])
        part, row = (places[name].combine_chunks() for name in ("part", "row"))
        pieces, total, order = [], 0, np.full(places.num_rows, -1, dtype=np.int64)
        for number, file in enumerate(parts_of(self.folder)):
            here = np.flatnonzero(pc.fill_null(pc.equal(part, number), False).to_numpy(zero_copy_only=False))
            if len(here):
                wanted = row.take(pa.array(here)).to_numpy()
                for table, local, some in self._read(file.path, wanted, tuple(columns)):
                    pieces.append(table.cast(schema))
                    order[here[some]] = total + local
                    total += table.num_rows
        if not pieces:
            return pa.table({f.name: pa.nulls(places.num_rows, f.type) for f in schema}, schema=schema)
        return pa.concat_tables(pieces).take(pa.array(order, mask=order < 0))

    def _read(self, path: Path, rows: Any, columns: tuple[str, ...]) -> Iterator[tuple[pa.Table, Any, Any]]:
        """Rows of a part by number: tables, where in them the rows are, and which of `rows` these are.

        A few row groups are read at a time, and kept whole where most of their rows are wanted.
        """
        file, ends, *_ = _open(path)
        wanted, places = np.unique(np.searchsorted(ends, rows, side="right") - 1, return_inverse=True)
        for start in range(0, len(wanted), TOGETHER):
            groups = wanted[start : start + TOGETHER]
            here = np.flatnonzero((places >= start) & (places < start + TOGETHER))
            starts = np.cumsum([0, *(ends[groups + 1] - ends[groups])])
            local = starts[places[here] - start] + rows[here] - ends[wanted[places[here]]]
            table = self._groups(file, path, groups, columns)
            if 2 * len(local) < table.num_rows:
                table, local = table.take(pa.array(local)), np.arange(len(local))
            yield table, local, here

    def _groups(self, file: pq.ParquetFile, path: Path, groups: Any, columns: tuple[str, ...]) -> pa.Table:
        """Row groups of a part. Readers in the order of ids begin where they ended: the last one is kept if small."""
        number, kept = self._last.pop((path, columns), (-1, None))
        begun = [kept] if number == groups[0] else []
        tables = begun
        if len(groups) > len(begun):
            missing = groups[len(begun) :].tolist()
            tables = [*begun, file.read_row_groups(missing, columns=list(columns), use_threads=False)]
        last = tables[-1]
        if last.nbytes < SMALL:
            size = file.metadata.row_group(int(groups[-1])).num_rows
            self._last[path, columns] = (groups[-1], last.slice(last.num_rows - size))
        return pa.concat_tables(tables)

    def compact(self) -> bool:
        """Merges many small parts into one sorted by key. True when it did."""
        old = parts_of(self.folder)
        if len(old) < MANY_PARTS:
            return False
        index = self.index().sort_by("key")
        path = self._path(old[0].first, old[-1].last)
        step = group_rows(sum(_bytes(part.path) for part in old), index.num_rows)
        with (
            depot.writing(path) as temporary,
            pq.ParquetWriter(temporary, self.stage.output_schema, **_FORMAT) as writer,
        ):
            for start in range(0, index.num_rows, step):
                rows = self.take(index.slice(start, step), self.stage.output_schema.names)
                writer.write_table(rows.cast(self.stage.output_schema))
        for part in old:
            depot.forget(part.path)
            durable.remove(part.path)
        self._index = None
        return True

    def _path(self, first: int, last: int) -> Path:
        return self.folder / f"part-{first:08d}-{last:08d}.parquet"


def _write(table: pa.Table, path: Path) -> None:
    size = group_rows(table.nbytes, table.num_rows)
    pq.write_table(table, path, row_group_size=size, **_FORMAT)


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


def _smallest_and_largest(metadata: pq.FileMetaData) -> list[Any]:
    column = metadata.schema.names.index("doc_id")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    found = [group.column(column).statistics if group.num_rows else None for group in groups]
    return [np.array([getattr(item, name, "") for item in found], dtype=object) for name in ("min", "max")]


def group_rows(size: int, rows: int) -> int:
    """How many rows a row group should have, where so many rows have that size in bytes."""
    return min(max(GROUP_BYTES * rows // max(size, 1), 16), 1024)


def _bytes(path: Path) -> int:
    metadata = _open(path)[0].metadata
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _keys(path: Path, between: tuple[str, str] | None) -> pa.Table:
    """`doc_id, input_sha256, outcome` and number of the rows of a part, or of those between two ids."""
    file, ends, smallest, largest = _open(path)
    groups = np.arange(file.num_row_groups)
    if between:
        groups = np.flatnonzero((smallest <= between[1]) & (largest >= between[0]))
    table = file.read_row_groups(groups.tolist(), columns=[*KEY, "outcome"])
    rows = np.concatenate([np.arange(0), *(np.arange(ends[group], ends[group + 1]) for group in groups)])
    table = table.append_column("row", pa.array(rows, pa.int64()))
    if between:
        ids = table["doc_id"]
        table = table.filter(pc.and_(pc.greater_equal(ids, between[0]), pc.less_equal(ids, between[1])))
    return table


@lru_cache(maxsize=MANY_PARTS * 8)
def _open(path: Path) -> tuple[pq.ParquetFile, Any, Any, Any]:
    """A part, where its row groups end, and the smallest and largest document id of each."""
    file = pq.ParquetFile(path)
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    return file, np.concatenate([[0], np.cumsum(sizes)]), *_smallest_and_largest(file.metadata)


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
                _write(pq.read_table(path).filter(pc.invert(hit)), temporary)
            erased += count
        progress(number, len(parts))
    _open.cache_clear()
    return erased


def prune(root: Path, current: Sequence[Stage[Any, Any]]) -> Iterator[Path]:
    """Removes side-cars of fingerprints that the pipeline no longer has; yields what it removed."""
    keep = {stage.label for stage in current}
    for folder in sorted(path for path in root.glob("*@*") if path.is_dir()):
        if folder.name not in keep:
            depot.forget(folder)
            shutil.rmtree(folder)
            yield folder
