"""What the stages wrote about one document, for readers beside a writer: a row by its key in about a millisecond.

Parts of a side-car are sorted by key, so of each only the row group that may hold the key is read; of small parts,
such as those of the last nights, it is known which documents they hold. What is kept of a part goes with its
modification time, because an erasure puts another part under the same name.
"""

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.records import Document
from kobunko.sidecar import PENDING, parts_of
from kobunko.stage import KEY, OK, Stage

_SMALL = 1 << 14  # rows of a part whose ids are all kept in memory
_TRIES = 4

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
    wanted = list(dict.fromkeys([*KEY, "outcome", "detail", "stage", *columns]))
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # a compaction has just put another part in its place
            return _newest(folder, document, wanted)
    return _newest(folder, document, wanted)


def _newest(folder: Path, document: Document, columns: list[str]) -> Row | None:
    for part in reversed(parts_of(folder)):
        contents = _contents(part.path, part.path.stat().st_mtime_ns)
        if not (groups := contents.groups(document.doc_id)):
            continue
        with pq.ParquetFile(part.path, metadata=contents.metadata) as file:
            table = file.read_row_groups(groups, columns=columns, use_threads=False)
        same = [pc.equal(table[name], getattr(document, name)) for name in KEY]
        places = np.flatnonzero(pc.and_(*same).to_numpy(zero_copy_only=False))
        if len(places):
            found: Row = table.slice(int(places[-1]), 1).to_pylist()[0]
            return None if found["outcome"] == PENDING else found
    return None


def holds(path: Path, doc_id: str) -> bool:
    """Whether a Parquet file that is sorted by `doc_id` has a row of a document."""
    contents = _contents(path, path.stat().st_mtime_ns)
    with pq.ParquetFile(path, metadata=contents.metadata) as file:
        table = file.read_row_groups(contents.groups(doc_id), columns=["doc_id"], use_threads=False)
    return bool(pc.any(pc.equal(table["doc_id"], doc_id)).as_py())


class _Contents:
    """Which row groups of a part may hold the rows of a document."""

    def __init__(self, path: Path) -> None:
        with pq.ParquetFile(path) as file:
            self.metadata = file.metadata
            self._listed = _listed(file) if self.metadata.num_rows <= _SMALL else None
        column = self.metadata.schema.names.index("doc_id")
        numbers = range(self.metadata.num_row_groups)
        found = [self.metadata.row_group(number).column(column).statistics for number in numbers]
        self._smallest, self._largest = (np.array([getattr(item, name) for item in found]) for name in ("min", "max"))

    def groups(self, doc_id: str) -> list[int]:
        if self._listed is not None:
            return self._listed.get(doc_id, [])
        found: list[int] = np.flatnonzero((self._smallest <= doc_id) & (self._largest >= doc_id)).tolist()
        return found


def _listed(file: pq.ParquetFile) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number in range(file.num_row_groups):
        for doc_id in dict.fromkeys(file.read_row_group(number, columns=["doc_id"])["doc_id"].to_pylist()):
            found[doc_id].append(number)
    return dict(found)


@lru_cache(maxsize=1024)
def _contents(path: Path, changed: int) -> _Contents:  # noqa: ARG001  the time is part of the key
    return _Contents(path)
