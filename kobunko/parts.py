"""The files of a side-car: how they are named, which of them count, and what their footers say.

A part is one file, or several with a range of keys each where one footer would become long: a footer lists every
column of every row group, about a kilobyte of memory for each, and to read a single row it has to be there whole.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

GROUPS = 128  # row groups of a file that is one of several
CHUNKS = 64_000  # columns of row groups in the footers that are kept
FEWEST = 16  # files that are kept open, whatever their footers
_NAME = re.compile(r"part-(\d{8})-(\d{8})(?:-(\d{5})-of-(\d{5}))?\.parquet$")


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part with the numbers of the appends that are in it, or one of its files."""

    path: Path
    first: int
    last: int
    number: int = 0
    count: int = 1


def part_path(folder: Path, first: int, last: int, number: int = 0, count: int = 1) -> Path:
    several = f"-{number:05d}-of-{count:05d}" if count > 1 else ""
    return folder / f"part-{first:08d}-{last:08d}{several}.parquet"


def every_part(folder: Path) -> list[PartFile]:
    """All files of parts, also those that do not count, by the appends in them, the longer ones first."""
    found = []
    for path in folder.glob("part-*.parquet"):
        if match := _NAME.search(path.name):
            found.append(PartFile(path, int(match[1]), int(match[2]), int(match[3] or 0), int(match[4] or 1)))
    return sorted(found, key=lambda part: (part.first, -part.last, part.count, part.number))


def parts_of(folder: Path) -> list[PartFile]:
    """The files that count, oldest first: of every part that has all its files and is not inside another one."""
    kept: list[PartFile] = []
    for (_, last, count), files in groupby(every_part(folder), key=lambda part: (part.first, part.last, part.count)):
        whole = list(files)
        if len(whole) == count and (not kept or last > kept[-1].last):
            kept += whole
    return kept


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Where the row groups of a file end, with a 0 before them, and the smallest and largest document id of each."""

    ends: NDArray[np.int64]
    smallest: NDArray[np.object_]
    largest: NDArray[np.object_]


@lru_cache(maxsize=1 << 14)
def row_groups(path: Path) -> RowGroups:
    metadata = opened(path).metadata
    column = metadata.schema.names.index("doc_id")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    ends = np.cumsum([0, *(group.num_rows for group in groups)])
    found = [group.column(column).statistics if group.num_rows else None for group in groups]
    ids = [np.array([getattr(item, name, "") for item in found], dtype=object) for name in ("min", "max")]
    return RowGroups(ends, *ids)


_open: "OrderedDict[Path, tuple[pq.ParquetFile, int]]" = OrderedDict()
_lock = threading.Lock()


def opened(path: Path) -> pq.ParquetFile:
    """A file that stays open as long as others were not read after it whose footers take too much memory."""
    with _lock:
        if path in _open:
            _open.move_to_end(path)
            return _open[path][0]
    file: Any = pq.ParquetFile(path, pre_buffer=False)  # with it no two threads could read
    with _lock:
        _open[path] = file, file.metadata.num_row_groups * file.metadata.num_columns
        while len(_open) > FEWEST and sum(chunks for _, chunks in _open.values()) > CHUNKS:
            _open.popitem(last=False)
    return file


def close_all() -> None:
    """Forgets what is known of files: others may have taken their names."""
    with _lock:
        _open.clear()
    row_groups.cache_clear()
