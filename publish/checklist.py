"""Which rows a release must have, each once: a few bytes for each document, whatever the size of the release."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def facts(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """Columns of strings as one string for each row."""
    return pc.binary_join_element_wise(
        *(table[name] for name in columns), "\x1f", null_handling="replace", null_replacement="\0"
    )


class Checklist:
    """Facts of rows by a hash of 64 bits, in the order of the manifest."""

    def __init__(self, expected: Iterable[pa.ChunkedArray]) -> None:
        hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *map(_hashes, expected)])
        self._order = np.argsort(hashes)
        self._sorted = hashes[self._order]
        self._seen = np.zeros(len(hashes), dtype=np.int32)

    def tick(self, rows: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Whether the facts of each row are on the list; they count as seen."""
        hashes = _hashes(rows)
        at = np.minimum(np.searchsorted(self._sorted, hashes), max(len(self._sorted) - 1, 0))
        found = self._sorted[at] == hashes if len(self._sorted) else np.zeros(len(hashes), dtype=bool)
        np.add.at(self._seen, self._order[at[found]], 1)
        return np.asarray(found, dtype=bool)

    def saw(self, row: int) -> None:
        """Counts a row of the manifest as seen although its facts were others."""
        self._seen[row] += 1

    def not_once(self) -> list[tuple[int, int]]:
        """Rows of the manifest that were not seen exactly once, and how often they were."""
        rows = np.flatnonzero(self._seen != 1)
        return list(zip(rows.tolist(), self._seen[rows].tolist(), strict=True))


def _hashes(rows: pa.ChunkedArray) -> NDArray[np.uint64]:
    digests = [hashlib.blake2b(row.encode(), digest_size=8).digest() for row in rows.to_pylist()]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)
