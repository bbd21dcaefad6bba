"""Shards: which documents share a Parquet file and a row group, and how the file is written.

A document's shard follows from the hash of its id, and the number of shards is a power of two, so that a night's new
documents leave the others where they are; when a config outgrows its shards, each one splits in two.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko import durable

SHARD_BYTES = 500_000_000  # uncompressed, as `datasets` counts it
GROUP_BYTES = 64_000_000
GROUP_ROWS = 1000
BYTES_PER_CHARACTER = 3  # of Japanese in UTF-8
BYTES_BESIDE_TEXT = 3000


def sizes_of(characters: Sequence[int | None]) -> NDArray[np.int64]:
    """Estimated bytes of rows by the length of their texts."""
    known = np.array([count or 0 for count in characters], dtype=np.int64)
    return known * BYTES_PER_CHARACTER + BYTES_BESIDE_TEXT


def partition(ids: Sequence[str], sizes: NDArray[np.int64], limit: int = SHARD_BYTES) -> list[NDArray[np.int64]]:
    """Row numbers of each shard, in the order given. No shard is over the limit unless one document is."""
    hashes = [hashlib.sha256(name.encode()).digest()[:4] for name in ids]
    places = np.frombuffer(b"".join(hashes), dtype=">u4").astype(np.uint64)
    count = 1
    while True:
        shard = places * np.uint64(count) >> np.uint64(32)
        total = np.bincount(shard.astype(np.int64), weights=sizes, minlength=count)
        if count > len(ids) or total.max(initial=0) <= max(limit, sizes.max(initial=0)):
            return [np.flatnonzero(shard == number) for number in range(count)]
        count *= 2


def row_groups(sizes: NDArray[np.int64], limit: int = GROUP_BYTES, rows: int = GROUP_ROWS) -> Iterator[slice]:
    """Cuts a shard into row groups under a size and a number of rows."""
    start, total = 0, 0
    for number, size in enumerate(sizes.tolist()):
        if number > start and (total + size > limit or number - start == rows):
            yield slice(start, number)
            start, total = number, 0
        total += size
    if len(sizes) > start:
        yield slice(start, len(sizes))


def shard_name(number: int, count: int) -> str:
    return f"train-{number:05d}-of-{count:05d}.parquet"


def write_shard(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    """Writes one row group per table: zstd, page index, and pages cut by content.

    With pages cut by content a store that deduplicates is sent only what changed since the last release.
    """
    repeated = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in ("id", "text")]
    options: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": repeated,
        "use_content_defined_chunking": True,
        "write_page_index": True,
        "sorting_columns": [pq.SortingColumn(0)],
    }
    with durable.writing(path) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        for table in groups:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
