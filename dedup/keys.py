"""Matching keys of many texts at once: `normalise.matching_key`, a hundred megabytes a second.

What becomes of a character does not depend on its neighbours, save where something combines with the letter before
it. So a table of all characters is made from the reference itself, and the few texts with a combining mark, or with
a character that becomes a long word, are given to the reference.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numba import uint8, uint32
from numpy.typing import NDArray

from kobunko.dedup.compiled import compiled, inlined
from kobunko.dedup.normalise import folded, matching_key
from kobunko.dedup.signature import buffers

_TABLED = 0x32000  # beyond are no characters of any script
_LONGEST = 3  # characters that one may become
_ASK = 0xFFFFFFFF  # the reference has to be asked


@cache
def _table() -> NDArray[np.uint32]:
    """Row `c` holds what the character becomes, in up to three code points, zero where there are fewer."""
    table = np.zeros((_TABLED, _LONGEST), dtype=np.uint32)
    for code in range(_TABLED):
        if 0xD800 <= code < 0xE000:
            continue
        found = folded(chr(code))
        if _combines(chr(code)) or len(found) > _LONGEST or len(found.encode()) > 3 * len(chr(code).encode()):
            table[code] = _ASK
        else:
            table[code, : len(found)] = [ord(character) for character in found]
    return table


def _combines(character: str) -> bool:
    plain = unicodedata.normalize("NFKC", character)
    jamo = any(0x1100 <= ord(one) < 0x1200 for one in plain)
    return jamo or any(unicodedata.combining(one) for one in plain) or unicodedata.combining(character) > 0


def matching_keys(texts: pa.Array) -> pa.Array:
    """The matching keys of an Arrow array of texts, layout (`without_layout`) left to the caller."""
    data, offsets = buffers(texts)
    out = np.empty(3 * int(offsets[-1] - offsets[0]) if len(texts) else 0, dtype=np.uint8)
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    asked = np.zeros(len(texts), dtype=np.bool_)
    _fold(data, offsets, _table(), out, ends, asked)
    keys = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(out[: ends[-1]]))
    if not asked.any():
        return keys
    rows = keys.to_pylist()
    for place in np.flatnonzero(asked):
        rows[place] = matching_key(texts[int(place)].as_py() or "")
    return pa.array(rows, pa.large_string())


@inlined
def _decoded(data: Any, place: int) -> Any:
    """Code point and length in bytes of the character at a place of valid UTF-8."""
    lead = uint32(data[place])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return ((lead & uint32(0x1F)) << uint32(6)) | (uint32(data[place + 1]) & uint32(0x3F)), 2
    tail = (uint32(data[place + 1]) & uint32(0x3F)) << uint32(6) | (uint32(data[place + 2]) & uint32(0x3F))
    if lead < 0xF0:
        return ((lead & uint32(0x0F)) << uint32(12)) | tail, 3
    return ((lead & uint32(7)) << uint32(18)) | (tail << uint32(6)) | (uint32(data[place + 3]) & uint32(0x3F)), 4


@inlined
def _encode(code: Any, out: Any, end: int) -> int:
    if code < 0x80:
        out[end] = uint8(code)
        return end + 1
    if code < 0x800:
        out[end] = uint8(0xC0 | (code >> 6))
        out[end + 1] = uint8(0x80 | (code & 0x3F))
        return end + 2
    if code < 0x10000:
        out[end] = uint8(0xE0 | (code >> 12))
        out[end + 1] = uint8(0x80 | ((code >> 6) & 0x3F))
        out[end + 2] = uint8(0x80 | (code & 0x3F))
        return end + 3
    out[end] = uint8(0xF0 | (code >> 18))
    out[end + 1] = uint8(0x80 | ((code >> 12) & 0x3F))
    out[end + 2] = uint8(0x80 | ((code >> 6) & 0x3F))
    out[end + 3] = uint8(0x80 | (code & 0x3F))
    return end + 4


@compiled
def _fold(data: Any, offsets: Any, table: Any, out: Any, ends: Any, asked: Any) -> None:
    end = 0
    for text in range(len(offsets) - 1):
        start, place = end, offsets[text]
        while place < offsets[text + 1]:
            code, length = _decoded(data, place)
            place += length
            if code >= _TABLED:
                asked[text] = True
                continue
            for step in range(_LONGEST):
                one = table[code, step]
                if one == 0:
                    break
                if one == _ASK:
                    asked[text] = True
                    break
                end = _encode(one, out, end)
        asked[text] |= end == start
        ends[text + 1] = end
