"""The ledger of hosts: what was asked of each in a night, and until when one wants to be left alone.

It lives in the catalogue, so a restart neither forgets a `Retry-After` nor gets a second budget for the same night.
One process writes it, because a crawl holds the home's lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko.catalogue import Catalogue
from kobunko.crawlers.rows import put
from kobunko.seed import Manners
from kobunko.tables import host_nights, host_state

JAPAN = timezone(timedelta(hours=9))
MOST_REFUSALS = 8  # in a row, retries included
FIRST_CLOSURE_S = 3600.0  # doubled each time that the host still refuses, up to a day
LONGEST_CLOSURE_S = 86400.0


@dataclass
class HostRecord:
    """What is known of one host; counts are of this night."""

    requests: int = 0
    bytes: int = 0
    refused: int = 0
    refusals: int = 0
    closures: int = 0
    not_before: datetime | None = None
    reason: str = ""


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def night_of(moment: datetime) -> str:
    """The night that a moment belongs to: it begins at noon in Japan."""
    return (moment.astimezone(JAPAN) - timedelta(hours=12)).date().isoformat()


def is_within(hours: str, moment: datetime) -> bool:
    """Whether a moment lies in a span like `22:00-06:00` of Japan's clock; an empty span is the whole day."""
    if not hours:
        return True
    first, last = hours.split("-")
    now = f"{moment.astimezone(JAPAN):%H:%M}"
    return first <= now < last if first < last else now >= first or now < last


class Ledger:
    """Shared by all sources of a crawl."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._night = night_of(now())
        self._dirty: set[str] = set()
        with catalogue.transaction() as connection:
            self._hosts = _load(connection, self._night)

    @property
    def is_dirty(self) -> bool:
        return bool(self._dirty)

    def record(self, host: str) -> HostRecord:
        if (night := night_of(self._now())) != self._night:
            self._night = night
            for known in self._hosts.values():
                known.requests = known.bytes = known.refused = 0
        return self._hosts.setdefault(host, HostRecord())

    def asked(self, host: str) -> None:
        self.record(host).requests += 1
        self._dirty.add(host)

    def answered(self, host: str, status: int, size: int) -> None:
        record = self.record(host)
        record.bytes += size
        if status in (403, 429) or status >= 500:
            self.refused(host, f"http-{status}")
        else:
            record.refusals = record.closures = 0
        self._dirty.add(host)

    def refused(self, host: str, why: str) -> None:
        """An answer that says no, or none at all. Too many in a row close the host for a while."""
        record = self.record(host)
        record.refused += 1
        record.refusals += 1
        if record.refusals >= MOST_REFUSALS:
            seconds = min(LONGEST_CLOSURE_S, FIRST_CLOSURE_S * 2**record.closures)
            record.closures += 1
            record.refusals = MOST_REFUSALS - 1  # the next no closes it again at once
            self.wait(host, seconds, f"refused: {why}")
        self._dirty.add(host)

    def wait(self, host: str, seconds: float, why: str) -> None:
        record = self.record(host)
        until = self._now() + timedelta(seconds=seconds)
        record.not_before = max(record.not_before or until, until)
        record.reason = why
        self._dirty.add(host)

    def objection(self, host: str, manners: Manners) -> str:
        """Why the host may not be asked now; empty when it may."""
        now, record = self._now(), self.record(host)
        if record.not_before and now < record.not_before:
            return f"{record.reason} (until {record.not_before.astimezone(JAPAN):%Y-%m-%d %H:%M} JST)"
        if not is_within(manners.hours, now):
            return f"hours ({manners.hours} JST)"
        over = record.requests >= manners.requests_per_night or record.bytes >= manners.bytes_per_night
        return "budget" if over else ""

    def save(self, connection: Connection) -> None:
        """Writes what changed, in the caller's transaction."""
        for host in sorted(self._dirty):
            record = self._hosts[host]
            names = ("not_before", "refusals", "closures", "reason")
            put(connection, host_state, {"host": host} | {name: getattr(record, name) for name in names})
            counts = {name: getattr(record, name) for name in ("requests", "bytes", "refused")}
            put(connection, host_nights, {"host": host, "night": self._night} | counts)
        self._dirty.clear()


def _load(connection: Connection, night: str) -> dict[str, HostRecord]:
    found: dict[str, HostRecord] = {}
    for row in connection.execute(sa.select(host_state)).mappings():
        moment = row["not_before"]
        until = moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
        found[row["host"]] = HostRecord(
            refusals=row["refusals"], closures=row["closures"], not_before=until, reason=row["reason"]
        )
    for row in connection.execute(sa.select(host_nights).where(host_nights.c.night == night)).mappings():
        record = found.setdefault(row["host"], HostRecord())
        record.requests, record.bytes, record.refused = row["requests"], row["bytes"], row["refused"]
    return found


def nights(catalogue: Catalogue, limit: int = 200) -> list[dict[str, Any]]:
    """What was asked of each host, the newest nights first."""
    query = sa.select(host_nights, host_state.c.not_before, host_state.c.reason)
    query = query.join(host_state, host_state.c.host == host_nights.c.host, isouter=True)
    query = query.order_by(host_nights.c.night.desc(), host_nights.c.host).limit(limit)
    with catalogue.transaction() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
