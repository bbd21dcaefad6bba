"""Families over partitions: the answer of `bands.families`, by tasks that any executor runs, a Ray cluster among them.

A task of the first kind sorts the band keys of a partition of documents into a file; one of the second kind takes a
range of the keys of a band from all of these files, compares what shares a key, and returns what it joined. Both are
rows of a stage. Signatures and files lie in a folder that all machines see under the same path; what travels beside
that are pairs of documents, at most one for each document of a task, and those that the texts have to decide.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko.dedup.bands import (
    BANDS,
    THRESHOLD,
    Jaccard,
    Labels,
    band_keys,
    chains,
    connect,
    join_equal,
    labels_of,
    limits,
    settle,
)
from kobunko.executors import Executor
from kobunko.stage import OK, Stage, arrow_schema_of_input

PART = 1_000_000  # documents


@dataclass(frozen=True, slots=True)
class Part:
    """Documents `first` to `last` of a matrix of signatures in the file `signatures` (as NumPy saves it)."""

    signatures: str
    first: int
    last: int
    keys: str


@dataclass(frozen=True, slots=True)
class Spread:
    documents: int


@dataclass(frozen=True, slots=True)
class Shard:
    """The range `number` of `ranges` of the keys of a band, in the files `keys`."""

    signatures: str
    keys: list[str]
    band: int
    number: int
    ranges: int
    sure: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of documents as int64: those that belong together, and those that the texts decide."""

    joined: bytes
    doubtful: bytes


def families_of_parts(
    signatures: Path,
    folder: Path,
    compute: Executor,
    threshold: float = THRESHOLD,
    jaccard: Jaccard | None = None,
    *,
    part: int = PART,
    ranges: int = 1,
) -> Labels:
    """For every signature the smallest row of its family; `folder` holds files of keys, 256 bytes a document."""
    count, permutations = np.load(signatures, mmap_mode="r").shape
    starts = range(0, count, part)
    keys = [str(folder / f"keys-{number:05}") for number in range(len(starts))]
    parts = [
        {"signatures": str(signatures), "first": first, "last": min(first + part, count), "keys": name}
        for first, name in zip(starts, keys, strict=True)
    ]
    for _ in _done(compute, _spreading(), parts):
        pass
    sure, unsure = limits(permutations, threshold, jaccard is not None)
    of_all = {"signatures": str(signatures), "keys": keys, "ranges": ranges, "sure": sure, "unsure": unsure}
    shards = [of_all | {"band": band, "number": number} for band in range(BANDS) for number in range(ranges)]
    parent = np.arange(count, dtype=np.int64)
    doubtful: set[tuple[int, int]] = set()
    for found in _done(compute, _pairing(), shards if count else []):
        settle(parent, map(tuple, _pairs(found["joined"]).tolist()), None, threshold)
        doubtful.update(map(tuple, _pairs(found["doubtful"]).tolist()))
    settle(parent, sorted(doubtful), jaccard, threshold)
    return labels_of(parent)


def _pairs(data: bytes) -> NDArray[np.int64]:
    return np.frombuffer(data, np.int64).reshape(-1, 2)


def _done(compute: Executor, stage: Stage[Any, Any], tasks: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """What became of tasks. One that failed is an error: without it the answer would be wrong."""
    key = {"input_sha256": "0"}
    schema = pa.schema([(name, pa.string()) for name in ("doc_id", "input_sha256")])
    schema = pa.unify_schemas([schema, arrow_schema_of_input(stage.reads)])
    rows = [key | {"doc_id": f"{stage.name} {number}"} | task for number, task in enumerate(tasks)]
    for output in compute.map(stage, (pa.Table.from_pylist([row], schema) for row in rows)):
        for row in output.to_pylist():
            if row["outcome"] != OK:
                raise RuntimeError(f"the task {row['doc_id']} failed: {row['outcome']} {row['detail']}")
            yield row


def _spreading() -> Stage[Part, Spread]:
    return Stage(name="band-keys", version=1, make=_spreader, reads=Part, writes=Spread)


def _spreader() -> Any:
    return _spread


def _spread(part: Part) -> Spread:
    """Writes the keys of every band in order, and behind them the rows that they belong to."""
    matrix = np.load(part.signatures, mmap_mode="r")[part.first : part.last]
    with Path(part.keys).open("wb") as file:
        for band in range(BANDS):
            keys = band_keys(matrix, band)
            order = np.argsort(keys, kind="stable")
            keys[order].tofile(file)
            (order + part.first).astype(np.uint64).tofile(file)
    return Spread(len(matrix))


def _pairing() -> Stage[Shard, Pairs]:
    return Stage(name="band-pairs", version=1, make=_pairer, reads=Shard, writes=Pairs)


def _pairer() -> Any:
    return _pair


def _pair(shard: Shard) -> Pairs:
    """Compares the documents that share a key of a range, as `bands.families` does those of a band."""
    keys, rows = (np.concatenate(parts) for parts in zip(*(_slice(shard, name) for name in shard.keys), strict=True))
    order = np.lexsort([rows, keys])
    keys, rows = keys[order], rows[order].astype(np.int64)
    same = keys[1:] == keys[:-1]
    shared = np.append(same, False) | np.append(False, same)[: len(keys)]
    keys, rows = keys[shared], rows[shared]
    signatures = np.ascontiguousarray(np.load(shard.signatures, mmap_mode="r")[rows])
    parent = np.arange(len(rows), dtype=np.int64)
    once = join_equal(signatures, parent)
    doubts = connect(signatures, chains(keys, once), parent, shard.sure, shard.unsure)
    roots = labels_of(parent)
    joined = np.stack([rows[roots], rows], axis=1)[roots != np.arange(len(rows))]
    return Pairs(joined.tobytes(), rows[doubts].tobytes())


def _slice(shard: Shard, name: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    file = np.memmap(name, np.uint64, "r").reshape(BANDS, 2, -1)
    keys, rows = file[shard.band]
    bounds = [(number << 64) // shard.ranges for number in (shard.number, shard.number + 1)]
    first = np.searchsorted(keys, np.uint64(bounds[0]))
    last = len(keys) if bounds[1] >> 64 else np.searchsorted(keys, np.uint64(bounds[1]))
    return keys[first:last], rows[first:last]
