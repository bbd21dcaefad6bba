"""Families: documents connected by near-identical signatures, found by bands and a union-find, compiled by numba.

Two documents are a pair when a band of their signatures is equal and the whole signatures agree in enough places. What
pairs connect is a family. All pairs of a bucket are looked at, but for those that are connected already; so a family
depends on nothing but the signatures: not on their order, and not on how the work was divided.

Memory is about 20 bytes per document beside the signatures, which may be a memory-mapped file.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numba import uint32, uint64
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.signature import Signatures

THRESHOLD = 0.8  # Jaccard similarity of the sets of shingles
BANDS, ROWS = 16, 8  # a pair at the threshold shares a band with probability 0.95, one at 0.9 with 0.9999
MARGIN = 0.1  # around the threshold in which an estimate may err (three standard errors), so that texts are compared

Labels = NDArray[np.int64]
Jaccard = Callable[[int, int], float]


def families(signatures: Signatures, threshold: float = THRESHOLD, jaccard: Jaccard | None = None) -> Labels:
    """For every signature the smallest row of its family.

    `jaccard(i, j)` gives the real similarity of two texts; it is asked where the estimate is within `MARGIN` of the
    threshold. Without it the estimate decides.
    """
    parent = np.arange(len(signatures), dtype=np.int64)
    sure, unsure = limits(signatures.shape[1], threshold, jaccard is not None)
    doubtful: set[tuple[int, int]] = set()
    once = join_equal(signatures, parent)
    for band in range(BANDS):
        doubts = connect(signatures, chains(band_keys(signatures, band), once), parent, sure, unsure)
        doubtful.update(map(tuple, doubts.tolist()))
    settle(parent, sorted(doubtful), jaccard, threshold)
    return labels_of(parent)


def settle(parent: Labels, pairs: Iterable[tuple[int, int]], jaccard: Jaccard | None, threshold: float) -> None:
    """Joins pairs whose texts are similar enough; all of them where there are no texts to look at."""
    for one, other in pairs:
        if _root(parent, one) != _root(parent, other) and (jaccard is None or jaccard(one, other) >= threshold):
            _join(parent, one, other)


def limits(permutations: int, threshold: float, by_text: bool) -> tuple[int, int]:
    """Places that have to agree for a pair to be sure, and to be worth a look at the texts."""
    sure = int(np.ceil(round((min(1.0, threshold + MARGIN) if by_text else threshold) * permutations, 6)))
    unsure = int(np.ceil(round((threshold - MARGIN) * permutations, 6))) if by_text else sure
    return sure, max(unsure, 1)


def band_keys(signatures: Signatures, band: int) -> NDArray[np.uint64]:
    """One number per signature that is equal where the rows of a band are; two bands never share one by design."""
    keys = np.empty(len(signatures), dtype=np.uint64)
    _band_keys(signatures, band * ROWS, ROWS, keys)
    return keys


def agreement(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    """In how many places two signatures agree."""
    return int(np.count_nonzero(one == other))


@compiled
def _band_keys(signatures: Any, first: int, rows: int, keys: Any) -> None:
    for document in range(len(signatures)):
        key = uint64(0x9E3779B97F4A7C15) ^ uint64(first)
        for row in range(first, first + rows):
            key = (key ^ uint64(signatures[document, row])) * uint64(0xFF51AFD7ED558CCD)
            key ^= key >> uint64(32)
        keys[document] = key


@compiled
def chains(keys: Any, once: Any) -> Any:
    """For every document the one before it with the same key, or -1; only those that are marked `once`."""
    slots = 64
    while slots < 2 * len(keys):
        slots *= 2
    mask = uint64(slots - 1)
    last, before = np.full(slots, -1, np.int32), np.full(len(keys), -1, np.int32)
    for document in range(len(keys)):
        if not once[document]:
            continue
        place = keys[document] & mask
        while last[place] >= 0 and keys[last[place]] != keys[document]:
            place = (place + uint64(1)) & mask
        before[document] = last[place]
        last[place] = document
    return before


@inlined
def _root(parent: Any, row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@inlined
def _join(parent: Any, one: int, other: int) -> None:
    """Connects two families; the smaller row stands for both."""
    one, other = _root(parent, one), _root(parent, other)
    if one < other:
        parent[other] = one
    else:
        parent[one] = other


@inlined
def _agreement(signatures: Any, one: int, other: int) -> int:
    same = uint32(0)
    for row in range(signatures.shape[1]):
        same += uint32(signatures[one, row] == signatures[other, row])
    return int(same)


@compiled
def labels_of(parent: Any) -> Any:
    """For every row the smallest one of its family."""
    labels = np.empty(len(parent), np.int64)
    for row in range(len(parent)):
        labels[row] = _root(parent, row)
    return labels


def join_equal(signatures: Signatures, parent: Labels) -> NDArray[np.bool_]:
    """Joins equal signatures, and marks the first of each: the others would only make buckets long."""
    keys, once = np.empty(len(signatures), dtype=np.uint64), np.ones(len(signatures), dtype=np.bool_)
    _band_keys(signatures, 0, signatures.shape[1], keys)
    _mark(signatures, chains(keys, once), parent, once)
    return once


@compiled
def _mark(signatures: Any, chain: Any, parent: Any, once: Any) -> None:
    for document in range(len(chain)):
        other = chain[document]
        while other >= 0 and (not once[other] or _agreement(signatures, document, other) < signatures.shape[1]):
            other = chain[other] if once[other] else parent[other]
        if other >= 0:
            parent[document], once[document] = other, False


@compiled
def _scan(signatures: Any, chain: Any, parent: Any, sure: int, unsure: int, doubts: Any, at: Any) -> int:
    """Looks at the pairs of all buckets from `at` on, until done or `doubts` is full; returns how many are in it."""
    document, other, count = at[0], at[1], 0
    while document < len(chain):
        while other >= 0:
            if count == len(doubts):
                at[0], at[1] = document, other
                return count
            if _root(parent, document) != _root(parent, other):
                same = _agreement(signatures, document, other)
                if same >= sure:
                    _join(parent, document, other)
                elif same >= unsure:
                    doubts[count, 0], doubts[count, 1] = other, document
                    count += 1
            other = chain[other]
        document += 1
        other = chain[document] if document < len(chain) else -1
    at[0], at[1] = document, -1
    return count


def connect(signatures: Signatures, chain: Any, parent: Labels, sure: int, unsure: int) -> NDArray[np.int64]:
    """Joins the sure pairs of a band, and returns the doubtful ones as rows of two."""
    room = np.empty((1024, 2), np.int64)
    at, found = np.array([0, chain[0] if len(chain) else -1], dtype=np.int64), [room[:0]]
    while at[0] < len(chain):
        count = _scan(signatures, chain, parent, sure, unsure, room, at)
        found.append(room[:count].copy())
    return np.concatenate(found)
