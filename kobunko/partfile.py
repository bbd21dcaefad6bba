"""One file of a side-car: Parquet, sorted by key, with a number beside each key by which its row is found in no time.

To look for a key in its own columns a reader has to unpack those of a thousand rows. `row_key` holds eight bytes of a
hash of the key instead, neither packed nor in a dictionary: a row group has one page of them, whose values are the last
bytes of the column's chunk, so one small read tells whether a row group has a key, and where. Files of before have no
such column.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kobunko.stage import KEY

ROW_KEY = "row_key"
GROUP_BYTES = 2_000_000  # of a row group: what one lookup reads, and what a footer has to list
_GROUP_ROWS = 1024  # at most; their row keys are far from filling a page
_WIDTH = 8  # bytes of a row key


def group_rows(size: int, rows: int) -> int:
    """How many rows a row group should have, where so many rows have that size in bytes."""
    return min(max(GROUP_BYTES * rows // max(size, 1), 16), _GROUP_ROWS)


def write(path: Path, schema: pa.Schema, tables: Iterable[pa.Table], rows: int) -> None:
    """Writes tables of a schema that are in the order of their keys, so many rows to a row group."""
    leaves = _leaves(schema)
    whole = schema.append(pa.field(ROW_KEY, pa.uint64(), nullable=False))
    packed, listed = dict.fromkeys(leaves, "zstd"), [name for name in leaves if name not in KEY]
    written = {
        "compression": packed,
        "use_dictionary": listed,
        "write_page_checksum": True,
    }  # `kobunko audit` reads them
    with pq.ParquetWriter(path, whole, **written) as writer:
        for table in tables:
            keys = zip(*(table[name].to_pylist() for name in KEY), strict=True)
            numbers = np.frombuffer(b"".join(_row_key(*key) for key in keys), dtype="<u8")
            columns = table.select(schema.names).append_column(whole.field(ROW_KEY), pa.array(numbers))
            writer.write_table(columns.cast(whole), row_group_size=rows)


def _row_key(doc_id: str, input_sha256: str) -> bytes:
    return hashlib.blake2b(f"{doc_id} {input_sha256}".encode(), digest_size=_WIDTH).digest()


def _leaves(schema: pa.Schema) -> list[str]:
    """The columns of a schema as Parquet names them."""
    sink = pa.BufferOutputStream()
    pq.write_metadata(schema, sink)
    return [column.path for column in pq.read_metadata(pa.BufferReader(sink.getvalue())).schema]


def place_of(handle: int, row_keys: pq.ColumnChunkMetaData, key: tuple[str, str]) -> int | None:
    """Which row of a row group has a key: the last one that does; None where there is none.

    `handle` is the open file, and `row_keys` what its footer says of the column `row_key` in that row group.
    """
    size = _WIDTH * row_keys.num_values
    values = os.pread(handle, size, row_keys.data_page_offset + row_keys.total_compressed_size - size)
    wanted = np.frombuffer(_row_key(*key), dtype="<u8")
    found = np.flatnonzero(np.frombuffer(values, dtype="<u8") == wanted)
    return int(found[-1]) if len(found) else None
