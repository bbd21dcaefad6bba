"""The recorder: makes what a crawl learned durable, in groups.

A request is `done` in the same transaction that holds its captures, its documents and the requests that it gave birth
to, and only after the WARC file was synced. So a kill at any moment loses nothing, and nothing acknowledged is asked
again. Once a write has failed nothing more is written: the crawl stops and the error flies.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kobunko.catalogue import Catalogue
from kobunko.crawlers import absences, watch
from kobunko.crawlers.frontier import Frontier, Wanted
from kobunko.crawlers.hosts import Ledger, host_of
from kobunko.crawlers.items import Found, Gone, Held, Item, Listed, Problem, Shown, Skipped
from kobunko.crawlers.rows import put
from kobunko.crawlers.summary import CrawlSummary
from kobunko.ids import doc_id, sha256_hex, url_key, work_id
from kobunko.records import Capture, Document
from kobunko.tables import listings
from kobunko.warc import WarcWriter

GROUP = 100  # acknowledgements in one transaction at most
GROUP_S = 1.0  # and how long the first of them waits at most


@dataclass
class _Group:
    captures: list[tuple[int, Capture]] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    settled: list[tuple[str, str, str]] = field(default_factory=list)
    postponed: list[tuple[Wanted, str]] = field(default_factory=list)
    missing: list[absences.Absence] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # works
    listed: list[tuple[str, int]] = field(default_factory=list)
    sightings: list[watch.Sighting] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.captures or self.settled or self.wanted or self.postponed or self.sightings)


class Recorder:
    """One per source. `on_broken` is called once, when a write has failed; the error is in `error`."""

    def __init__(
        self,
        catalogue: Catalogue,
        frontier: Frontier,
        writer: WarcWriter,
        summary: CrawlSummary,
        ledger: Ledger,
        *,
        run_id: str,
        gone_after: int,
        is_replay: bool,
        sequence: Iterator[int],
        on_flush: Callable[[], None],
    ) -> None:
        self._catalogue = catalogue
        self._frontier = frontier
        self._writer = writer
        self._summary = summary
        self._ledger = ledger
        self._run_id = run_id
        self._gone_after = gone_after
        self._is_replay = is_replay  # an old archive says nothing about what is so today
        self._sequence = sequence
        self._on_flush = on_flush
        self._group = _Group()
        self._timer: asyncio.TimerHandle | None = None
        self._works: set[str] = set()
        self._unread = [] if is_replay else watch.unread(catalogue, summary.source)
        for page in self._unread:
            summary.alarm(f"{page['kind']} changed and not read yet: {page['url']}")
        self.seen: set[str] = set()  # works that this process met
        self.in_flight: set[str] = set()  # keys of requests that were given out and are not settled
        self.on_broken: Callable[[], None] = lambda: None
        self.error: Exception | None = None

    @property
    def best_priority(self) -> int | None:
        """Highest priority among the requests that are not in the frontier yet."""
        unsaved = [*self._group.wanted, *(wanted for wanted, _ in self._group.postponed)]
        return max((item.priority for item in unsaved), default=None)

    def write(self, append: Callable[[WarcWriter], tuple[str, str, int]]) -> tuple[str, str, int]:
        """Appends to the WARC file of the source: `(record id, file, offset)`."""
        if self.error is not None:
            raise self.error
        try:
            return append(self._writer)
        except Exception as error:
            self.broken(error)
            raise

    def capture(self, capture: Capture) -> None:
        """An answer. The acknowledgement of its request follows in the same group or in a later one."""
        self._group.captures.append((next(self._sequence), capture))
        self._summary.requests += 1
        host = host_of(capture.url)
        self._summary.hosts[host] = self._summary.hosts.get(host, 0) + 1
        if capture.record_type == "revisit":
            self._summary.revisited += 1
        else:
            self._summary.captured += 1
        self._arm()

    def member(self, whole: Capture, name: str, media_type: str, body: bytes) -> Capture:
        """A piece of an answer as a capture of its own, `jar:<url>!/<name>`; the one that is held where it is."""
        url, digest = f"jar:{whole.url}!/{name}", sha256_hex(body)
        known = self._catalogue.captures_of(url, limit=1)
        if known and known[0].sha256 == digest:
            return known[0]
        moment = whole.fetched_at or datetime.now(UTC)
        capture_id, file, offset = self.write(lambda writer: writer.resource(url, moment, media_type, body))
        capture = replace(
            whole,
            capture_id=capture_id,
            url=url,
            record_type="resource",
            status=200,
            media_type=media_type,
            sha256=digest,
            size=len(body),
            warc_file=file,
            warc_offset=offset,
            linked_from=whole.url,
            anchor_text="",
        )
        self._group.captures.append((next(self._sequence), capture))
        return capture

    def done(self, wanted: Wanted, output: Sequence[Item | Wanted]) -> None:
        """A request that was answered, with everything that the spider made of the answer."""
        for item in output:
            if isinstance(item, Wanted):
                self._group.wanted.append(item)
            else:
                self._item(wanted, item)
        self._settle(wanted, "done", "")

    def failed(self, wanted: Wanted, reason: str) -> None:
        self._summary.add_failure(wanted.url, reason)
        self._settle(wanted, "failed", reason)

    def excluded(self, wanted: Wanted) -> None:
        """robots.txt keeps us from it."""
        self._summary.add_exclusion(wanted.url)
        self._settle(wanted, "done", "robots")

    def postponed(self, wanted: Wanted, reason: str) -> None:
        """No answer that settles it: the request goes to the end of the queue, or waits there for the next start."""
        self._summary.postponed += 1
        self.in_flight.discard(wanted.request_key)
        self._group.postponed.append((wanted, reason))
        self._arm()

    def absent(self, wanted: Wanted, reason: str) -> None:
        """What was at this URL is not there: its works are missing."""
        source = self._summary.source
        works = [] if self._is_replay else absences.works_at(self._catalogue, source, url_key(wanted.url))
        self._group.missing += [absences.Absence(work, wanted.url, reason) for work in works]

    def watched(self, seen: watch.Sighting) -> None:
        if not self._is_replay:
            self._group.sightings.append(seen)
            self.flush()  # what comes next may have to be withheld

    def _item(self, wanted: Wanted, item: Item) -> None:
        source = self._summary.source
        if isinstance(item, Found):
            self._document(item.document(source))
        elif isinstance(item, Held):
            self._summary.held += 1
            self._see(work_id(source, item.source_key))
        elif isinstance(item, Shown):
            self.seen.add(work_id(source, item.source_key))
        elif isinstance(item, Gone):
            self._gone(item)
        elif isinstance(item, Listed):
            self._listed(wanted, item.entries)
        elif isinstance(item, watch.Sighting):
            self.watched(item)
        elif isinstance(item, Problem):
            self._summary.add_failure(wanted.url, item.reason)
        elif isinstance(item, Skipped):
            self._summary.skipped[item.reason] = self._summary.skipped.get(item.reason, 0) + 1

    def _see(self, work: str) -> None:
        self.seen.add(work)
        self._group.seen.add(work)

    def _gone(self, item: Gone) -> None:
        work = work_id(self._summary.source, item.source_key)
        if not self._is_replay and self._catalogue.document_ids(work_id=work):
            self._group.missing.append(absences.Absence(work, item.url, item.reason, is_said=True))

    def _listed(self, wanted: Wanted, entries: int) -> None:
        if self._is_replay:
            return
        key = url_key(wanted.url)
        mine = (listings.c.source == self._summary.source) & (listings.c.url_key == key)
        with self._catalogue.transaction() as connection:
            before = connection.scalar(sa.select(listings.c.entries).where(mine)) or 0
        if before and not entries:
            self._summary.alarm(f"empty list: {wanted.url} has no entries and had {before}")
        else:
            self._group.listed.append((key, entries))

    def _document(self, document: Document) -> None:
        """Queues a document unless the catalogue has it with the same input."""
        self._see(document.work_id)
        versions = self._catalogue.versions_of(document.work_id)
        if versions.get(document.doc_id) == document.input_sha256:
            self._summary.unchanged += 1
            return
        if versions or document.work_id in self._works:
            self._summary.changed += 1
        else:
            self._summary.new += 1
        self._works.add(document.work_id)
        self._group.documents.append(document)

    def holds(self, source_key: str, version: str) -> bool:
        """Whether this version is a document already."""
        wanted = doc_id(self._summary.source, source_key, version)
        is_waiting = any(document.doc_id == wanted for document in self._group.documents)
        return is_waiting or bool(self._catalogue.documents([wanted]))

    def _settle(self, wanted: Wanted, state: str, detail: str) -> None:
        self.in_flight.discard(wanted.request_key)
        self._group.settled.append((wanted.request_key, state, detail))
        if len(self._group.settled) >= GROUP:
            self.flush()
        else:
            self._arm()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GROUP_S, self.flush)

    def flush(self) -> None:
        """Makes the group durable; what this returns from is acknowledged."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.error is not None or not (self._group or self._ledger.is_dirty):
            return
        group, self._group = self._group, _Group()
        try:
            self._writer.sync()
            self._commit(group)
        except Exception as error:
            self.broken(error)
            return
        self._on_flush()

    def _commit(self, group: _Group) -> None:
        latest = {document.doc_id: document for document in group.documents}
        with self._catalogue.transaction() as connection:
            self._catalogue.add_captures(connection, self._run_id, group.captures)
            self._catalogue.add_documents(connection, self._run_id, latest.values())
            self._frontier.add(connection, group.wanted)
            self._frontier.settle(connection, group.settled)
            for wanted, reason in group.postponed:
                self._frontier.postpone(connection, wanted.request_key, reason)
            self._ledger.save(connection)
            self._note_source(connection, group, list(latest))

    def _note_source(self, connection: Connection, group: _Group, new: Sequence[str]) -> None:
        """What the group says of the source itself: changed terms, lists, works that are missing or came back."""
        source = self._summary.source
        for seen in group.sightings:
            if watch.note(connection, source, seen):
                told = f"{seen.kind} changed: {seen.url}: read it with `kobunko rights review {source}`"
                self._summary.alarm(told)
                self._unread.append({"kind": seen.kind, "url": seen.url})
        if self._unread and new:
            watch.withhold(connection, source, new, f"{self._unread[0]['kind']} changed: {self._unread[0]['url']}")
            self._summary.withheld += len(new)
        for key, entries in group.listed:
            row = {"source": source, "url_key": key, "entries": entries, "counted_at": datetime.now(UTC)}
            put(connection, listings, row)
        absences.returned(connection, source, group.seen)
        absences.note(connection, source, self._frontier.crawl_id, group.missing, self._gone_after)

    def broken(self, error: Exception) -> None:
        """From now on nothing more is written or acknowledged."""
        if self.error is None:
            self.error = error
            self.on_broken()

    def close(self) -> None:
        self.flush()
        if self.error is None:
            self._writer.close()
