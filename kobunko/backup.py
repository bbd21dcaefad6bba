"""Backup of the catalogue: every table as one Parquet file, the same from SQLite and PostgreSQL.

So a backup is also the way from one database to the other. The raw store, side-cars and releases are files that never
change: copy them with any tool, before the catalogue, and nothing that the catalogue names is missing.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko import durable, tables
from kobunko.catalogue import Catalogue
from kobunko.errors import Corrupt, NotFound, UsageError

MANIFEST = "backup.json"
ROWS = 10_000  # in memory at a time
_TYPES: dict[type[Any], pa.DataType] = {
    sa.Text: pa.string(),
    sa.Integer: pa.int64(),
    sa.BigInteger: pa.int64(),
    sa.Boolean: pa.bool_(),
    sa.LargeBinary: pa.binary(),
    sa.DateTime: pa.timestamp("us", tz="UTC"),
}


def back_up(catalogue: Catalogue, folder: Path) -> dict[str, int]:
    """Writes all tables as they are at one moment into a new folder; returns rows by table. The manifest comes last."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder for the backup.")
    written: dict[str, dict[str, Any]] = {}
    with catalogue.snapshot() as connection:
        for table in tables.metadata.sorted_tables:
            path = folder / f"{table.name}.parquet"
            rows = _write(connection, table, path)
            written[table.name] = {"rows": rows, "sha256": _sha256(path)}
    facts = {"revision": tables.REVISION, "made_at": datetime.now(UTC).isoformat(), "tables": written}
    durable.write_bytes(folder / MANIFEST, json.dumps(facts, indent=1, sort_keys=True).encode())
    return {name: table["rows"] for name, table in written.items()}


def restore(catalogue: Catalogue, folder: Path) -> dict[str, int]:
    """Fills an empty catalogue, all or nothing. Every file is checked before the first row is written."""
    expected = _manifest(folder)
    with catalogue.transaction() as connection:
        for table in tables.metadata.sorted_tables:
            if connection.scalar(sa.select(sa.func.count()).select_from(table)):
                raise UsageError(f"the catalogue has rows in {table.name}: restore into a new home or database.")
        for table in tables.metadata.sorted_tables:
            for batch in pq.ParquetFile(folder / f"{table.name}.parquet").iter_batches(ROWS):
                connection.execute(sa.insert(table), batch.to_pylist())
    return expected


def _manifest(folder: Path) -> dict[str, int]:
    if not (folder / MANIFEST).is_file():
        raise NotFound(f"{folder} holds no finished backup (no {MANIFEST}): name a folder that `kobunko backup` made.")
    facts = json.loads((folder / MANIFEST).read_bytes())
    if facts["revision"] != tables.REVISION:
        raise UsageError(
            f"the backup is of schema {facts['revision']}, this version has {tables.REVISION}: restore it with the "
            "version that made it; the next start of this one then brings the catalogue up to date."
        )
    for name, table in facts["tables"].items():
        path = folder / f"{name}.parquet"
        if not path.is_file() or _sha256(path) != table["sha256"]:
            raise Corrupt(f"{path} is missing or damaged: use another backup.")
    return {name: table["rows"] for name, table in facts["tables"].items()}


def _write(connection: Connection, table: sa.Table, path: Path) -> int:
    schema = pa.schema([pa.field(column.name, _TYPES[type(column.type)]) for column in table.columns])
    rows = 0
    with durable.writing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for chunk in _chunks(connection, table):
            writer.write_table(pa.Table.from_pylist(chunk, schema=schema))
            rows += len(chunk)
    return rows


def _chunks(connection: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key)
    found = connection.execution_options(yield_per=ROWS).execute(query)
    for partition in found.mappings().partitions():
        yield [{name: _utc(value) for name, value in row.items()} for row in partition]


def _utc(value: Any) -> Any:
    """SQLite forgets time zones; everything in the catalogue is UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
