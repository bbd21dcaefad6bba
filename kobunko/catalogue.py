"""The catalogue: what was captured, which documents it makes, what is queued, what ran.

SQLite in the home by default (WAL, `synchronous=FULL`, one writer), PostgreSQL by URL. It holds references and
short facts, never text: everything in it can be rebuilt from WARC files and releases.
"""

import dataclasses
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from kobunko import tables
from kobunko.errors import NotFound, Unreachable, UsageError
from kobunko.ids import url_key
from kobunko.records import Capture, Document, arrow_schema, from_row, to_row
from kobunko.turns import Turns, turns

MIGRATIONS = Path(__file__).parent / "migrations"
_HEADERS = ("tdm-reservation", "tdm-policy", "x-robots-tag", "content-usage", "content-signal", "rsl")
_META = ("robots", "tdm-reservation", "tdm-policy", "content-usage", "content-signal", "rsl")
_HOST = (
    *("robots-ai-agents", "robots-content-signal", "robots-content-usage", "robots-rsl"),
    *("tdmrep-reservation", "tdmrep-policy"),
)
_OPT_OUT_WORDS = (
    *("tdm-reservation", "content-usage", "content-signal", "noai", "noimageai"),
    *("robots-ai-agents", 'rsl"', "tdmrep-reservation"),
)
# As they stand in `Capture.headers`: of the answer, of the page in it, and of its host when it was asked.
OPT_OUT_HEADERS = (*_HEADERS, *(f"meta-{name}" for name in _META), *_HOST)

# What a crawl asks for each answer, built once: building a statement takes longer than the database takes for it.
_CAPTURES = sa.select(tables.captures).where(tables.captures.c.url_key == sa.bindparam("url"))
_CAPTURES = _CAPTURES.order_by(tables.captures.c.sequence.desc()).limit(sa.bindparam("most"))
_GOOD_CAPTURES = _CAPTURES.where(tables.captures.c.status.in_([200, 304]))
_VERSIONS = sa.select(tables.documents.c.doc_id, tables.documents.c.input_sha256)
_VERSIONS = _VERSIONS.where(tables.documents.c.work_id == sa.bindparam("work"))


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


class Catalogue:
    """All queries of the project in one place. Methods that write take part in the surrounding `transaction`."""

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

    # captures

    def next_sequence(self) -> int:
        """One more than the highest `sequence` of any capture."""
        with self._engine.connect() as connection:
            return 1 + (connection.scalar(sa.select(sa.func.max(tables.captures.c.sequence))) or 0)

    def add_captures(self, connection: Connection, run_id: str, captures: Iterable[tuple[int, Capture]]) -> None:
        extra = {"run_id": run_id}
        rows = [to_row(c) | extra | {"url_key": url_key(c.url), "sequence": number} for number, c in captures]
        self.upsert(connection, tables.captures, rows)

    def latest_capture(self, url: str) -> Capture | None:
        """The newest successful capture of a URL, a revisit standing for the body that it confirms."""
        found = self.captures_of(url, limit=1, ok=True)
        return found[0] if found else None

    def captures_of(self, url: str, *, limit: int = 100, ok: bool = False) -> list[Capture]:
        """Captures of a URL, newest first."""
        wanted = {"url": url_key(url), "most": limit}
        return [from_row(Capture, row) for row in self.rows(_GOOD_CAPTURES if ok else _CAPTURES, wanted)]

    def capture(self, capture_id: str) -> Capture | None:
        found = self.rows(sa.select(tables.captures).where(tables.captures.c.capture_id == capture_id))
        return from_row(Capture, found[0]) if found else None

    def captures_by_sha256(self, sha256: str) -> list[Capture]:
        table = tables.captures
        query = sa.select(table).where(table.c.sha256 == sha256).order_by(table.c.sequence)
        return [from_row(Capture, row) for row in self.rows(query)]

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
        self.upsert(connection, tables.documents, rows)
        self.upsert(connection, tables.parts, part_rows)

    def document_ids(
        self,
        *,
        source: str = "",
        url: str = "",
        sha256: str = "",
        work_id: str = "",
        source_key: str = "",
        host: str = "",
    ) -> list[str]:
        """Ids of documents of a source, at a URL, made from given raw bytes, of one work or source key, or whose URL
        names a host; sorted."""
        document, part = tables.documents, tables.parts
        query = sa.select(document.c.doc_id).order_by(document.c.doc_id)
        if source:
            query = query.where(document.c.source == source)
        if work_id:
            query = query.where(document.c.work_id == work_id)
        if source_key:
            query = query.where(document.c.source_key == source_key)
        if host:
            query = query.where(sa.func.lower(document.c.url).contains(host, autoescape=True))
        if url:
            at_url = sa.select(part.c.doc_id).join(tables.captures, tables.captures.c.capture_id == part.c.capture_id)
            at_url = at_url.where(tables.captures.c.url_key == url_key(url))
            query = query.where((document.c.url_key == url_key(url)) | document.c.doc_id.in_(at_url))
        if sha256:
            query = query.where(document.c.doc_id.in_(sa.select(part.c.doc_id).where(part.c.sha256 == sha256)))
        return [row["doc_id"] for row in self.rows(query)]

    def documents(self, ids: Sequence[str]) -> list[Document]:
        """Documents with their parts, in the order of their ids."""
        names = [item.name for item in dataclasses.fields(Document)]
        return [from_row(Document, row) for row in self.document_table(names, ids).to_pylist()]

    def document_table(
        self, columns: Sequence[str], ids: Sequence[str] | None = None, between: tuple[str, str] | None = None
    ) -> pa.Table:
        """Columns of documents in the order of their ids: fields of `Document`, and `signals`, the opt-outs of their
        URLs as JSON."""
        schema, table = arrow_schema(Document), tables.documents
        wanted = dict.fromkeys(["doc_id", *(name for name in columns if name in table.c), "url"])
        query = _some(sa.select(*(table.c[name] for name in wanted)), self._ordered(table), ids, between)
        found = self._columns(query)
        if "parts" in columns or "signals" in columns:
            found["parts"] = self._parts(found["doc_id"], schema.field("parts").type, ids, between)
        if "signals" in columns:
            found["signals"] = self._signals(found["url"], found["parts"])
        asked = dict.fromkeys(["doc_id", *columns])
        fields = [schema.field(name) if name in schema.names else pa.field(name, pa.string()) for name in asked]
        return pa.table([pa.array(found[field.name], field.type) for field in fields], schema=pa.schema(fields))

    def _columns(self, query: sa.Select[Any]) -> dict[str, Any]:
        """The answer column by column, because rows of objects cost ten times as much."""
        with self._engine.connect() as connection:
            result = connection.execute(query)
            names, rows = list(result.keys()), result.fetchall()
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        return dict(zip(names, columns, strict=True))

    def _parts(
        self, names: Sequence[str], kind: pa.ListType, ids: Sequence[str] | None, between: tuple[str, str] | None
    ) -> pa.ListArray:
        """The parts of documents; `names` are the ids of all that were asked for, in order."""
        table, fields = tables.parts, list(kind.value_type)
        query = sa.select(table.c.doc_id, *(table.c[field.name] for field in fields))
        found = self._columns(_some(query, self._ordered(table), ids, between).order_by(table.c.position))
        found["fetched_at"] = [moment and _aware(moment) for moment in found["fetched_at"]]
        values = pa.StructArray.from_arrays([pa.array(found[item.name], item.type) for item in fields], fields=fields)
        counts = Counter(found["doc_id"])
        return pa.ListArray.from_arrays([0, *accumulate(counts[name] for name in names)], values, type=kind)

    def _signals(self, urls: Sequence[str], parts: pa.ListArray) -> list[str]:
        """For each document what its URLs say against training."""
        rows = zip(urls, parts.to_pylist(), strict=True)
        keys = [sorted({url_key(url) for url in (own, *(part["url"] for part in found))}) for own, found in rows]
        known = self.opt_outs(sorted(set().union(*keys)))
        return [_merged(known[url] for url in names if url in known) for names in keys]

    def inputs(
        self, source: str = "", ids: Sequence[str] | None = None, between: tuple[str, str] | None = None
    ) -> list[tuple[str, str]]:
        """`(doc_id, input_sha256)` of all documents, or some, sorted: what each stage must have a row for."""
        table = tables.documents
        query = _some(sa.select(table.c.doc_id, table.c.input_sha256), self._ordered(table), ids, between)
        if source:
            query = query.where(table.c.source == source)
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query).all()]

    def versions_of(self, work_id: str) -> dict[str, str]:
        """`input_sha256` of every version of a work, by document id."""
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(_VERSIONS, {"work": work_id})}

    def ids_after(self, last: str, limit: int) -> list[str]:
        """The ids that follow one."""
        ordered = self._ordered(tables.documents)
        query = sa.select(tables.documents.c.doc_id).where(ordered > last).order_by(ordered).limit(limit)
        with self._engine.connect() as connection:
            return list(connection.scalars(query).all())

    def _ordered(self, table: sa.Table) -> sa.ColumnElement[str]:
        """Ids in the order of their characters, which is not that of every locale of a database."""
        return sa.collate(table.c.doc_id, "BINARY" if self._engine.dialect.name == "sqlite" else "C")

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
        return [row | {"summary": json.loads(row["summary"])} for row in self.rows(query)]

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
            self.upsert(connection, tables.releases, [row])

    def update_release(self, version: str, **values: Any) -> None:
        table = tables.releases
        with self.transaction() as connection:
            connection.execute(sa.update(table).where(table.c.version == version).values(**values))

    def releases(self) -> list[dict[str, Any]]:
        rows = self.rows(sa.select(tables.releases).order_by(tables.releases.c.version))
        return [row | {"published_to": json.loads(row["published_to"])} for row in rows]

    def remove(self, doc_id: str, raw_sha256: str, reason: str) -> None:
        """Keeps one document out of every later release; `kobunko.removals` binds copies and versions too."""
        now, request_id = datetime.now(UTC), f"removal-{doc_id}"
        request = {"request_id": request_id, "kind": "document", "target": doc_id, "reason": "preference"}
        bound = {"request_id": request_id, "relation": "named", "minhash": None, "bound_at": now}
        things = [("document", doc_id), *([("sha256", raw_sha256)] if raw_sha256 else [])]
        with self.transaction() as connection:
            told = {"note": reason, "requested_at": now, "deadline": None, "purged_at": None}
            self.upsert(connection, tables.removal_requests, [request | told])
            self.upsert(connection, tables.tombstones, [bound | {"kind": k, "value": v} for k, v in things])

    def removed(self, ids: Sequence[str] | None = None) -> set[str]:
        """Ids of documents (or which of these) that no stage and no release may use."""
        table = tables.tombstones
        query = sa.select(table.c.value).where(table.c.kind == "document")
        if ids is not None:
            query = query.where(table.c.value.in_(ids))
        return {row["value"] for row in self.rows(query)}

    def withheld(self) -> set[str]:
        """Ids of new documents of a source whose terms changed and were not read yet (`kobunko rights review`)."""
        return {row["doc_id"] for row in self.rows(sa.select(tables.withheld.c.doc_id))}

    def tombstones(self) -> frozenset[tuple[str, str]]:
        """Everything that removals bind, as `(kind, value)`; a URL stands there by its key."""
        table = tables.tombstones
        return frozenset((row["kind"], row["value"]) for row in self.rows(sa.select(table.c.kind, table.c.value)))

    # rights

    def add_terms_review(self, review: Mapping[str, Any]) -> None:
        """Records what a person decided of a terms page; a later decision on the same bytes takes its place."""
        with self.transaction() as connection:
            self.upsert(connection, tables.terms_reviews, [review])

    def terms_reviews(self) -> list[dict[str, Any]]:
        """Every decision on a terms page, oldest first."""
        table = tables.terms_reviews
        return self.rows(sa.select(table).order_by(table.c.reviewed_at, table.c.host, table.c.sha256))

    def opt_outs(self, url_keys: Sequence[str] | None = None) -> dict[str, dict[str, str]]:
        """Opt-out signals of the newest answer to every URL (or to these) that carried one, by URL key."""
        table, other = tables.captures, tables.captures.alias()
        newest = sa.select(sa.func.max(other.c.sequence)).where(other.c.url_key == table.c.url_key).scalar_subquery()
        query = sa.select(table.c.url_key, table.c.headers).where(table.c.sequence == newest)
        query = query.where(sa.or_(*(table.c.headers.contains(word) for word in _OPT_OUT_WORDS)))
        if url_keys is not None:
            query = query.where(table.c.url_key.in_(url_keys))
        found = {}
        for row in self.rows(query):
            headers = json.loads(row["headers"])
            found[row["url_key"]] = {name: headers[name] for name in OPT_OUT_HEADERS if name in headers}
        return found


def _some(
    query: sa.Select[Any],
    ordered: sa.ColumnElement[str],
    ids: Sequence[str] | None,
    between: tuple[str, str] | None,
) -> sa.Select[Any]:
    """The rows of some documents, or of those from one id to another, in the order of their ids."""
    if ids is not None:
        query = query.where(ordered.in_(ids))
    if between is not None:
        query = query.where(ordered >= between[0], ordered <= between[1])  # BETWEEN takes no COLLATE in PostgreSQL
    return query.order_by(ordered)


def _merged(signals: Iterable[Mapping[str, str]]) -> str:
    """Signals of several answers as one: what any of them says is kept."""
    result: dict[str, str] = {}
    for found in signals:
        for name, value in found.items():
            known = result.get(name)
            result[name] = value if known in (None, value) else f"{known}, {value}"
    return json.dumps(result, ensure_ascii=False, sort_keys=True)


def _utc(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _aware(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _aware(moment: datetime) -> datetime:
    """SQLite forgets time zones; everything in the catalogue is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
