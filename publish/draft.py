"""The draft of a release: of every row all but the texts and structures, so that what is short is read only once.

It lies beside the manifest, in the same order, in a file that has no name any more when it is complete.
"""

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko.distinct import distinct

BATCH = 2_000  # rows that are read together


class Draft:
    """Rows are named by their number in the manifest. First all are added, then any may be taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None
        self._sizes: list[int] = []
        self._batch = lru_cache(maxsize=4)(self._read_batch)
        self._lock = Lock()

    def add(self, rows: pa.Table) -> None:
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_file(self._path, rows.schema, options=options)
        for batch in rows.combine_chunks().to_batches(max_chunksize=BATCH):
            self._writer.write_batch(batch)
            self._sizes.append(batch.num_rows)

    def complete(self) -> None:
        self._writer.close()
        self._ends = np.cumsum(self._sizes)
        self._reader = pa.ipc.open_file(pa.OSFile(str(self._path)))
        self._path.unlink()

    def take(self, rows: NDArray[np.int64]) -> pa.Table:
        """Rows by number, which are sorted."""
        numbers = np.searchsorted(self._ends, rows, side="right")
        batches = [self._some(number, rows[numbers == number]) for number in distinct(numbers).tolist()]
        return pa.Table.from_batches(batches).combine_chunks()

    def _some(self, number: int, rows: NDArray[np.int64]) -> pa.RecordBatch:
        with self._lock:  # rows and provenance are made at once
            batch = self._batch(number)
        here = rows - (self._ends[number] - batch.num_rows)
        if here[-1] - here[0] < len(here):  # a slice copies nothing
            return batch.slice(here[0], len(here))
        return batch.take(pa.array(here))

    def _read_batch(self, number: int) -> pa.RecordBatch:
        return self._reader.get_batch(number)
