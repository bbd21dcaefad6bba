"""Shards: which documents share a Parquet file and a row group, and how the file is written.

An id ends in a hash, so a range of ids is a random share of its source. The shard of a document follows from the first
bits of that hash, and the number of shards is a power of two: a night's new documents leave the others where they are,
and when a config outgrows its shards each one splits in two. Row groups end after ids that the hash itself marks, so a
document that comes or goes moves no boundary but its own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko import durable
from kobunko.publish.columns import bytes_of

SHARD_BYTES = 500_000_000  # uncompressed, as `datasets` counts it
GROUP_BYTES = 64_000_000
GROUP_ROWS = 1000  # at most; a marked id ends a group every 512 rows on average
MARK = 512
AT_ONCE = 8_000_000  # bytes of rows that are made together: memory of larger blocks is not kept for the next
WAITING = 8  # such blocks that wait to be written: as many as a row group holds
BYTES_PER_CHARACTER = 3  # of Japanese in UTF-8
BYTES_BESIDE_TEXT = 3000
_MOST_BITS = 16
_DIGITS = 7  # base32 digits that are looked at: 35 bits
_BASE32 = np.zeros(256, dtype=np.uint64)
_BASE32[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)] = np.arange(32, dtype=np.uint64)

Sizes = NDArray[np.int64]
Places = NDArray[np.uint64]


def sizes_of(characters: pa.ChunkedArray) -> Sizes:
    """Estimated bytes of rows by the length of their texts."""
    known = pc.fill_null(characters, 0).to_numpy()
    return np.asarray(known * BYTES_PER_CHARACTER + BYTES_BESIDE_TEXT, dtype=np.int64)


def places(ids: pa.Array) -> Places:
    """Where each id stands among the hashes: its first 35 bits, in the order of the ids of one source."""
    hashes = pc.split_pattern(ids, "-", max_splits=1, reverse=True).flatten()[1::2]
    digits = pc.utf8_rpad(pc.utf8_slice_codeunits(hashes, 0, _DIGITS), _DIGITS, "a")
    values = _BASE32[np.frombuffer(bytes_of(digits), dtype=np.uint8).reshape(len(ids), _DIGITS)]
    weights = np.uint64(32) ** np.arange(_DIGITS - 1, -1, -1, dtype=np.uint64)
    return np.asarray(values @ weights, dtype=np.uint64)


def partition(where: Places, sizes: Sizes, limit: int = SHARD_BYTES) -> list[NDArray[np.int64]]:
    """Row numbers of each shard, in the order given. No shard is over the limit unless one document is."""
    for bits in range(_MOST_BITS + 1):
        shard = (where >> np.uint64(5 * _DIGITS - bits)).astype(np.int64)
        total = np.bincount(shard, weights=sizes, minlength=1 << bits)
        if total.max(initial=0) <= max(limit, sizes.max(initial=0)):
            break
    return [np.flatnonzero(shard == number) for number in range(1 << bits)]


def row_groups(
    where: Places, sizes: Sizes, limit: int = GROUP_BYTES, rows: int = GROUP_ROWS, mark: int = MARK
) -> Iterator[slice]:
    """Cuts a shard into row groups under a size and a number of rows."""
    return runs(sizes, limit, rows, where % np.uint64(mark) == 0)


def runs(sizes: Sizes, limit: int, rows: int = GROUP_ROWS, ends: NDArray[np.bool_] | None = None) -> Iterator[slice]:
    """Cuts rows into runs under a size and a number of rows, also after those that `ends` marks."""
    marked = np.zeros(len(sizes), dtype=bool) if ends is None else ends
    start, total = 0, 0
    for number, size in enumerate(sizes.tolist()):
        if number > start and (marked[number - 1] or total + size > limit or number - start == rows):
            yield slice(start, number)
            start, total = number, 0
        total += size
    if len(sizes) > start:
        yield slice(start, len(sizes))


def regrouped(tables: Iterable[pa.Table], cuts: Iterable[slice]) -> Iterator[pa.Table]:
    """The rows of consecutive tables in other tables. Nothing is copied."""
    source, rest = iter(tables), pa.table({})
    for cut in cuts:
        missing, found = cut.stop - cut.start, []
        while missing:
            rest = rest if rest.num_rows else next(source)
            found.append(rest.slice(0, missing))
            rest = rest.slice(missing)
            missing -= found[-1].num_rows
        yield pa.concat_tables(found)


def shard_name(number: int, count: int) -> str:
    return f"train-{number:05d}-of-{count:05d}.parquet"


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How a release is written: zstd, page index, and pages cut by content.

    With pages cut by content a store that deduplicates is sent only what changed since the last release.
    """
    repeated = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in ("id", "text")]
    return {
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": repeated,
        "use_content_defined_chunking": True,
        "write_page_index": True,
        "sorting_columns": [pq.SortingColumn(0)],
    }


def sizes_by_folder(folder: Path) -> dict[str, int]:
    """Bytes before compression of the shards below a folder, by the name of the folder that they are in."""
    found = Counter[str]()
    for path in folder.rglob("train-*.parquet"):
        metadata = pq.read_metadata(path)
        found[path.parent.name] += sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    return dict(found)


def write_shard(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    """Writes one row group per table."""
    with durable.writing(path) as temporary, pq.ParquetWriter(temporary, schema, **parquet_options(schema)) as writer:
        for table in groups:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
