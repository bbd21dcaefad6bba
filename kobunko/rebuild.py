"""`kobunko rebuild`: a catalogue again, from the raw store and the releases alone, where there is no backup.

The raw store tells every capture, the releases tell every document that one of them holds. Of newer documents only
the captures come back: a replay of the raw files makes them again. What only people decided (reviews of terms,
removals beyond the ids that releases list) and what crawls learned of hosts comes back from a backup alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from kobunko import tables
from kobunko.catalogue import Catalogue
from kobunko.errors import UsageError
from kobunko.records import Capture, Document

GROUP = 1000  # rows in one transaction
Progress = Callable[[str, int, int], None]
Known = Callable[[str], Capture | None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A release: who was kept out of it, and what it says of its documents."""

    version: str
    profile: str
    manifest_sha256: str
    documents: Iterable[Document]
    count: int
    removed: Iterable[str]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`unclaimed` are captures with a body that no document rests on, by source: entry pages and newer documents."""

    captures: int
    documents: int
    releases: int
    removed: int
    unclaimed: dict[str, int]


def rebuild(
    catalogue: Catalogue,
    run_id: str,
    captures: Callable[[Known], Iterator[Capture]],
    releases: Iterable[Listed],
    progress: Progress = lambda *_: None,
) -> Rebuilt:
    """Fills an empty catalogue. `captures(known)` come in order of arrival, `releases` oldest first.

    Documents that a later release lists as removed stay in the catalogue, where their tombstones bind them.
    """
    if any(catalogue.counts().values()):
        raise UsageError("the catalogue has documents or captures: rebuild into a new database, or delete its file.")
    found = _captures(catalogue, run_id, captures, progress)
    listed, removed = 0, set[str]()
    for release in releases:
        removed |= set(release.removed)
        done = 0
        for group in _groups(release.documents):
            with catalogue.transaction() as connection:
                catalogue.add_documents(connection, run_id, group)
            done += len(group)
            progress(release.version, done, release.count)
        catalogue.add_release(release.version, release.profile, release.manifest_sha256, release.count)
        listed += 1
    for doc_id in sorted(removed):
        catalogue.remove(doc_id, "", "listed as removed by a release")
    with catalogue.transaction() as connection:
        _date_imports(connection)
        unclaimed = _unclaimed(connection)
    return Rebuilt(found, catalogue.counts()["documents"], listed, len(removed), unclaimed)


def _captures(
    catalogue: Catalogue,
    run_id: str,
    captures: Callable[[Known], Iterator[Capture]],
    progress: Progress,
) -> int:
    waiting: dict[str, Capture] = {}
    written = 0

    def known(capture_id: str) -> Capture | None:
        return waiting.get(capture_id) or catalogue.capture(capture_id)

    def write() -> None:
        nonlocal written
        with catalogue.transaction() as connection:
            catalogue.add_captures(connection, run_id, enumerate(waiting.values(), written + 1))
        written += len(waiting)
        progress("captures", written, written)
        waiting.clear()

    for capture in captures(known):
        waiting[capture.capture_id] = capture
        if len(waiting) >= GROUP:
            write()
    write()
    return written


def _groups(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while group := list(islice(rest, GROUP)):
        yield group


def _date_imports(connection: sa.Connection) -> None:
    """What an import list said of a file stands in the document, not in the raw store."""
    capture, part, document = tables.captures, tables.parts, tables.documents
    of_capture = sa.select(part.c.fetched_at).where(part.c.capture_id == capture.c.capture_id).limit(1)
    named = sa.select(part.c.doc_id).where(part.c.capture_id == capture.c.capture_id).limit(1).scalar_subquery()
    values: dict[str, sa.ColumnElement[Any]] = {"fetched_at": of_capture.scalar_subquery()}
    for name in ("linked_from", "anchor_text"):
        told = sa.select(document.c[name]).where(document.c.doc_id == named).scalar_subquery()
        values[name] = sa.func.coalesce(told, "")
    connection.execute(sa.update(capture).where(capture.c.record_type == "resource").values(values))


def _unclaimed(connection: sa.Connection) -> dict[str, int]:
    capture, part = tables.captures, tables.parts
    bodies = capture.c.status.in_([200, 304]) & (capture.c.record_type != "revisit")
    claimed = sa.select(part.c.capture_id).where(part.c.sha256 == capture.c.sha256).exists()
    query = sa.select(capture.c.source, sa.func.count()).where(bodies & ~claimed).group_by(capture.c.source)
    return {row[0]: row[1] for row in connection.execute(query.order_by(capture.c.source))}
