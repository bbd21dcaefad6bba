"""The frontier: what is still to be asked of a source, as rows of the catalogue.

A crawl is resumed by its rows: whatever is `pending` was never acknowledged. Replays have rows of their own, so that
one never eats the queue of a crawl that waits for the next night.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from kobunko.catalogue import Catalogue
from kobunko.ids import url_key
from kobunko.tables import frontier

REPLAY = "replay-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request in the form in which it survives: everything that is needed to ask again."""

    url: str
    callback: str
    arguments: Mapping[str, Any] = field(default_factory=dict)  # plain JSON
    priority: int = 0
    key: str = ""  # requests with the same key are one request; empty: the URL's key
    depth: int = 0
    linked_from: str = ""
    anchor_text: str = ""
    hops: tuple[str, ...] = ()  # keys of the URLs that redirected here
    accept: tuple[int, ...] = ()  # statuses beside 200 that the callback understands
    timeout_s: float = 0.0  # where the answer is so large that the usual time is too short

    @property
    def request_key(self) -> str:
        return self.key or url_key(self.url)


_FIELDS = tuple(item.name for item in fields(Wanted))


class Frontier:
    """The queue of one source in one crawl. Methods with a connection take part in its transaction."""

    def __init__(self, catalogue: Catalogue, source: str, crawl_id: str) -> None:
        self._catalogue = catalogue
        self._source = source
        self.crawl_id = crawl_id
        self._mine = (frontier.c.source == source) & (frontier.c.crawl_id == crawl_id)
        with catalogue.transaction() as connection:
            self._sequence: int = connection.scalar(sa.select(sa.func.max(frontier.c.sequence)).where(self._mine)) or 0

    def add(self, connection: Connection, wanted: Iterable[Wanted]) -> None:
        """Queues what is not known yet; a higher priority takes the place of a row that is still waiting."""
        rows = [self._row(item) for item in wanted]
        if not rows:
            return
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(frontier)
        new = statement.excluded
        changed = {name: new[name] for name in ("priority", "sequence", "url", "request")}
        better = (frontier.c.state == "pending") & (frontier.c.priority < new.priority)
        keys = [column.name for column in frontier.primary_key]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed, where=better), rows)

    def _row(self, wanted: Wanted) -> dict[str, Any]:
        self._sequence += 1
        return {
            "source": self._source,
            "crawl_id": self.crawl_id,
            "request_key": wanted.request_key,
            "state": "pending",
            "priority": wanted.priority,
            "sequence": self._sequence,
            "url": wanted.url,
            "request": json.dumps({name: getattr(wanted, name) for name in _FIELDS}, ensure_ascii=False),
            "detail": "",
        }

    def settle(self, connection: Connection, outcomes: Sequence[tuple[str, str, str]]) -> None:
        """Marks requests as answered: `(request_key, done | failed, detail)`."""
        if not outcomes:
            return
        rows = [{"the_key": key, "new_state": state, "new_detail": detail[:500]} for key, state, detail in outcomes]
        statement = sa.update(frontier).where(self._mine, frontier.c.request_key == sa.bindparam("the_key"))
        values: dict[str, Any] = {"state": sa.bindparam("new_state"), "detail": sa.bindparam("new_detail")}
        connection.execute(statement.values(**values), rows)

    def postpone(self, connection: Connection, request_key: str, detail: str) -> None:
        """Puts a request at the end of its priority's queue, with the reason why it was not answered."""
        self._sequence += 1
        mine = self._mine & (frontier.c.request_key == request_key)
        connection.execute(sa.update(frontier).where(mine).values(sequence=self._sequence, detail=detail))

    def detail(self, request_key: str) -> str:
        with self._catalogue.transaction() as connection:
            query = sa.select(frontier.c.detail).where(self._mine, frontier.c.request_key == request_key)
            return connection.scalar(query) or ""

    def waiting(self, limit: int, closed: Collection[str] = ()) -> list[Wanted]:
        """The next requests, all of the highest priority that waits, in the order in which they came; none of hosts
        that are closed."""
        waits = self._mine & (frontier.c.state == "pending")
        for host in closed:
            waits &= sa.not_(sa.or_(*(frontier.c.url.ilike(f"http%://{host}{end}") for end in ("", "/%", ":%", "?%"))))
        highest = sa.select(sa.func.max(frontier.c.priority)).where(waits).scalar_subquery()
        query = sa.select(frontier.c.request).where(waits, frontier.c.priority == highest)
        with self._catalogue.transaction() as connection:
            rows = connection.execute(query.order_by(frontier.c.sequence).limit(limit)).all()
        return [_wanted(json.loads(row[0])) for row in rows]

    def counts(self) -> dict[str, int]:
        """Number of requests by state."""
        query = sa.select(frontier.c.state, sa.func.count()).where(self._mine).group_by(frontier.c.state)
        with self._catalogue.transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def _wanted(row: dict[str, Any]) -> Wanted:
    return Wanted(**row | {"hops": tuple(row["hops"]), "accept": tuple(row["accept"])})


def open_crawl(catalogue: Catalogue, source: str, run_id: str, *, replay: bool) -> tuple[str, bool]:
    """`(crawl_id, resumed)`: the crawl of the source that has not ended, or a new one in place of an ended one."""
    with catalogue.transaction() as connection:
        pending = unfinished(connection, source)
        if pending and not replay:
            return pending, True
        connection.execute(sa.delete(frontier).where(_of_source(source, replay=replay)))
    return f"{REPLAY if replay else ''}{run_id}", False


def unfinished(connection: Connection, source: str) -> str:
    """Id of the crawl of a source that still has requests waiting; empty when there is none."""
    waits = _of_source(source, replay=False) & (frontier.c.state == "pending")
    return connection.scalar(sa.select(sa.func.max(frontier.c.crawl_id)).where(waits)) or ""


def _of_source(source: str, *, replay: bool) -> sa.ColumnElement[bool]:
    is_replay = frontier.c.crawl_id.startswith(REPLAY, autoescape=True)
    return (frontier.c.source == source) & (is_replay if replay else ~is_replay)
