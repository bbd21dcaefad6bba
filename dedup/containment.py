"""Containment: documents whose passages stand, nearly all of them, in a longer document.

Passages that very many documents have are boilerplate and prove nothing. The work is done in ranges of passage
hashes, so that memory is bounded by the pairs that are found and not by the passages.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARE = 0.9  # of a document's passages that must stand in the other one
COMMON = 32  # documents; a passage that more of them have is boilerplate
ENOUGH = 8  # passages, not boilerplate, that a document must have for a share to mean something
RANGES = 16

Passages = NDArray[np.uint64]  # of one document, each once


def containments(passages: Sequence[Passages]) -> list[tuple[int, int, float]]:
    """`(inner, outer, share)` of positions where `share` ≥ `SHARE` and the outer one has more passages."""
    own: NDArray[np.int64] = np.zeros(len(passages), dtype=np.int64)
    shared: Counter[int] = Counter()
    for part in range(RANGES):
        hashes, documents = _range(passages, part)
        if not len(hashes):
            continue
        starts = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        sizes = np.diff(np.append(starts, len(hashes)))
        own += np.bincount(documents[np.repeat(sizes <= COMMON, sizes)], minlength=len(passages))
        pairs, counts = np.unique(_pairs(documents, starts, sizes, len(passages)), return_counts=True)
        shared.update(dict(zip(pairs.tolist(), counts.tolist(), strict=True)))
    return sorted(_decided(shared, own))


def _pairs(documents: NDArray[np.int64], starts: Any, sizes: Any, count: int) -> NDArray[np.int64]:
    """Every two documents that have a passage in common, once for each, as `one · count + other`."""
    found = [np.empty(0, np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= COMMON)]).tolist():
        rows = documents[starts[sizes == size][:, None] + np.arange(size)]
        one, other = np.triu_indices(size, 1)
        found.append((rows[:, one] * count + rows[:, other]).ravel())
    return np.concatenate(found)


def _range(passages: Sequence[Passages], part: int) -> tuple[Passages, NDArray[np.int64]]:
    """Passages of one range of hashes with their documents, sorted by hash and document."""
    # Kept passages are small numbers, so the range is taken from their low bits.
    kept = [found[found % RANGES == part] for found in passages]
    hashes = np.concatenate(kept) if kept else np.empty(0, np.uint64)
    documents = np.repeat(np.arange(len(kept)), np.array([len(found) for found in kept], dtype=np.int64))
    order = np.argsort(hashes, kind="stable")
    return hashes[order], documents[order]


def _decided(shared: Counter[int], own: NDArray[np.int64]) -> list[tuple[int, int, float]]:
    found = []
    for pair, count in shared.items():
        one, other = divmod(pair, len(own))
        inner, outer = (one, other) if own[one] < own[other] else (other, one)
        if own[inner] < own[outer] and own[inner] >= ENOUGH and count >= SHARE * own[inner]:
            found.append((inner, outer, float(count / own[inner])))
    return found
