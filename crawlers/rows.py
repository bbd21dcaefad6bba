"""Writing one row, whether it is there already or not, on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def put(connection: Connection, table: sa.Table, row: dict[str, Any]) -> None:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in row.items() if name not in keys}
    connection.execute(dialect.insert(table).values(**row).on_conflict_do_update(index_elements=keys, set_=changed))
