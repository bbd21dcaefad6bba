"""The database under the catalogue: SQLite in the home (WAL, `synchronous=FULL`, one writer), or PostgreSQL by URL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from kobunko import tables
from kobunko.errors import NotFound, Unreachable, UsageError
from kobunko.turns import Turns, turns

MIGRATIONS = Path(__file__).parent / "migrations"


def _engine(url: str, *, read_only: bool) -> Engine:
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise UsageError(
            f"the setting `catalogue` names no database that works here ({error}): for PostgreSQL it is "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME, with pip install 'kobunko[postgres]'."
        ) from error
    settings = []
    if engine.dialect.name == "sqlite":
        settings += ["PRAGMA busy_timeout=30000", "PRAGMA foreign_keys=ON"]
        settings += ["PRAGMA query_only=ON"] if read_only else ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"]
    elif read_only:
        settings += ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"]

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()
        connection.commit()

    return engine


def _migrate(engine: Engine) -> None:
    """Brings the schema to this version. alembic is only loaded when there is something to do."""
    if sa.inspect(engine).has_table("alembic_version"):
        with engine.connect() as connection:
            if connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == tables.REVISION:
                return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UsageError(f"the catalogue is of another version of Kobunko ({error}): use that one.") from error


class Database:
    """A connection to it, and what is the same for every table."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """`read_only` is for services: the database itself then refuses to write, and nothing is migrated."""
        self._engine = _engine(url, read_only=read_only)
        try:
            if not read_only:
                _migrate(self._engine)
                return
            there = sa.inspect(self._engine).has_table(tables.documents.name)
        except sa.exc.DBAPIError as error:
            raise Unreachable(
                f"the catalogue at {self._engine.url} cannot be opened ({error.orig}): see that its database runs and "
                "lets us in; `kobunko restore` or `rebuild` give a damaged one back."
            ) from error
        if not there:
            raise NotFound(f"there is no catalogue at {self._engine.url}: run any other command on this home first.")

    def close(self) -> None:
        self._engine.dispose()

    def compact(self) -> None:
        """Leaves nothing of deleted or overwritten rows in the files of an embedded catalogue."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(sa.text("VACUUM"))
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))

    @property
    def has_server(self) -> bool:
        """Whether processes of several hosts can be connected to it at a time."""
        return self._engine.dialect.name == "postgresql"

    def turns(self) -> AbstractContextManager[Turns]:
        """Which host works on what; see `kobunko.turns`."""
        return turns(self._engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: when it returns, what was written survives a power cut."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """For reading many tables as they were at one moment."""
        level = "REPEATABLE READ" if self._engine.dialect.name == "postgresql" else "SERIALIZABLE"
        with self._engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
            yield connection

    def upsert(self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts rows, or replaces those that have the same primary key."""
        if not rows:
            return
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table)
        keys = [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))

    def rows(self, query: sa.Select[Any], values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [_utc(dict(row)) for row in connection.execute(query, values or {}).mappings()]


def _utc(row: dict[str, Any]) -> dict[str, Any]:
    return {name: aware(value) if isinstance(value, datetime) else value for name, value in row.items()}


def aware(moment: datetime) -> datetime:
    """SQLite forgets time zones; everything in the catalogue is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
