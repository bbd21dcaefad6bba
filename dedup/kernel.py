"""The CPU kernel: UTF-8 text → shingles → SHA-1 → affine permutations → minima.

It reads the bytes of an Arrow string array where they lie and makes no Python object per document or shingle. A block
of shingles goes through all steps before the next one, so that what one step hands to the next stays in the
first-level cache. Shingles that come again are hashed again: to remember them costs more than the hash.

Inside the loop over shingles no function is called with an array, and no array is assigned: numba would count
references there, with atomic instructions that took two thirds of the time.
"""

from typing import Any

import numpy as np
from numba import uint8, uint32, uint64
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.sha1 import LANES, SHORT, load_big_endian, sha1, sha1_lanes

BLOCK = 512  # shingles
_TOGETHER = 4  # hashes that are permuted together, so that a minimum is loaded and stored once for them


def _tables() -> tuple[NDArray[np.uint64], ...]:
    """By length in bytes: which bits of two words belong to a message, and the bit that ends it."""
    whole = [((1 << 128) - (1 << (128 - 8 * length)), 1 << (127 - 8 * length)) for length in range(SHORT + 1)]
    columns = [[value >> 64 for value, _ in whole], [value & ((1 << 64) - 1) for value, _ in whole]]
    columns += [[end >> 64 for _, end in whole], [end & ((1 << 64) - 1) for _, end in whole]]
    return tuple(np.array(column, dtype=np.uint64) for column in columns)


_MASK_HIGH, _MASK_LOW, _END_HIGH, _END_LOW = _tables()


@inlined
def mix(h: Any) -> Any:
    """The finaliser of MurmurHash3, which datasketch applies before its permutations."""
    h = uint32(h)
    h = uint32((h ^ (h >> uint32(16))) * uint32(0x85EBCA6B))
    h = uint32((h ^ (h >> uint32(13))) * uint32(0xC2B2AE35))
    return uint32(h ^ (h >> uint32(16)))


@inlined
def swapped(h: Any) -> Any:
    """A 32-bit word with its bytes in the other order."""
    h = uint32(h)
    pair = uint32(((h & uint32(0x00FF00FF)) << uint32(8)) | ((h >> uint32(8)) & uint32(0x00FF00FF)))
    return uint32(uint32(pair << uint32(16)) | uint32(pair >> uint32(16)))


@inlined
def permuted(factor: Any, h: Any, term: Any) -> Any:
    return uint32(uint32(factor * h) + term)


@compiled
def lower(hashes: Any, count: int, a: Any, b: Any, minima: Any) -> None:
    """Brings `count` first words of SHA-1 into the minima of a document; up to three places behind are written to."""
    for i in range(count):
        hashes[i] = mix(swapped(hashes[i]))
    for i in range(count, -(-count // _TOGETHER) * _TOGETHER):
        hashes[i] = hashes[count - 1]
    for i in range(0, count, _TOGETHER):
        first, second, third, fourth = hashes[i], hashes[i + 1], hashes[i + 2], hashes[i + 3]
        for k in range(len(a)):
            one = min(permuted(a[k], first, b[k]), permuted(a[k], second, b[k]))
            other = min(permuted(a[k], third, b[k]), permuted(a[k], fourth, b[k]))
            minima[k] = min(minima[k], min(one, other))


@compiled
def _last_bytes(data: Any, start: int, length: int) -> Any:
    """Up to 16 bytes at the end of the data as two big-endian words."""
    high, low = uint64(0), uint64(0)
    for place in range(min(length, 8)):
        high |= uint64(data[start + place]) << uint64(56 - 8 * place)
    for place in range(8, length):
        low |= uint64(data[start + place]) << uint64(120 - 8 * place)
    return high, low


@compiled
def _room() -> Any:
    """What signing needs beside the text, made once for many: messages, hashes, state and schedule of SHA-1."""
    return np.zeros(3 * BLOCK, np.uint64), np.zeros(BLOCK, np.uint32), np.empty(5, np.uint32), np.empty(80, np.uint32)


@compiled
def _add(data: Any, starts: Any, ends: Any, a: Any, b: Any, minima: Any, room: Any) -> None:
    """Adds at most `BLOCK` byte strings `data[starts[i]:ends[i]]` to the set that is signed."""
    messages, hashes, state, schedule = room
    count = uint64(0)  # unsigned, because an index that may be negative costs a comparison
    for i in range(len(starts)):
        start = starts[i]
        length = uint64(ends[i] - start)
        if length > uint64(SHORT):
            sha1(data, start, ends[i], state, schedule)
            lower(state, 1, a, b, minima)
            continue
        if start + 16 <= len(data):
            high, low = load_big_endian(data, start), load_big_endian(data, start + 8)
        else:
            high, low = _last_bytes(data, start, length)
        messages[count] = (high & _MASK_HIGH[length]) | _END_HIGH[length]
        messages[uint64(BLOCK) + count] = (low & _MASK_LOW[length]) | _END_LOW[length]
        messages[uint64(2 * BLOCK) + count] = uint64(8) * length
        count += uint64(1)
    for first in range(
        0, np.int64(count), LANES
    ):  # beyond `count` the lanes hold old messages, whose hashes nobody reads
        sha1_lanes(messages, hashes, first, BLOCK)
    lower(hashes, np.int64(count), a, b, minima)


@compiled
def _edges(data: Any, place: int, end: int, edges: Any, known: int) -> Any:
    """Notes where characters of UTF-8 text begin, until the text or the room ends; returns where it stands."""
    while place < end and known < len(edges):
        edges[known] = place
        known += (data[place] & uint8(0xC0)) != uint8(0x80)
        place += 1
    return place, known


@compiled
def sign_spans(data: Any, starts: Any, ends: Any, bounds: Any, a: Any, b: Any, signatures: Any) -> None:
    """Signs, for every text, the set of byte strings `data[starts[i]:ends[i]]` with `bounds[text] ≤ i <
    bounds[text + 1]`."""
    room = _room()
    for text in range(len(bounds) - 1):
        for first in range(bounds[text], bounds[text + 1], BLOCK):
            last = min(first + BLOCK, bounds[text + 1])
            _add(data, starts[first:last], ends[first:last], a, b, signatures[text], room)


@compiled
def sign_texts(data: Any, offsets: Any, width: int, a: Any, b: Any, signatures: Any) -> None:
    """Signs the sets of `width` characters in a row of every text `data[offsets[i]:offsets[i + 1]]`.

    A shorter text is its own only shingle; one without characters has the signature of the empty set.
    """
    room = _room()
    edges = np.empty(BLOCK + width, np.int64)  # of a piece of the text
    for text in range(len(offsets) - 1):
        place, known = _edges(data, offsets[text], offsets[text + 1], edges, 0)
        while known == len(edges):
            _add(data, edges[:BLOCK], edges[width : width + BLOCK], a, b, signatures[text], room)
            edges[:width] = edges[BLOCK:]
            place, known = _edges(data, place, offsets[text + 1], edges, width)
        edges[known] = offsets[text + 1]
        reach = min(width, known)
        if reach:
            _add(data, edges[: known + 1 - reach], edges[reach : known + 1], a, b, signatures[text], room)
