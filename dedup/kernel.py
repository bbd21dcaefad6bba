"""The CPU kernel: UTF-8 text → shingles → SHA-1 → affine permutations → minima.

It reads the bytes of an Arrow string array where they lie and makes no Python object per document or shingle. Two
thirds of the shingles of official texts come again; those that are still remembered are left out before they are
hashed, which changes no minimum. (An array that is assigned anew inside a loop would cost two atomic instructions in
every turn, so the functions with the hot loops assign none.)
"""

from typing import Any

import numpy as np
from numba import uint8, uint32, uint64
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.sha1 import LANES, SHORT, load_big_endian, sha1, sha1_lanes

BLOCK = 2048  # shingles hashed at a time: what one step hands to the next stays in the first-level cache
REMEMBERED = 12  # bits: so many shingles are remembered, in 64 KiB, to leave out those that come again


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


@compiled
def lower(hashes: Any, count: int, a: Any, b: Any, minima: Any) -> None:
    """Brings some first words of SHA-1 into the minima of a document."""
    for i in range(count):
        hashes[i] = mix(swapped(hashes[i]))
    for k in range(len(a)):
        factor, term, least = a[k], b[k], minima[k]
        for i in range(count):
            least = min(least, uint32(uint32(factor * hashes[i]) + term))
        minima[k] = least


@inlined
def _key(data: Any, start: int, length: int) -> Any:
    """Bytes of a short shingle as two big-endian words, ended by the bit 1."""
    if start + 16 <= len(data):
        high, low = load_big_endian(data, start), load_big_endian(data, start + 8)
    else:
        high, low = uint64(0), uint64(0)
        for place in range(min(length, 8)):
            high |= uint64(data[start + place]) << uint64(56 - 8 * place)
        for place in range(8, length):
            low |= uint64(data[start + place]) << uint64(120 - 8 * place)
    return (high & _MASK_HIGH[length]) | _END_HIGH[length], (low & _MASK_LOW[length]) | _END_LOW[length]


@inlined
def _place(high: Any, low: Any) -> Any:
    """Where a key is remembered: a later one may take its place."""
    place = ((high ^ (low >> uint64(23))) * uint64(0x9E3779B97F4A7C15)) ^ low
    return ((place ^ (place >> uint64(32))) * uint64(0xD6E8FEB86659FD93)) >> uint64(64 - REMEMBERED)


@compiled
def _flush(words: Any, hashes: Any, count: int, a: Any, b: Any, minima: Any) -> None:
    for start in range(0, count, LANES):  # beyond `count` the lanes hold old messages, whose hashes nobody reads
        sha1_lanes(words, hashes, start, BLOCK)
    lower(hashes, count, a, b, minima)


@compiled
def _room() -> Any:
    """What signing needs beside the text, made once for many documents: words, hashes, state and schedule of SHA-1,
    the shingles that were seen lately, and how many wait to be hashed, and wait as hashes of long ones."""
    words, hashes, long_hashes = np.zeros(5 * BLOCK, np.uint32), np.zeros(BLOCK, np.uint32), np.zeros(BLOCK, np.uint32)
    seen, waiting = np.zeros((1 << REMEMBERED, 2), np.uint64), np.zeros(2, np.int64)
    return words, hashes, long_hashes, np.empty(5, np.uint32), np.empty(80, np.uint32), seen, waiting


@compiled
def _add(data: Any, starts: Any, ends: Any, a: Any, b: Any, minima: Any, room: Any) -> None:
    """Adds the byte strings `data[starts[i]:ends[i]]` to the set that is signed."""
    words, hashes, long_hashes, state, schedule, seen, kept = room
    waiting, long_waiting = kept[0], kept[1]
    for i in range(len(starts)):
        start, length = starts[i], ends[i] - starts[i]
        if length > SHORT:
            sha1(data, start, start + length, state, schedule)
            long_hashes[long_waiting] = state[0]
            long_waiting += 1
        else:
            high, low = _key(data, start, length)
            place = _place(high, low)
            if seen[place, 0] == high and seen[place, 1] == low:
                continue
            seen[place, 0], seen[place, 1] = high, low
            words[waiting], words[BLOCK + waiting] = uint32(high >> uint64(32)), uint32(high)
            words[2 * BLOCK + waiting], words[3 * BLOCK + waiting] = uint32(low >> uint64(32)), uint32(low)
            words[4 * BLOCK + waiting] = uint32(8 * length)
            waiting += 1
        if waiting == BLOCK:
            _flush(words, hashes, waiting, a, b, minima)
            waiting = np.int64(0)
        if long_waiting == BLOCK:
            lower(long_hashes, long_waiting, a, b, minima)
            long_waiting = np.int64(0)
    kept[0], kept[1] = waiting, long_waiting


@compiled
def _end(a: Any, b: Any, minima: Any, room: Any) -> None:
    """Hashes what still waits, and makes the room ready for the next set."""
    words, hashes, long_hashes, _, _, seen, waiting = room
    _flush(words, hashes, waiting[0], a, b, minima)
    lower(long_hashes, waiting[1], a, b, minima)
    seen[:] = 0
    waiting[:] = 0


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
        first, last = bounds[text], bounds[text + 1]
        _add(data, starts[first:last], ends[first:last], a, b, signatures[text], room)
        _end(a, b, signatures[text], room)


@compiled
def sign_texts(data: Any, offsets: Any, width: int, a: Any, b: Any, signatures: Any) -> None:
    """Signs the sets of `width` characters in a row of every text `data[offsets[i]:offsets[i + 1]]`.

    A shorter text is its own only shingle; one without characters has the signature of the empty set.
    """
    room = _room()
    edges = np.empty(BLOCK + width + 1, np.int64)  # of a piece of the text
    for text in range(len(offsets) - 1):
        place, known = _edges(data, offsets[text], offsets[text + 1], edges, 0)
        while known == len(edges):
            _add(data, edges[:BLOCK], edges[width : width + BLOCK], a, b, signatures[text], room)
            edges[: width + 1] = edges[BLOCK:]
            place, known = _edges(data, place, offsets[text + 1], edges, width + 1)
        edges[known] = offsets[text + 1]
        reach = min(width, known)
        if reach:
            _add(data, edges[: known + 1 - reach], edges[reach : known + 1], a, b, signatures[text], room)
        _end(a, b, signatures[text], room)
