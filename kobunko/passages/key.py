"""The matching key of a text together with the way back: where each of its characters stands in the text.

The key is blind to what differs between copies of one passage: NFKC, lower case, no white space, no control
characters. It is made for whole arrays of code points at once, because every character of a corpus passes here.
"""

import functools
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]

_TABLE = 0x30000  # code points beyond it have no compatibility form and stand for themselves
_VOICED, _SEMIVOICED = 0x3099, 0x309A
_DROPPED = ("Zs", "Zl", "Zp", "Cc", "Cf")


@dataclass(frozen=True)
class Key:
    """`codes` are the key's code points; `offsets[i]` is the place in the text of the character behind `codes[i]`."""

    codes: Codes
    offsets: Offsets

    def __str__(self) -> str:
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")


def code_points(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", errors="replace"), dtype="<u4").astype(np.uint32, copy=False)


def key_of(text: str) -> Key:
    codes = code_points(text)
    lengths, starts, pool = _forms()
    known = np.minimum(codes, _TABLE)
    counts = lengths[known].astype(np.int64)
    offsets = np.repeat(np.arange(len(codes), dtype=np.int64), counts)
    within = np.arange(len(offsets), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    out = pool[starts[known][offsets] + within]
    out = np.where(codes[offsets] >= _TABLE, codes[offsets], out)
    return _composed(out, offsets)


@functools.cache
def _forms() -> tuple[NDArray[np.uint8], NDArray[np.int64], Codes]:
    """For each code point how long its form is, where it begins in the pool, and the pool of all forms."""
    forms = [_form(chr(code)) for code in range(_TABLE)] + ["?"]  # the last stands for all beyond the table
    lengths = np.array([len(form) for form in forms], dtype=np.uint8)
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    return lengths, starts, code_points("".join(forms))


def _form(character: str) -> str:
    if 0xD800 <= ord(character) <= 0xDFFF:
        return "?"
    form = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).lower())
    return "".join(part for part in form if unicodedata.category(part) not in _DROPPED)


@functools.cache
def _marks() -> tuple[Codes, Codes]:
    """Composed form of each kana with a voiced or semi-voiced mark; 0 where there is none."""
    tables = np.zeros((2, _TABLE), dtype=np.uint32)
    for row, mark in enumerate((_VOICED, _SEMIVOICED)):
        for code in range(0x3040, 0x3100):
            composed = unicodedata.normalize("NFC", chr(code) + chr(mark))
            if len(composed) == 1:
                tables[row, code] = ord(composed)
    return tables[0], tables[1]


def _composed(codes: Codes, offsets: Offsets) -> Key:
    """Joins kana with the marks that follow them, as NFC does: half-width forms write them apart."""
    if not (found := (codes == _VOICED) | (codes == _SEMIVOICED)).any():
        return Key(codes, offsets)
    voiced, semivoiced = _marks()
    marks = np.flatnonzero(found)
    marks = marks[marks > 0]
    before = np.minimum(codes[marks - 1], _TABLE - 1)
    joined = np.where(codes[marks] == _VOICED, voiced[before], semivoiced[before])
    marks, joined = marks[joined > 0], joined[joined > 0]
    codes = codes.copy()
    codes[marks - 1] = joined
    keep = np.ones(len(codes), dtype=bool)
    keep[marks] = False
    return Key(codes[keep], offsets[keep])
