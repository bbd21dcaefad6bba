"""Fingerprints of a matching key by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003).

Of each `WINDOW` neighbouring n-grams the one with the smallest hash is kept, so every stretch of
`GRAM + WINDOW - 1` characters that two texts share gives them a fingerprint in common, at about `2 / (WINDOW + 1)`
fingerprints per character.
"""

import numpy as np
from numpy.typing import NDArray

from kobunko.passages.key import Codes

GRAM = 6
WINDOW = 8
Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)


def gram_hashes(codes: Codes) -> Hashes:
    """32-bit hash of the n-gram that begins at each character; empty for a key shorter than one."""
    count = len(codes) - GRAM + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    found = np.zeros(count, dtype=np.uint64)
    for shift in range(GRAM):
        found *= _BASE
        found += codes[shift : shift + count]
    found ^= found >> np.uint64(33)
    found *= _MIX
    return found >> np.uint64(32)


def winnow(hashes: Hashes) -> Places:
    """Which n-grams are kept, in order: the rightmost smallest of each window of eight."""
    # Hash and distance to the end in one number, so that the rightmost of equal hashes is the smallest.
    distance = np.arange(len(hashes), 0, -1, dtype=np.uint64)
    smallest = (hashes << np.uint64(32)) | distance
    if len(hashes) < WINDOW:
        smallest = smallest[[int(np.argmin(smallest))]] if len(smallest) else smallest
    else:
        for step in (1, 2, 4):
            smallest = np.minimum(smallest[:-step], smallest[step:])
    kept = len(hashes) - (smallest & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return kept[np.flatnonzero(np.diff(kept, prepend=-1))]
