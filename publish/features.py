"""The schema of a record as the `dataset_info` of a dataset card wants it."""

from typing import Any

import pyarrow as pa


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """YAML form of `datasets.Features` for an Arrow schema of strings, numbers, times, lists and structs."""
    return [_feature(field.name, field.type) for field in schema]


def _feature(name: str, kind: pa.DataType) -> dict[str, Any]:
    if not pa.types.is_list(kind):
        return {"name": name, "dtype": _dtype(kind)}
    inner = kind.value_type
    if pa.types.is_struct(inner):
        return {"name": name, "list": [_feature(field.name, field.type) for field in inner]}
    return {"name": name, "list": _dtype(inner)}


def _dtype(kind: pa.DataType) -> str:
    return {"double": "float64"}.get(str(kind), str(kind))
