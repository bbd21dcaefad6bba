"""Terms pages and robots.txt under watch: when one says something else than before, a person has to read it.

Until then the source is crawled on, and its new documents are withheld from releases. What is compared is what the
page says, not its bytes: a counter or a token on it is no change of the terms.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko.catalogue import Catalogue
from kobunko.crawlers.parse.html import is_html, soup, words
from kobunko.crawlers.rows import put
from kobunko.ids import sha256_hex, url_key
from kobunko.tables import listings, watched, withheld


@dataclass(frozen=True, slots=True)
class Sighting:
    """A watched page as it was seen in this crawl."""

    kind: str  # terms | robots
    url: str
    fingerprint: str
    capture_id: str


def fingerprint(content_type: str, body: bytes) -> str:
    """SHA-256 of the words of a page, or of the bytes where it is no HTML."""
    if not is_html(content_type, body):
        return sha256_hex(body)
    page = soup(body, content_type)
    for tag in page(["script", "style", "noscript", "template"]):
        tag.decompose()
    return sha256_hex(words(page.get_text(" ")).encode())


def note(connection: Connection, source: str, seen: Sighting) -> bool:
    """Writes a sighting down; whether it differs from what was accepted and was not known to."""
    mine = (watched.c.source == source) & (watched.c.url_key == url_key(seen.url))
    known = connection.execute(sa.select(watched).where(mine)).mappings().first()
    accepted = known["accepted"] if known else seen.fingerprint
    has_changed = known is not None and seen.fingerprint not in (known["current"], accepted)
    is_new = known is None or known["current"] != seen.fingerprint
    row = {"source": source, "url_key": url_key(seen.url), "kind": seen.kind, "accepted": accepted}
    row |= {"current": seen.fingerprint, "capture_id": seen.capture_id}
    row["changed_at"] = datetime.now(UTC) if known and is_new else (known["changed_at"] if known else None)
    put(connection, watched, row)
    return has_changed


def unread(catalogue: Catalogue, source: str = "") -> list[dict[str, str]]:
    """Pages that say something else than what was accepted: `{source, url, kind, capture_id}`."""
    query = sa.select(watched).where(watched.c.current != watched.c.accepted).order_by(watched.c.source)
    if source:
        query = query.where(watched.c.source == source)
    with catalogue.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    return [
        {"source": r["source"], "url": r["url_key"], "kind": r["kind"], "capture_id": r["capture_id"]} for r in rows
    ]


def withhold(connection: Connection, source: str, doc_ids: Iterable[str], reason: str) -> None:
    for doc_id in doc_ids:
        row = {"doc_id": doc_id, "source": source, "reason": reason, "since": datetime.now(UTC)}
        put(connection, withheld, row)


def count_withheld(catalogue: Catalogue) -> dict[str, int]:
    """Number of withheld documents by source."""
    query = sa.select(withheld.c.source, sa.func.count()).group_by(withheld.c.source)
    with catalogue.transaction() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def accept(catalogue: Catalogue, source: str) -> int:
    """A person has looked at what changed: pages and lists are as they should be, and the source's documents are free
    again. Returns how many were withheld."""
    with catalogue.transaction() as connection:
        connection.execute(sa.update(watched).where(watched.c.source == source).values(accepted=watched.c.current))
        connection.execute(sa.delete(listings).where(listings.c.source == source))
        return connection.execute(sa.delete(withheld).where(withheld.c.source == source)).rowcount
