"""Containment: documents whose passages stand, nearly all of them, in a longer document.

Passages that very many documents have are boilerplate and prove nothing. All passages together do not fit into memory:
they are put into files by ranges of their hashes, and the ranges are gone through one by one. What is held is one
range, and a number for every pair of documents that share a passage.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

SHARE = 0.9  # of a document's passages that must stand in the other one
COMMON = 32  # documents; a passage that more of them have is boilerplate
ENOUGH = 8  # passages, not boilerplate, that a document must have for a share to mean something
RANGES = 64
KEPT = np.dtype([("hash", "<u8"), ("document", "<u4")])

Passages = NDArray[np.uint64]  # of one document, each once
Counted = tuple[NDArray[np.int64], NDArray[np.int64]]  # pairs of documents as `one · count + other`; passages in common


def containments(parts: Iterable[Sequence[Passages]], count: int) -> list[tuple[int, int, float]]:
    """`(inner, outer, share)` of documents where `share` ≥ `SHARE` and the outer one has more passages.

    `parts` are the passages of all `count` documents, some thousands of documents at a time.
    """
    own: NDArray[np.int64] = np.zeros(count, dtype=np.int64)
    shared: Counted = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    for passages in _ranges(parts):
        starts = np.flatnonzero(np.append(True, passages["hash"][1:] != passages["hash"][:-1]))
        sizes = np.diff(np.append(starts, len(passages)))
        documents = passages["document"].astype(np.int64)
        own += np.bincount(documents[np.repeat(sizes <= COMMON, sizes)], minlength=count)
        shared = _added(shared, np.unique(_pairs(documents, starts, sizes, count), return_counts=True))
    return sorted(_decided(shared, own))


def _ranges(parts: Iterable[Sequence[Passages]]) -> Iterator[NDArray[Any]]:
    """All passages with their documents, a range of hashes at a time, sorted by hash and document."""
    with ExitStack() as stack:
        files: list[IO[bytes]] = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(RANGES)]
        first = 0
        for part in parts:
            sizes = [len(found) for found in part]
            kept = np.empty(sum(sizes), KEPT)
            kept["hash"] = np.concatenate([np.zeros(0, np.uint64), *part])
            kept["document"] = np.repeat(np.arange(first, first + len(part)), sizes)
            for number, file in enumerate(files):  # kept passages are small numbers: the low bits tell them apart
                file.write(kept[kept["hash"] % RANGES == number].tobytes())
            first += len(part)
        for file in files:
            file.seek(0)
            passages = np.frombuffer(file.read(), KEPT)
            if len(passages):
                yield passages[np.argsort(passages["hash"], kind="stable")]


def _added(one: Counted, other: Counted) -> Counted:
    pairs, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    counts = np.bincount(place, weights=np.concatenate([one[1], other[1]]), minlength=len(pairs))
    return pairs, counts.astype(np.int64)


def _pairs(documents: NDArray[np.int64], starts: Any, sizes: Any, count: int) -> NDArray[np.int64]:
    """Every two documents that have a passage in common, once for each, as `one · count + other`."""
    found = [np.empty(0, np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= COMMON)]).tolist():
        rows = documents[starts[sizes == size][:, None] + np.arange(size)]
        one, other = np.triu_indices(size, 1)
        found.append((rows[:, one] * count + rows[:, other]).ravel())
    return np.concatenate(found)


def _decided(shared: Counted, own: NDArray[np.int64]) -> Iterator[tuple[int, int, float]]:
    one, other = np.divmod(shared[0], max(len(own), 1))
    smaller = own[one] < own[other]
    inner, outer = np.where(smaller, one, other), np.where(smaller, other, one)
    held = (own[inner] < own[outer]) & (own[inner] >= ENOUGH) & (shared[1] >= SHARE * own[inner])
    for place in np.flatnonzero(held).tolist():
        yield int(inner[place]), int(outer[place]), float(shared[1][place] / own[inner[place]])
