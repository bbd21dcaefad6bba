"""The entries of a manifest beside what the corpus knows of their documents, a window of them at a time."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko.corpus import Corpus
from kobunko.publish.rows import FROM_MANIFEST


class Joined:
    """Rows are named by their number in the manifest. A window is a row group of it."""

    def __init__(self, corpus: Corpus, manifest: Path) -> None:
        self._corpus = corpus
        self._file = pq.ParquetFile(manifest)
        groups = range(self._file.num_row_groups)
        self._ends = np.cumsum([self._file.metadata.row_group(group).num_rows for group in groups])
        self._window = lru_cache(maxsize=2)(self._read_window)

    def take(self, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
        """`FROM_MANIFEST` and columns of the corpus; `rows` are sorted."""
        windows = np.searchsorted(self._ends, rows, side="right")
        cuts = np.flatnonzero(np.diff(windows)) + 1
        return pa.concat_tables(self._of_window(some, columns) for some in np.split(rows, cuts))

    def _of_window(self, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
        number = int(np.searchsorted(self._ends, rows[0], side="right"))
        corpus, positions, entries = self._window(number)
        here = rows - (self._ends[number] - len(positions))
        chunk = corpus.select(positions[here], columns)
        mine = entries.take(pa.array(here))
        for name in FROM_MANIFEST:
            chunk = chunk.append_column(name, mine[name])
        return chunk

    def _read_window(self, number: int) -> tuple[Corpus, NDArray[np.int64], pa.Table]:
        """The documents of a window, the positions of its entries among them, and the entries."""
        entries = self._file.read_row_group(number, columns=["doc_id", *FROM_MANIFEST])
        ids = entries["doc_id"]
        corpus = self._corpus.between(ids[0].as_py(), ids[-1].as_py())
        return corpus, pc.index_in(ids, corpus.inputs["doc_id"]).to_numpy(), entries
