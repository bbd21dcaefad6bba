"""MinHash signatures that anybody can check: those of `datasketch.MinHash(num_perm=128, seed=1)`.

What is signed is the set of character 5-grams of the matching key, each as UTF-8, hashed by SHA-1, which is what
`datasketch` does when it is told nothing else. The constants stand here and nowhere else: the CPU kernel and the CUDA
kernel are given them.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHINGLE = 5  # characters
PERMUTATIONS = 128
SEED = 1
EMPTY = np.uint32(0xFFFFFFFF)  # every place of the signature of the empty set

Signatures = NDArray[np.uint32]  # n × permutations


@cache
def permutations(count: int = PERMUTATIONS, seed: int = SEED) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors (odd) and terms of `h → a·h + b mod 2³²`: those that datasketch itself would use."""
    from datasketch import MinHash

    factors, terms = MinHash(num_perm=count, seed=seed).permutations
    return factors, terms


def buffers(texts: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The UTF-8 bytes of an Arrow string array, not copied, and the n + 1 offsets of its texts (null is empty)."""
    if pa.types.is_string(texts.type):
        kind: type[np.signedinteger] = np.int32
    elif pa.types.is_large_string(texts.type):
        kind = np.int64
    else:
        raise TypeError(f"texts are {texts.type}: give an Arrow array of string or large_string")
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1] if len(texts) else np.zeros(1)
    return np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), places.astype(np.int64)


def signatures(texts: pa.Array, count: int = PERMUTATIONS) -> Signatures:
    """Signatures of texts (matching keys) as n × `count`; by a GPU where there is one and enough to do for it."""
    from kobunko.dedup import gpu
    from kobunko.dedup.kernel import sign_texts  # numba takes a second to load

    data, offsets = buffers(texts)
    found = np.full((len(texts), count), EMPTY, dtype=np.uint32)
    if not (gpu.pays(int(offsets[-1] - offsets[0])) and gpu.sign_texts(data, offsets, *permutations(count), found)):
        sign_texts(data, offsets, SHINGLE, *permutations(count), found)
    return found


def to_bytes(signature: NDArray[np.uint32]) -> bytes:
    """Little-endian uint32: the form in side-cars and releases."""
    return signature.astype("<u4").tobytes()


def from_bytes(signatures: Sequence[bytes], count: int = PERMUTATIONS) -> Signatures:
    """Signatures of n documents as an n × `count` matrix."""
    return np.frombuffer(b"".join(signatures), dtype="<u4").reshape(len(signatures), count)
