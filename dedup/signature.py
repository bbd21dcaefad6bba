"""MinHash signatures that anybody can check: those of `datasketch.MinHash(num_perm=128, seed=1)`.

The set that is signed holds the character 5-grams of the matching key, as UTF-8.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5  # characters
PERMUTATIONS = 128
SEED = 1
SCHEME = "affine32"  # the default of datasketch 2; written down so that another default cannot change signatures
PIECE = 1 << 14  # shingles hashed at a time: their permutations take 8 MB

Signatures = NDArray[np.uint32]


def distinct_shingles(key: str) -> NDArray[np.void]:
    """The set of character 5-grams of a key, 20 bytes of UTF-32 each; a shorter key is its own only shingle.

    A fifth of the memory that a set of `str` takes, which matters for a text of 50 MB.
    """
    width = min(SHINGLE, len(key))
    codes = np.frombuffer(key.encode("utf-32-le"), dtype=np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(codes, width)
    return np.unique(np.ascontiguousarray(windows).view(f"V{4 * width}").ravel())


def minhash(shingles: NDArray[np.void]) -> Signatures:
    """The 128 minima of a set of shingles."""
    from datasketch import MinHash  # brings much of scipy along

    signature = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme=SCHEME)
    for start in range(0, len(shingles), PIECE):
        signature.update_batch(list(_utf8(shingles[start : start + PIECE])))
    return np.asarray(signature.hashvalues, dtype=np.uint32)


def _utf8(shingles: NDArray[np.void]) -> Iterator[bytes]:
    width = shingles.dtype.itemsize // 4
    text = shingles.tobytes().decode("utf-32-le")
    return (text[start : start + width].encode() for start in range(0, len(text), width))


def to_bytes(signature: Signatures) -> bytes:
    """128 little-endian uint32: the form in side-cars and releases."""
    return signature.astype("<u4").tobytes()


def from_bytes(signatures: list[bytes]) -> Signatures:
    """Signatures of n documents as an n × 128 matrix."""
    return np.frombuffer(b"".join(signatures), dtype="<u4").reshape(len(signatures), PERMUTATIONS)
