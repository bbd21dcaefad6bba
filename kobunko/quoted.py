"""Passages that were removed: known again in any text by length and hashes, without holding a word of them."""

import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kobunko.ids import sha256_hex

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that its powers never vanish modulo 2**64
_BLOCK = 1 << 20  # characters that are looked through at once
_PACKED = struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class Quoted:
    """`sha256` of the words, how many characters they have, and a hash that is quick to compare at every place.

    `quick` is 16 hexadecimal digits: as a number it would be too large for JSON.
    """

    sha256: str
    length: int
    quick: str

    def packed(self) -> bytes:
        return _PACKED.pack(self.length, int(self.quick, 16))


def words_of(text: str) -> str:
    """A text as passages are looked for in it: NFKC, without white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def quoted(words: str) -> Quoted:
    """A passage, from its words as `words_of` gives them."""
    quick = int(np.sum(_codes(words) * _powers(len(words))))
    return Quoted(sha256_hex(words.encode()), len(words), f"{quick:016x}")


def unpacked(sha256: str, data: bytes) -> Quoted:
    length, quick = _PACKED.unpack(data)
    return Quoted(sha256, length, f"{quick:016x}")


def held(text: str, passages: Sequence[Quoted]) -> list[str]:
    """`sha256` of those passages that stand in a text, sorted."""
    words = words_of(text)
    return sorted({item.sha256 for item in passages if _holds(words, item)})


def _holds(words: str, passage: Quoted) -> bool:
    for start in range(0, max(1, len(words) - passage.length + 1), _BLOCK):
        block = words[start : start + _BLOCK + passage.length - 1]
        for place in _candidates(block, passage):
            if sha256_hex(block[place : place + passage.length].encode()) == passage.sha256:
                return True
    return False


def _candidates(block: str, passage: Quoted) -> list[int]:
    """Places where the quick hash is right: sums of characters times powers of a base, all modulo 2**64."""
    if len(block) < passage.length:
        return []
    powers = _powers(len(block))
    sums = np.concatenate(([np.uint64(0)], np.cumsum(_codes(block) * powers, dtype=np.uint64)))
    windows = sums[passage.length :] - sums[: -passage.length]
    found: list[int] = np.flatnonzero(windows == np.uint64(int(passage.quick, 16)) * powers[: len(windows)]).tolist()
    return found


def _codes(words: str) -> NDArray[np.uint64]:
    return np.frombuffer(words.encode("utf-32-le", errors="surrogatepass"), dtype="<u4").astype(np.uint64)


def _powers(length: int) -> NDArray[np.uint64]:
    powers = np.full(length, _BASE, dtype=np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)
