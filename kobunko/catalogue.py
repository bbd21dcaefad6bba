"""The catalogue: what was captured, which documents it makes, what is queued, what ran.

SQLite in the home by default (WAL, `synchronous=FULL`, one writer), PostgreSQL by URL. It holds references and
short facts, never text: everything in it can be rebuilt from WARC files and releases.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from kobunko import tables
from kobunko.errors import NotFound
from kobunko.ids import url_key
from kobunko.records import Capture, Document, arrow_schema, from_row, to_row

MIGRATIONS = Path(__file__).parent / "migrations"


def _engine(url: str, *, read_only: bool) -> Engine:
    engine = sa.create_engine(url)
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

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class Catalogue:
    """All queries of the project in one place. Methods that write take part in the surrounding `transaction`."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """`read_only` is for services: the database itself then refuses to write, and nothing is migrated."""
        self._engine = _engine(url, read_only=read_only)
        if not read_only:
            _migrate(self._engine)
        elif not sa.inspect(self._engine).has_table(tables.documents.name):
            raise NotFound(f"there is no catalogue at {self._engine.url}: run any other command on this home first.")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: when it returns, what was written survives a power cut."""
        with self._engine.begin() as connection:
            yield connection

    def _upsert(self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts rows, or replaces those that have the same primary key."""
        if not rows:
            return
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table)
        keys = [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))

    def _rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [_utc(dict(row)) for row in connection.execute(query).mappings()]

    # captures

    def next_sequence(self) -> int:
        """One more than the highest `sequence` of any capture."""
        with self._engine.connect() as connection:
            return 1 + (connection.scalar(sa.select(sa.func.max(tables.captures.c.sequence))) or 0)

    def add_captures(self, connection: Connection, run_id: str, captures: Iterable[tuple[int, Capture]]) -> None:
        extra = {"run_id": run_id}
        rows = [to_row(c) | extra | {"url_key": url_key(c.url), "sequence": number} for number, c in captures]
        self._upsert(connection, tables.captures, rows)

    def latest_capture(self, url: str) -> Capture | None:
        """The newest successful capture of a URL, a revisit standing for the body that it confirms."""
        found = self.captures_of(url, limit=1, ok=True)
        return found[0] if found else None

    def captures_of(self, url: str, *, limit: int = 100, ok: bool = False) -> list[Capture]:
        """Captures of a URL, newest first."""
        table = tables.captures
        query = sa.select(table).where(table.c.url_key == url_key(url))
        if ok:
            query = query.where(table.c.status.in_([200, 304]))
        return [from_row(Capture, row) for row in self._rows(query.order_by(table.c.sequence.desc()).limit(limit))]

    def captures_by_sha256(self, sha256: str) -> list[Capture]:
        table = tables.captures
        query = sa.select(table).where(table.c.sha256 == sha256).order_by(table.c.sequence)
        return [from_row(Capture, row) for row in self._rows(query)]

    # documents

    def add_documents(self, connection: Connection, run_id: str, documents: Iterable[Document]) -> None:
        """Adds documents with their parts; the same `doc_id` with other input replaces what it was made from."""
        rows, part_rows = [], []
        for document in documents:
            row = to_row(document)
            part_rows += [part | {"doc_id": document.doc_id, "position": n} for n, part in enumerate(row.pop("parts"))]
            rows.append(row | {"run_id": run_id, "url_key": url_key(document.url)})
        if rows:
            ids = [row["doc_id"] for row in rows]
            connection.execute(sa.delete(tables.parts).where(tables.parts.c.doc_id.in_(ids)))
        self._upsert(connection, tables.documents, rows)
        self._upsert(connection, tables.parts, part_rows)

    def document_ids(
        self, *, source: str = "", url: str = "", sha256: str = "", work_id: str = "", source_key: str = ""
    ) -> list[str]:
        """Ids of documents of a source, at a URL, made from given raw bytes, of one work or source key; sorted."""
        document, part = tables.documents, tables.parts
        query = sa.select(document.c.doc_id).order_by(document.c.doc_id)
        if source:
            query = query.where(document.c.source == source)
        if work_id:
            query = query.where(document.c.work_id == work_id)
        if source_key:
            query = query.where(document.c.source_key == source_key)
        if url:
            at_url = sa.select(part.c.doc_id).join(tables.captures, tables.captures.c.capture_id == part.c.capture_id)
            at_url = at_url.where(tables.captures.c.url_key == url_key(url))
            query = query.where((document.c.url_key == url_key(url)) | document.c.doc_id.in_(at_url))
        if sha256:
            query = query.where(document.c.doc_id.in_(sa.select(part.c.doc_id).where(part.c.sha256 == sha256)))
        return [row["doc_id"] for row in self._rows(query)]

    def documents(self, ids: Sequence[str]) -> list[Document]:
        """Documents with their parts, in the order of their ids."""
        document, part = tables.documents, tables.parts
        by_id: dict[str, list[dict[str, Any]]] = {name: [] for name in ids}
        for row in self._rows(sa.select(part).where(part.c.doc_id.in_(ids)).order_by(part.c.doc_id, part.c.position)):
            by_id[row["doc_id"]].append(row)
        found = self._rows(sa.select(document).where(document.c.doc_id.in_(ids)).order_by(document.c.doc_id))
        return [from_row(Document, row | {"parts": by_id[row["doc_id"]]}) for row in found]

    def document_table(self, ids: Sequence[str]) -> pa.Table:
        """The same as an Arrow table with the schema of `Document`."""
        return pa.Table.from_pylist([to_row(d) for d in self.documents(ids)], schema=arrow_schema(Document))

    def inputs(self, source: str = "", ids: Sequence[str] | None = None) -> list[tuple[str, str]]:
        """`(doc_id, input_sha256)` of all documents, or those of `ids`, sorted: what each stage must have a row for."""
        table = tables.documents
        query = sa.select(table.c.doc_id, table.c.input_sha256).order_by(table.c.doc_id)
        if source:
            query = query.where(table.c.source == source)
        if ids is not None:
            query = query.where(table.c.doc_id.in_(ids))
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def sources_of(self) -> dict[str, str]:
        """Source of every document by id."""
        table = tables.documents
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(sa.select(table.c.doc_id, table.c.source))}

    def documents_by_source(self) -> dict[str, int]:
        """How many documents each source has."""
        table = tables.documents
        query = sa.select(table.c.source, sa.func.count()).group_by(table.c.source).order_by(table.c.source)
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def counts(self) -> dict[str, int]:
        with self._engine.connect() as connection:
            return {
                table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (tables.captures, tables.documents)
            }

    # runs

    def start_run(self, kind: str, subject: str = "") -> str:
        """Opens a run and returns its id, which sorts by time. Runs that a crash left open become `interrupted`."""
        now = datetime.now(UTC)
        run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        row = {"run_id": run_id, "kind": kind, "subject": subject, "state": "running", "started_at": now}
        with self.transaction() as connection:
            connection.execute(sa.insert(tables.runs).values(**row, summary="{}"))
        return run_id

    def interrupt_open_runs(self) -> int:
        """Marks runs that never ended; call it only while holding the home's lock."""
        table = tables.runs
        with self.transaction() as connection:
            stale = sa.update(table).where(table.c.state == "running").values(state="interrupted")
            return connection.execute(stale).rowcount

    def finish_run(self, run_id: str, state: str, summary: Mapping[str, Any]) -> None:
        table = tables.runs
        text = json.dumps(summary, ensure_ascii=False, sort_keys=True)
        values = {"state": state, "finished_at": datetime.now(UTC), "summary": text}
        with self.transaction() as connection:
            connection.execute(sa.update(table).where(table.c.run_id == run_id).values(**values))

    def runs(self, limit: int = 20, kind: str = "", subject: str = "") -> list[dict[str, Any]]:
        """Newest first, `summary` as a mapping."""
        table = tables.runs
        query = sa.select(table).order_by(table.c.started_at.desc(), table.c.run_id.desc()).limit(limit)
        if kind:
            query = query.where(table.c.kind == kind)
        if subject:
            query = query.where(table.c.subject == subject)
        return [row | {"summary": json.loads(row["summary"])} for row in self._rows(query)]

    # releases and removals

    def add_release(self, version: str, profile: str, manifest_sha256: str, documents: int) -> None:
        row = {
            "version": version,
            "profile": profile,
            "built_at": datetime.now(UTC),
            "manifest_sha256": manifest_sha256,
            "documents": documents,
            "verified": False,
            "published_to": "[]",
        }
        with self.transaction() as connection:
            self._upsert(connection, tables.releases, [row])

    def update_release(self, version: str, **values: Any) -> None:
        table = tables.releases
        with self.transaction() as connection:
            connection.execute(sa.update(table).where(table.c.version == version).values(**values))

    def releases(self) -> list[dict[str, Any]]:
        rows = self._rows(sa.select(tables.releases).order_by(tables.releases.c.version))
        return [row | {"published_to": json.loads(row["published_to"])} for row in rows]

    def remove(self, doc_id: str, raw_sha256: str, reason: str) -> None:
        """Keeps a document out of every later release."""
        row = {"doc_id": doc_id, "raw_sha256": raw_sha256, "reason": reason, "requested_at": datetime.now(UTC)}
        with self.transaction() as connection:
            self._upsert(connection, tables.removals, [row])

    def removed(self) -> set[str]:
        """Ids of documents that must not be in a release."""
        return {row["doc_id"] for row in self._rows(sa.select(tables.removals.c.doc_id))}


def _utc(row: dict[str, Any]) -> dict[str, Any]:
    """SQLite forgets time zones; everything in the catalogue is UTC."""
    for name, value in row.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            row[name] = value.replace(tzinfo=UTC)
    return row
