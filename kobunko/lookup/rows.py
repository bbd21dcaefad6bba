"""What the stages wrote about one document, for readers beside a writer: a row by its key in half a millisecond.

Parts of a side-car are sorted by key, so of each only the row group that may hold the key is looked into; of small
parts, such as those of the last nights, it is known which documents they hold. Reading a column costs the same for one
row as for a thousand, so none is read whose only value in the row group stands in the footer. What is known of a part
goes with its file, because an erasure puts another one under the same name.
"""

import contextlib
import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.partfile import ROW_KEY, place_of
from kobunko.parts import parts_of
from kobunko.records import Document
from kobunko.sidecar import PENDING
from kobunko.stage import KEY, OK, Stage

_SMALL = 1 << 14  # rows of a part whose ids are all kept in memory
_TRIES = 4
_TICK_NS = 2_000_000_000  # within which a folder may change twice and show the same time, with room to spare

Row = dict[str, Any]


def results(
    root: Path, stages: Sequence[Stage[Any, Any]], document: Document, columns: Mapping[str, Sequence[str]]
) -> dict[str, Row]:
    """By stage how it ended with a document, and the `columns` of the stage; a leaf is named as Parquet names it.

    Stages that have no row for the document are left out. Where today's stage has yet to run, what it wrote the last
    time stands in: `stage` says which that was.
    """
    found: dict[str, Row] = {}
    for stage in stages:
        wanted = [*columns.get(stage.name, ()), *(name for other in stages for name in _asked_by(other, stage))]
        if (row := newest_row(root / stage.label, document, wanted)) is None and _due(stage, found):
            earlier = sorted(root.glob(f"{stage.name}@*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
            row = next(filter(None, (newest_row(folder, document, wanted) for folder in earlier)), None)
        if row is not None:
            found[stage.name] = row | {"version": stage.version if row["stage"] == stage.label else None}
    return found


def _asked_by(stage: Stage[Any, Any], other: Stage[Any, Any]) -> list[str]:
    """Columns of another stage that say whether this one has anything to do."""
    name, _, column = stage.where.partition(".")
    return [column] if name == other.name else []


def _due(stage: Stage[Any, Any], found: Mapping[str, Row]) -> bool:
    """Whether a stage has to have a row, as far as the stages before it tell."""
    name, _, column = stage.where.partition(".")
    if column and not found.get(name, {}).get(column):
        return False
    return all(found[before.name]["outcome"] == OK for before in stage.after if before.name in found)


def newest_row(folder: Path, document: Document, columns: Sequence[str]) -> Row | None:
    """Columns of a document's newest row in a side-car's folder, `outcome`, `detail` and `stage` always among them.

    None where there is no row, or it is to be done again.
    """
    wanted = list(dict.fromkeys(["outcome", "detail", "stage", *columns]))
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # a compaction has just put another part in its place
            return _newest(folder, document, wanted)
    return _newest(folder, document, wanted)


def _newest(folder: Path, document: Document, columns: list[str]) -> Row | None:
    for part in _parts(folder):
        if row := part.row(document, columns):
            return None if row["outcome"] == PENDING else row
    return None


def holds(path: Path, doc_id: str) -> bool:
    """Whether a Parquet file that is sorted by `doc_id` has a row of a document."""
    return _part(path, _identity(path.stat())).holds(doc_id)


class _Part:
    """A Parquet file that is sorted by `doc_id`, by what its footer says; it is opened anew for every read."""

    def __init__(self, path: Path, identity: tuple[int, int], alone: bool) -> None:
        """`alone` is not one of several files with a range of ids each."""
        self._path, self._identity = path, identity
        self._metadata = metadata = pq.read_metadata(path)
        self._places = {column.path: place for place, column in enumerate(metadata.schema)}
        self._listed = self._documents() if alone and metadata.num_rows <= _SMALL else None
        groups = range(metadata.num_row_groups if self._listed is None else 0)
        found = [metadata.row_group(group).column(self._places["doc_id"]).statistics for group in groups]
        self._smallest, self._largest = ([getattr(item, name, "") for item in found] for name in ("min", "max"))

    def row(self, document: Document, columns: Sequence[str]) -> Row | None:
        """Columns of the last row with a document's key."""
        if not (groups := self._groups(document.doc_id)):
            return None
        key = (document.doc_id, document.input_sha256)
        with self._opened() as file:
            for group in reversed(groups):
                if (place := self._place(file, group, key)) is not None:
                    known = dict(zip(KEY, key, strict=True)) | self._known(group, columns)
                    if not (missing := [name for name in columns if name not in known]):
                        return known
                    rest: list[Row] = self._read(file, group, missing).slice(place, 1).to_pylist()
                    return known | rest[0]
        return None

    def holds(self, doc_id: str) -> bool:
        """Whether any row is of a document."""
        if not (groups := self._groups(doc_id)):
            return False
        with self._opened() as file:
            return any(_has(self._read(file, group, ["doc_id"])["doc_id"], doc_id) for group in groups)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[pa.NativeFile]:
        with pa.OSFile(str(self._path)) as file:
            if _identity(os.fstat(file.fileno())) != self._identity:
                raise FileNotFoundError(self._path)
            yield file

    def _read(self, file: pa.NativeFile, group: int, columns: Sequence[str]) -> pa.Table:
        # Reading ahead would wake other threads for each column, which takes longer than the reading.
        parquet = pq.ParquetFile(file, metadata=self._metadata, pre_buffer=False)
        return parquet.read_row_group(group, columns=columns, use_threads=False)

    def _documents(self) -> dict[str, list[int]]:
        """In which row groups each document has rows."""
        found: dict[str, list[int]] = defaultdict(list)
        with self._opened() as file:
            for group in range(self._metadata.num_row_groups):
                for doc_id in dict.fromkeys(self._read(file, group, ["doc_id"])["doc_id"].to_pylist()):
                    found[doc_id].append(group)
        return dict(found)

    def _groups(self, doc_id: str) -> Sequence[int]:
        """The row groups that may hold the rows of a document."""
        if self._listed is not None:
            return self._listed.get(doc_id, ())
        first = end = bisect_left(self._largest, doc_id)
        while end < len(self._smallest) and self._smallest[end] <= doc_id:
            end += 1
        return range(first, end)

    def _place(self, file: pa.NativeFile, group: int, key: tuple[str, str]) -> int | None:
        """Which row of a row group has a key; the last one where several do."""
        if ROW_KEY in self._places:
            return place_of(file.fileno(), self._metadata.row_group(group).column(self._places[ROW_KEY]), key)
        table = self._read(file, group, KEY)
        same = [pc.equal(table[name], value) for name, value in zip(KEY, key, strict=True)]
        found = np.flatnonzero(pc.and_(*same).to_numpy(zero_copy_only=False))
        return int(found[-1]) if len(found) else None

    def _known(self, group: int, columns: Sequence[str]) -> Row:
        """Columns of text that have one value in all rows of a row group, with it."""
        facts = self._metadata.row_group(group)
        places = {name: self._places[name] for name in columns if name in self._places and "." not in name}
        found = {name: _only_value(facts.column(place).statistics) for name, place in places.items()}
        return {name: value for name, value in found.items() if value is not None}


def _has(column: pa.ChunkedArray, value: str) -> bool:
    """Whether a sorted column has a value; Arrow's own functions would load pandas, which takes a third of a second."""
    place = bisect_left(column, value, key=lambda item: item.as_py())
    return place < len(column) and column[place].as_py() == value


def _only_value(found: pq.Statistics | None) -> str | None:
    if found is None or found.null_count != 0 or found.min != found.max:
        return None
    return found.min if isinstance(found.min, str) else None


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_ino, facts.st_mtime_ns


@lru_cache(maxsize=1024)
def _part(path: Path, identity: tuple[int, int], alone: bool = True) -> _Part:
    return _Part(path, identity, alone)


_folders: dict[Path, tuple[int, list[_Part]]] = {}


def _parts(folder: Path) -> list[_Part]:
    """The parts of a side-car, newest first; they are listed again when the folder has changed."""
    try:
        changed = folder.stat().st_mtime_ns
    except FileNotFoundError:
        return []
    if (known := _folders.get(folder)) and known[0] == changed:
        return known[1]
    now = time.time_ns()
    files = reversed(parts_of(folder))
    parts = [_part(part.path, _identity(part.path.stat()), part.count == 1) for part in files]
    if now - changed > _TICK_NS:
        _folders[folder] = changed, parts
    return parts
