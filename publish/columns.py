"""Columns of Arrow tables as what their readers need."""

import numpy as np
import pyarrow as pa


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])


def bytes_of(values: pa.Array) -> memoryview:
    """The bytes of strings, one after the other."""
    if not len(values):
        return memoryview(b"")
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int32)[[values.offset, values.offset + len(values)]]
    return memoryview(data or b"")[slice(*ends)]
