"""Passages: a fixed share of all exact strings of 32 characters of a key, by which quotation and containment are found.

Of all windows of a key those are kept whose hash is below a bound, the same in every document. So two documents that
share a passage keep the same windows of it, wherever it stands, and the share of a document's windows that another one
has estimates how much of it is contained there.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numba import uint8, uint64
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.signature import buffers
from kobunko.distinct import distinct

WINDOW = 32  # characters
ONE_IN = 16  # windows of which one is kept
_BASE = 0x9E3779B97F4A7C15


def passages(keys: pa.Array) -> list[NDArray[np.uint64]]:
    """For every key the hashes of its kept windows, each once, in order; a shorter key has none."""
    return windows(keys, WINDOW, ONE_IN)


def windows(keys: pa.Array, width: int, one_in: int) -> list[NDArray[np.uint64]]:
    """Hashes of the strings of `width` characters of every key, of which one in so many is kept."""
    data, offsets = buffers(keys)
    kept = np.empty(int(offsets[-1] - offsets[0]) if len(keys) else 0, dtype=np.uint64)
    ends = np.zeros(len(offsets), dtype=np.int64)
    bound = np.uint64(((1 << 64) - 1) // one_in)
    _kept(data, offsets, width, _power(width), bound, kept, ends)
    return [distinct(kept[start:end]) for start, end in pairwise(ends)]


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, 1 << 64))


@inlined
def _mixed(value: Any) -> Any:
    value = uint64(value)
    value = (value ^ (value >> uint64(33))) * uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@compiled
def _kept(data: Any, offsets: Any, width: int, power: Any, bound: Any, kept: Any, ends: Any) -> None:
    """A rolling hash over characters, each mixed first so that neighbours in Unicode do not give similar hashes."""
    ring = np.zeros(width, np.uint64)
    end = 0
    for text in range(len(offsets) - 1):
        rolling, character, count = uint64(0), uint64(0), 0
        stop = offsets[text + 1]
        for place in range(offsets[text], stop):
            character = (character << uint64(8)) | uint64(data[place])
            if place + 1 < stop and (data[place + 1] & uint8(0xC0)) == uint8(0x80):
                continue
            new, slot = _mixed(character), count % width
            old = ring[slot] if count >= width else uint64(0)
            ring[slot] = new
            rolling = rolling * uint64(_BASE) + new - old * power
            character, count = uint64(0), count + 1
            hashed = _mixed(rolling)
            if count >= width and hashed <= bound:
                kept[end] = hashed
                end += 1
        ends[text + 1] = end
