"""Removals: requests to take documents out, and the tombstones that keep them out.

A request names a document, a URL, raw bytes or a passage. It binds the document, every version of its work, every
document from the same bytes, and near copies of their texts, also those that come later. What is bound is known by
ids, URL keys, hashes and signatures: no tombstone holds any of the content. A tombstone stays when the bytes are gone.
A passage is looked for in every later text by the stage `withdrawn`.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus
from kobunko.errors import NotFound, UsageError
from kobunko.ids import url_key
from kobunko.quoted import Quoted, quoted, unpacked, words_of
from kobunko.records import Document
from kobunko.tables import removal_requests, tombstones

REASONS = ("source-withdrew", "personal-data", "rights-holder", "preference", "my-number")
DAYS = {"my-number": 0, "personal-data": 7, "source-withdrew": 30, "rights-holder": 14, "preference": 30}
SIMILAR = 0.8  # estimated Jaccard similarity of texts, the same bound as of near duplicates
_SIGNATURE = ("signature.key_sha256", "signature.minhash")
Thing = tuple[str, str, str, bytes | None]  # kind, value, relation, minhash


@dataclass(frozen=True, slots=True)
class Target:
    """What a request names. `value` of a passage is its SHA-256: the words themselves are kept nowhere."""

    kind: str  # document | url | sha256 | passage
    value: str
    doc_ids: tuple[str, ...]  # the documents that it names today
    quoted: Quoted | None = None  # by which a passage is known again


def add(catalogue: Catalogue, target: Target, reason: str, note: str = "", deadline: datetime | None = None) -> str:
    """Records a request and binds what it names at once; returns its id. `apply` binds copies and versions."""
    if reason not in REASONS:
        raise UsageError(f"{reason!r} is no class of removal: use one of {', '.join(REASONS)}.")
    now = datetime.now(UTC)
    request_id = f"removal-{now:%Y%m%d}-{secrets.token_hex(4)}"
    request = {
        "request_id": request_id,
        "kind": target.kind,
        "target": target.value,
        "reason": reason,
        "note": note,
        "requested_at": now,
        "deadline": deadline or now + timedelta(days=DAYS[reason]),
        "purged_at": None,
    }
    with catalogue.transaction() as connection:
        catalogue.upsert(connection, removal_requests, [request])
        bound: list[Thing] = [("document", doc_id, "named", None) for doc_id in target.doc_ids]
        if target.kind != "document":
            bound.append((target.kind, target.value, "named", target.quoted.packed() if target.quoted else None))
        _bind(catalogue, connection, request_id, bound)
    return request_id


def named(catalogue: Catalogue, kind: str, value: str) -> Target:
    """The target of a request that names a `document`, a `url` or the `sha256` of raw bytes.

    A URL or hash may name nothing that is held: then it is kept out from now on. A document has to exist.
    """
    if kind == "document":
        if not catalogue.documents([value]):
            raise NotFound(f"no document has the id {value!r}: `kobunko lookup` finds it by URL or hash.")
        return Target(kind, value, (value,))
    if kind == "url":
        return Target(kind, url_key(value), tuple(catalogue.document_ids(url=value)))
    return Target(kind, value.lower(), tuple(catalogue.document_ids(sha256=value.lower())))


def passage(corpus: Corpus, words: str) -> Target:
    """The target of a request that quotes a passage: every document whose text holds it, space and width aside."""
    wanted = words_of(words)
    if len(wanted) < 10:
        raise UsageError("a passage of fewer than 10 characters names too much: quote more of it.")
    found: list[str] = []
    for chunk in corpus.chunks(np.arange(len(corpus)), ["text.text"]):
        for doc_id, text in zip(chunk["doc_id"].to_pylist(), chunk["text.text"].to_pylist(), strict=True):
            if text and wanted in words_of(text):
                found.append(doc_id)
    if not found:
        raise NotFound("no text of this home holds the passage: quote it as it stands, or name the URL.")
    mark = quoted(wanted)
    return Target("passage", mark.sha256, tuple(found), mark)


def passages(catalogue: Catalogue) -> list[Quoted]:
    """Every passage that a request names, as the stage `withdrawn` looks for it; sorted."""
    query = sa.select(tombstones).where((tombstones.c.kind == "passage") & tombstones.c.minhash.is_not(None))
    return [unpacked(row["value"], row["minhash"]) for row in catalogue.rows(query.order_by(tombstones.c.value))]


def seal(catalogue: Catalogue, corpus: Corpus) -> list[str]:
    """Requests for documents that hold a 個人番号, which nobody may keep: sealed now, to be erased at once."""
    sealed: list[str] = []
    for chunk in corpus.chunks(np.flatnonzero(~corpus.removed), ["privacy.action"]):
        for doc_id, action in zip(chunk["doc_id"].to_pylist(), chunk["privacy.action"].to_pylist(), strict=True):
            if action == "quarantine":
                add(catalogue, Target("document", doc_id, (doc_id,)), "my-number", "found by the stage privacy")
                sealed.append(doc_id)
    return sealed


def overdue(catalogue: Catalogue, now: datetime) -> list[dict[str, Any]]:
    """Requests whose bytes should have been erased by now."""
    return [
        row for row in requests(catalogue) if row["purged_at"] is None and row["deadline"] and row["deadline"] <= now
    ]


def apply(catalogue: Catalogue, corpus: Corpus) -> dict[str, list[str]]:
    """Binds versions, copies and near copies of everything that requests name; newly bound ids by request.

    It runs after every batch, so that a copy which arrives later is bound as well.
    """
    newly: dict[str, list[str]] = {}
    for request in requests(catalogue):
        held = _tombstones(catalogue, request["request_id"])
        before = catalogue.removed()
        bound = _closure(catalogue, corpus, held)
        things = _things(catalogue, corpus, bound)
        known = {(row["kind"], row["value"]) for row in held if row["minhash"] or row["kind"] != "text"}
        fresh = [thing for thing in things if thing[:2] not in known]
        if fresh:
            with catalogue.transaction() as connection:
                _bind(catalogue, connection, request["request_id"], fresh)
        if gained := sorted(set(bound) - before):
            newly[request["request_id"]] = gained
    return newly


def _closure(catalogue: Catalogue, corpus: Corpus, held: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Every document that the tombstones of one request mean, with its relation to what was named."""
    bound = {row["value"]: row["relation"] for row in held if row["kind"] == "document"}

    def gain(ids: Iterable[str], relation: str) -> None:
        for doc_id in ids:
            bound.setdefault(doc_id, relation)

    for row in held:
        if row["kind"] == "url":
            gain(catalogue.document_ids(url=row["value"]), "named")
        elif row["kind"] == "work":
            gain(catalogue.document_ids(work_id=row["value"]), "version")
    gain(_quoting(corpus, {row["value"] for row in held if row["kind"] == "passage"}), "passage")
    for document in catalogue.documents([doc for doc, relation in bound.items() if relation == "named"]):
        gain(catalogue.document_ids(work_id=document.work_id), "version")
    _gain_copies(catalogue, bound, held)
    signatures = [(row["value"], row["minhash"]) for row in held if row["kind"] == "text"]
    gain(_near(corpus, bound, signatures), "near-duplicate")
    _gain_copies(catalogue, bound, held)
    return bound


def _quoting(corpus: Corpus, wanted: set[str]) -> list[str]:
    """Documents whose text holds one of these passages, as far as the stage `withdrawn` has looked."""
    if not wanted or "withdrawn" not in corpus.stages:
        return []
    found: list[str] = []
    for chunk in corpus.chunks(np.arange(len(corpus)), ["withdrawn.passages"]):
        rows = zip(chunk["doc_id"].to_pylist(), chunk["withdrawn.passages"].to_pylist(), strict=True)
        found += [doc_id for doc_id, passages in rows if wanted.intersection(passages or ())]
    return found


def _gain_copies(catalogue: Catalogue, bound: dict[str, str], held: Sequence[Mapping[str, Any]]) -> None:
    hashes = {
        part.sha256 for document in catalogue.documents(sorted(bound)) for part in document.own_parts if part.size
    }
    hashes |= {row["value"] for row in held if row["kind"] == "sha256"}
    for sha256 in sorted(hashes):
        for doc_id in catalogue.document_ids(sha256=sha256):
            bound.setdefault(doc_id, "same-bytes")


def _near(corpus: Corpus, bound: Mapping[str, str], held: Sequence[tuple[str, bytes | None]]) -> list[str]:
    """Documents whose text is that of a bound one, or nearly."""
    ids, keys, signatures = _signatures(corpus)
    mine = np.array([doc_id in bound for doc_id in ids], dtype=bool)
    wanted_keys = {key for key, _ in held} | {key for key, is_mine in zip(keys, mine, strict=True) if is_mine}
    known = [np.frombuffer(minhash, dtype="<u4") for _, minhash in held if minhash]
    near = np.array([key in wanted_keys for key in keys], dtype=bool)
    for signature in (*known, *signatures[mine]):
        near |= np.mean(signatures == signature, axis=1) >= SIMILAR
    return [doc_id for doc_id, is_near in zip(ids, near, strict=True) if is_near]


def _signatures(corpus: Corpus) -> tuple[list[str], list[str], Any]:
    ids: list[str] = []
    keys: list[str] = []
    minhashes: list[bytes] = []
    for chunk in corpus.chunks(np.arange(len(corpus)), _SIGNATURE):
        signed = chunk.filter(chunk[_SIGNATURE[1]].is_valid())
        ids += signed["doc_id"].to_pylist()
        keys += signed[_SIGNATURE[0]].to_pylist()
        minhashes += signed[_SIGNATURE[1]].to_pylist()
    width = len(minhashes[0]) // 4 if minhashes else 1
    return ids, keys, np.frombuffer(b"".join(minhashes), dtype="<u4").reshape(len(ids), width)


def _things(catalogue: Catalogue, corpus: Corpus, bound: Mapping[str, str]) -> list[Thing]:
    """Everything by which the bound documents are known again."""
    things: list[Thing] = []
    for document in catalogue.documents(sorted(bound)):
        relation = bound[document.doc_id]
        things.append(("document", document.doc_id, relation, None))
        things += [("sha256", part.sha256, relation, None) for part in document.own_parts if part.size]
        if relation == "named":
            things.append(("work", document.work_id, relation, None))
        things += [("url", url, relation, None) for url in _own_urls(document)]
    ids, keys, minhashes = _signatures(corpus)
    for doc_id, key, minhash in zip(ids, keys, minhashes, strict=True):
        if doc_id in bound:
            things.append(("text", key, bound[doc_id], minhash.tobytes()))
    return things


def _own_urls(document: Document) -> list[str]:
    return sorted({url_key(url) for url in (document.url, *(part.url for part in document.own_parts)) if "://" in url})


def _bind(catalogue: Catalogue, connection: Any, request_id: str, things: Sequence[Thing]) -> None:
    now = datetime.now(UTC)
    rows = {
        (kind, value): {
            "kind": kind,
            "value": value,
            "request_id": request_id,
            "relation": relation,
            "minhash": minhash,
            "bound_at": now,
        }
        for kind, value, relation, minhash in things
    }
    known = connection.execute(sa.select(tombstones.c.kind, tombstones.c.value, tombstones.c.minhash))
    taken = {(row.kind, row.value) for row in known if row.kind != "text" or row.minhash is not None}
    catalogue.upsert(connection, tombstones, [row for key, row in rows.items() if key not in taken])


def requests(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Every request, oldest first."""
    return catalogue.rows(
        sa.select(removal_requests).order_by(removal_requests.c.requested_at, removal_requests.c.request_id)
    )


def _tombstones(catalogue: Catalogue, request_id: str) -> list[dict[str, Any]]:
    table = tombstones
    query = sa.select(table).where(table.c.request_id == request_id).order_by(table.c.kind, table.c.value)
    return catalogue.rows(query)


def listing(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Requests with the documents that they bind, for the operator."""
    result = []
    for request in requests(catalogue):
        held = _tombstones(catalogue, request["request_id"])
        documents = [{"doc_id": r["value"], "relation": r["relation"]} for r in held if r["kind"] == "document"]
        result.append(_plain(request) | {"documents": documents})
    return result


def public_log(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The same without anything of the content: no target, no note, no document."""
    names = ("request_id", "reason", "requested_at", "deadline", "purged_at")
    return [
        {name: request[name] for name in names} | {"documents": len(request["documents"])}
        for request in listing(catalogue)
    ]


def notice(catalogue: Catalogue, doc_id: str) -> dict[str, Any] | None:
    """What anybody may know of a removed document; None where it is not removed."""
    query = (
        sa.select(removal_requests, tombstones.c.bound_at, tombstones.c.relation)
        .join(tombstones, tombstones.c.request_id == removal_requests.c.request_id)
        .where((tombstones.c.kind == "document") & (tombstones.c.value == doc_id))
    )
    for row in catalogue.rows(query):
        names = ("request_id", "reason", "bound_at", "relation", "purged_at")
        return {"doc_id": doc_id, "removed": _plain({name: row[name] for name in names})}
    return None


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def mark_purged(catalogue: Catalogue, request_ids: Sequence[str]) -> None:
    with catalogue.transaction() as connection:
        done = sa.update(removal_requests).where(removal_requests.c.request_id.in_(request_ids))
        connection.execute(done.values(purged_at=datetime.now(UTC)))


def bound(catalogue: Catalogue, kind: str) -> list[str]:
    """Everything of a kind that any request binds, sorted."""
    query = sa.select(tombstones.c.value).where(tombstones.c.kind == kind).order_by(tombstones.c.value)
    return [row["value"] for row in catalogue.rows(query)]


def settle(catalogue: Catalogue, corpus: Corpus) -> list[str]:
    """Seals what may not be kept and binds copies of what was removed; a line for everything that needs a person."""
    sealed = seal(catalogue, corpus)
    apply(catalogue, corpus)
    alarms = [f"{doc_id} holds a 個人番号 and is sealed: erase it with `kobunko remove purge`" for doc_id in sealed]
    late = [row for row in overdue(catalogue, datetime.now(UTC)) if row["reason"] != "my-number" or not sealed]
    return alarms + [f"{row['request_id']} is past its deadline: run `kobunko remove purge`" for row in late]
