"""How sure OCR was of the documents of a release."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


@lru_cache(maxsize=4)
def ocr_histogram(releases: Path, version: str) -> list[int] | None:
    """Documents by tenth of confidence; None where nothing was read by OCR. A release never changes, so it is kept."""
    if not version:
        return None
    counts = np.zeros(10, dtype=np.int64)
    for shard in sorted((releases / version).glob("data/*/*.parquet")):
        values = pq.read_table(shard, columns=["ocr_confidence"])["ocr_confidence"].drop_null().to_numpy()
        counts += np.histogram(values, bins=10, range=(0.0, 1.0))[0]
    return [int(count) for count in counts] if counts.any() else None
