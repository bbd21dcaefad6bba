"""The catalogue: what was captured, which documents it makes, what is queued, what ran.

SQLite in the home by default (WAL, `synchronous=FULL`, one writer), PostgreSQL by URL. It holds references and
short facts, never text: everything in it can be rebuilt from WARC files and releases.
"""

import dataclasses
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from operator import attrgetter
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko import tables
from kobunko.database import Database, aware
from kobunko.ids import url_key
from kobunko.records import Capture, Document, Part, arrow_schema, from_row, to_row

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

# What a crawl asks for each answer, and a lookup for each document, built once: building a statement takes longer than
# the database takes for it.
_CAPTURES = sa.select(tables.captures).where(tables.captures.c.url_key == sa.bindparam("url"))
_CAPTURES = _CAPTURES.order_by(tables.captures.c.sequence.desc()).limit(sa.bindparam("most"))
_GOOD_CAPTURES = _CAPTURES.where(tables.captures.c.status.in_([200, 304]))
_VERSIONS = sa.select(tables.documents.c.doc_id, tables.documents.c.input_sha256)
_VERSIONS = _VERSIONS.where(tables.documents.c.work_id == sa.bindparam("work"))
_IDS = sa.bindparam("ids", type_=sa.String, expanding=True)
_OWN = [item.name for item in dataclasses.fields(Document) if item.name != "parts"]
_DOCUMENTS = sa.select(*(tables.documents.c[name] for name in _OWN))
_DOCUMENTS = _DOCUMENTS.where(tables.documents.c.doc_id.in_(_IDS))
_PARTS = sa.select(tables.parts.c.doc_id, *(tables.parts.c[item.name] for item in dataclasses.fields(Part)))
_PARTS = _PARTS.where(tables.parts.c.doc_id.in_(_IDS)).order_by(tables.parts.c.position)
_KNOWN = sa.select(tables.documents.c.doc_id).where(tables.documents.c.doc_id.in_(_IDS))
_REMOVED = sa.select(tables.tombstones.c.value).where(tables.tombstones.c.kind == "document")
_REMOVED_OF = _REMOVED.where(tables.tombstones.c.value.in_(_IDS))


class Catalogue(Database):
    """All queries of the project in one place. Methods that write take part in the surrounding `transaction`."""

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
        parts: dict[str, list[Part]] = defaultdict(list)
        for row in self.rows(_PARTS, {"ids": ids}):
            parts[row.pop("doc_id")].append(Part(**row))
        found = [Document(**row, parts=parts[row["doc_id"]]) for row in self.rows(_DOCUMENTS, {"ids": ids})]
        return sorted(found, key=attrgetter("doc_id"))

    def document_table(
        self, columns: Sequence[str], ids: Sequence[str] | None = None, between: tuple[str, str] | None = None
    ) -> pa.Table:
        """Columns of documents in the order of their ids: fields of `Document`, and `signals`, the opt-outs of their
        URLs as JSON."""
        schema, table = arrow_schema(Document), tables.documents
        wanted = dict.fromkeys(["doc_id", *(name for name in columns if name in table.c), "url"])
        query = self._some(sa.select(*(table.c[name] for name in wanted)), table, ids, between)
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
        found = self._columns(self._some(query, table, ids, between).order_by(table.c.position))
        found["fetched_at"] = [moment and aware(moment) for moment in found["fetched_at"]]
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
        query = self._some(sa.select(table.c.doc_id, table.c.input_sha256), table, ids, between)
        if source:
            query = query.where(table.c.source == source)
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query).all()]

    def known(self, ids: Sequence[str]) -> list[str]:
        """Which of these are ids of documents."""
        return [row["doc_id"] for row in self.rows(_KNOWN, {"ids": ids})]

    def versions_of(self, work_id: str) -> dict[str, str]:
        """`input_sha256` of every version of a work, by document id."""
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(_VERSIONS, {"work": work_id})}

    def range_after(self, last: str, limit: int) -> tuple[str, str] | None:
        """The first and the last of so many ids that follow one; none where it is the last of all."""
        ordered = self._ordered(tables.documents)
        following = sa.select(ordered.label("id")).where(ordered > last).order_by(ordered).limit(limit).subquery()
        with self._engine.connect() as connection:
            first, last = connection.execute(sa.select(sa.func.min(following.c.id), sa.func.max(following.c.id))).one()
        return (first, last) if first else None

    def _some(
        self, query: sa.Select[Any], table: sa.Table, ids: Sequence[str] | None, between: tuple[str, str] | None
    ) -> sa.Select[Any]:
        """The rows of some documents, or of those from one id to another, in the order of their ids."""
        ordered = self._ordered(table)
        if ids is not None:
            query = query.where(table.c.doc_id.in_(ids))  # as it stands: its index has the order of the database
        if between is not None:
            query = query.where(ordered >= between[0], ordered <= between[1])  # BETWEEN takes no COLLATE in PostgreSQL
        return query.order_by(ordered)

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
        rows = self.rows(_REMOVED) if ids is None else self.rows(_REMOVED_OF, {"ids": ids})
        return {row["value"] for row in rows}

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


def _merged(signals: Iterable[Mapping[str, str]]) -> str:
    """Signals of several answers as one: what any of them says is kept."""
    result: dict[str, str] = {}
    for found in signals:
        for name, value in found.items():
            known = result.get(name)
            result[name] = value if known in (None, value) else f"{known}, {value}"
    return json.dumps(result, ensure_ascii=False, sort_keys=True)
