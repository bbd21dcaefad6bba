"""Works that a source does not show any more: counted over crawls, and an event only when it is certain.

A work is gone when as many finished crawls as the seed says asked for it in vain, with none in between that found it,
or when the source itself says so (withdrawn, undisclosed). When a large share of a source is
missing at once it is the source that is broken, or we are: that is an alarm, and no work counts as gone. Nothing is
deleted here or because of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko.catalogue import Catalogue
from kobunko.crawlers.rows import put
from kobunko.seed import Assertions
from kobunko.tables import absences, documents

FEW = 5  # so many missing works are no mass disappearance, however small the source


@dataclass(frozen=True, slots=True)
class Absence:
    work_id: str
    url: str
    reason: str
    is_said: bool = False  # by the source itself: one crawl is enough


def works_at(catalogue: Catalogue, source: str, key: str) -> list[str]:
    """Works of a source whose newest known address is this one (a `url_key`)."""
    query = sa.select(documents.c.work_id).distinct()
    query = query.where(documents.c.url_key == key, documents.c.source == source)
    with catalogue.transaction() as connection:
        return sorted(row[0] for row in connection.execute(query))


def works_of(catalogue: Catalogue, source: str, published: tuple[str, str] | None = None) -> dict[str, str]:
    """Every work of a source, or those of a span of (ISO) days, with an address of it."""
    query = sa.select(documents.c.work_id, sa.func.max(documents.c.url)).where(documents.c.source == source)
    if published:
        query = query.where(documents.c.published.between(*published))
    with catalogue.transaction() as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(documents.c.work_id))}


def note(connection: Connection, source: str, crawl_id: str, found: Iterable[Absence], gone_after: int) -> None:
    """A crawl met these absences. They count when it finishes."""
    for item in found:
        mine = (absences.c.source == source) & (absences.c.work_id == item.work_id)
        known = connection.execute(sa.select(absences).where(mine)).mappings().first()
        times = known["times"] if known else 0
        row: dict[str, Any] = {"source": source, "work_id": item.work_id, "url": item.url, "reason": item.reason}
        row |= {"times": max(times, gone_after - 1) if item.is_said else times, "crawl_id": crawl_id}
        row |= {"first_at": known["first_at"] if known else datetime.now(UTC)}
        put(connection, absences, row | {"event_at": known["event_at"] if known else None})


def returned(connection: Connection, source: str, work_ids: Iterable[str]) -> None:
    """These works were seen: whatever was counted against them is void."""
    if ids := sorted(work_ids):
        mine = (absences.c.source == source) & absences.c.work_id.in_(ids)
        connection.execute(sa.delete(absences).where(mine))


def settle(connection: Connection, source: str, crawl_id: str, works: int, promised: Assertions) -> tuple[int, str]:
    """At the end of a finished crawl: `(new events, alarm)`."""
    met = (absences.c.source == source) & (absences.c.crawl_id == crawl_id)
    waiting = met & absences.c.event_at.is_(None)
    count = connection.scalar(sa.select(sa.func.count()).select_from(absences).where(waiting)) or 0
    if count > max(FEW, promised.max_gone_share * works):
        return 0, f"mass disappearance: {count} of {works} works are missing; none of them counts as gone"
    connection.execute(sa.update(absences).where(waiting).values(times=absences.c.times + 1))
    sure = waiting & (absences.c.times >= promised.gone_after)
    return connection.execute(sa.update(absences).where(sure).values(event_at=datetime.now(UTC))).rowcount, ""


def events(catalogue: Catalogue, source: str = "") -> list[dict[str, Any]]:
    """Works that are gone, with the reason and since when."""
    query = sa.select(absences).where(absences.c.event_at.is_not(None)).order_by(absences.c.source, absences.c.work_id)
    if source:
        query = query.where(absences.c.source == source)
    with catalogue.transaction() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
