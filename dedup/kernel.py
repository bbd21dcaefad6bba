"""The CPU kernel: UTF-8 text → distinct shingles → SHA-1 → affine permutations → minima.

It reads the bytes of an Arrow string array where they lie and makes no Python object per document or shingle. A
shingle that was seen before in its document is dropped before it is hashed, which is exact (keys are the bytes
themselves, or the SHA-1 of shingles of more than 15 bytes) and gives the number of distinct shingles for nothing.
"""

from typing import Any

import numpy as np
from numba import uint8, uint32, uint64
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.sha1 import LANES, SHORT, load_big_endian, sha1, sha1_lanes

BLOCK = 2048  # shingles hashed at a time: what one step hands to the next stays in the first-level cache
SMALL = 1 << 14  # places of the table that finds repeated shingles, to begin with


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
def _place(table: Any, high: Any, low: Any) -> Any:
    """Where a key is in an open hash table of pairs of words, or where it would go: there the table holds zeros."""
    place = ((high ^ (low >> uint64(23))) * uint64(0x9E3779B97F4A7C15)) ^ low
    place = ((place ^ (place >> uint64(32))) * uint64(0xD6E8FEB86659FD93)) >> uint64(20)
    mask = uint64(len(table) - 1)
    place &= mask
    while (table[place, 0] != high or table[place, 1] != low) and (table[place, 0] | table[place, 1]) != 0:
        place = (place + uint64(1)) & mask
    return place


@compiled
def _grown(table: Any) -> Any:
    """The same keys in a table twice as large."""
    larger = np.zeros((2 * len(table), 2), np.uint64)
    for old in range(len(table)):
        if table[old, 0] | table[old, 1]:
            new = _place(larger, table[old, 0], table[old, 1])
            larger[new, 0], larger[new, 1] = table[old, 0], table[old, 1]
    return larger


@compiled
def _flush(words: Any, hashes: Any, count: int, a: Any, b: Any, minima: Any) -> None:
    for start in range(0, count, LANES):  # beyond `count` the lanes hold old messages, whose hashes nobody reads
        sha1_lanes(words, hashes, start, BLOCK)
    lower(hashes, count, a, b, minima)


@compiled
def _room() -> Any:
    """What signing needs beside the text, made once for many documents: words, hashes, state and schedule of SHA-1,
    and how many shingles are known, wait to be hashed, and wait as hashes of long ones."""
    words, hashes, long_hashes = np.zeros(5 * BLOCK, np.uint32), np.zeros(BLOCK, np.uint32), np.zeros(BLOCK, np.uint32)
    return words, hashes, long_hashes, np.empty(5, np.uint32), np.empty(80, np.uint32), np.zeros(3, np.int64)


# An array that is assigned anew inside a loop costs numba two atomic instructions in every turn. So the functions with
# the hot loops assign none: `_fill` comes back when its table is full, `_edges` when its room is.


@compiled
def _fill(data: Any, starts: Any, ends: Any, a: Any, b: Any, minima: Any, table: Any, room: Any) -> int:
    """Adds byte strings to the set that is signed, and returns how many were done before the table was half full."""
    words, hashes, long_hashes, state, schedule, fill = room
    count, waiting, long_waiting = fill[0], fill[1], fill[2]
    full = len(table) // 2
    i = 0
    while i < len(starts) and count < full:
        start, length = starts[i], ends[i] - starts[i]
        i += 1
        if length <= SHORT:
            high, low = _key(data, start, length)
        else:
            sha1(data, start, start + length, state, schedule)
            high = (uint64(state[0]) << uint64(32)) | uint64(state[1])
            low = (uint64(state[2]) << uint64(32)) | uint64(state[3])
        place = _place(table, high, low)
        if table[place, 0] | table[place, 1]:
            continue
        table[place, 0], table[place, 1] = high, low
        count += 1
        if length > SHORT:
            long_hashes[long_waiting] = state[0]
            long_waiting += 1
        else:
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
    fill[0], fill[1], fill[2] = count, waiting, long_waiting
    return i


@compiled
def _add(data: Any, starts: Any, ends: Any, a: Any, b: Any, minima: Any, table: Any, room: Any) -> Any:
    """Adds the byte strings `data[starts[i]:ends[i]]` to the set that is signed; returns the table, maybe a larger."""
    done = _fill(data, starts, ends, a, b, minima, table, room)
    while done < len(starts):
        table = _grown(table)
        done += _fill(data, starts[done:], ends[done:], a, b, minima, table, room)
    return table


@compiled
def _edges(data: Any, place: int, end: int, edges: Any, known: int) -> Any:
    """Notes where characters of UTF-8 text begin, until the text or the room ends; returns where it stands."""
    while place < end and known < len(edges):
        edges[known] = place
        known += (data[place] & uint8(0xC0)) != uint8(0x80)
        place += 1
    return place, known


@compiled
def _end(a: Any, b: Any, minima: Any, room: Any) -> int:
    """Hashes what still waits, and makes the room ready for the next set; returns the size of this one."""
    words, hashes, long_hashes, _, _, fill = room
    _flush(words, hashes, fill[1], a, b, minima)
    lower(long_hashes, fill[2], a, b, minima)
    count = int(fill[0])
    fill[:] = 0
    return count


@compiled
def _cleared(table: Any, count: int) -> Any:
    """A table for the next set: the same one, unless clearing it would cost more than a small set."""
    if len(table) > SMALL and 8 * count < len(table):
        return np.zeros((SMALL, 2), np.uint64)
    table[:] = 0
    return table


@compiled
def sign_spans(data: Any, starts: Any, ends: Any, bounds: Any, a: Any, b: Any, signatures: Any, counts: Any) -> None:
    """Signs, for every text, the set of byte strings `data[starts[i]:ends[i]]` with `bounds[text] ≤ i <
    bounds[text + 1]`."""
    room, table = _room(), np.zeros((SMALL, 2), np.uint64)
    for text in range(len(bounds) - 1):
        first, last = bounds[text], bounds[text + 1]
        table = _add(data, starts[first:last], ends[first:last], a, b, signatures[text], table, room)
        counts[text] = _end(a, b, signatures[text], room)
        table = _cleared(table, counts[text])


@compiled
def sign_texts(data: Any, offsets: Any, width: int, a: Any, b: Any, signatures: Any, counts: Any) -> None:
    """Signs the sets of `width` characters in a row of every text `data[offsets[i]:offsets[i + 1]]`.

    A shorter text is its own only shingle; one without characters has the signature of the empty set.
    """
    room, table = _room(), np.zeros((SMALL, 2), np.uint64)
    edges = np.empty(BLOCK + width + 1, np.int64)  # of a piece of the text
    for text in range(len(offsets) - 1):
        place, known = _edges(data, offsets[text], offsets[text + 1], edges, 0)
        while known == len(edges):
            table = _add(data, edges[:BLOCK], edges[width : width + BLOCK], a, b, signatures[text], table, room)
            edges[: width + 1] = edges[BLOCK:]
            place, known = _edges(data, place, offsets[text + 1], edges, width + 1)
        edges[known] = offsets[text + 1]
        reach = min(width, known)
        if reach:
            starts = edges[: known + 1 - reach]
            table = _add(data, starts, edges[reach : known + 1], a, b, signatures[text], table, room)
        counts[text] = _end(a, b, signatures[text], room)
        table = _cleared(table, counts[text])
