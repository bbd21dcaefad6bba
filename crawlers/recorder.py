"""The recorder: makes what a crawl learned durable, in groups.

A request is `done` in the same transaction that holds its captures, its documents and the requests that it gave birth
to, and only after the WARC file was synced. So a kill at any moment loses nothing, and nothing acknowledged is asked
again. Once a write has failed nothing more is written: the crawl stops and the error flies.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kobunko.catalogue import Catalogue
from kobunko.crawlers.frontier import Frontier, Wanted
from kobunko.crawlers.items import Found, Held, Item, Problem, Skipped
from kobunko.crawlers.summary import CrawlSummary
from kobunko.ids import doc_id
from kobunko.records import Capture, Document
from kobunko.warc import WarcWriter

GROUP = 100  # acknowledgements in one transaction at most
GROUP_S = 1.0  # and how long the first of them waits at most


@dataclass
class _Group:
    captures: list[tuple[int, Capture]] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    settled: list[tuple[str, str, str]] = field(default_factory=list)
    postponed: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.captures or self.settled or self.wanted or self.postponed)


class Recorder:
    """One per source. `on_broken` is called once, when a write has failed; the error is in `error`."""

    def __init__(
        self,
        catalogue: Catalogue,
        frontier: Frontier,
        writer: WarcWriter,
        summary: CrawlSummary,
        *,
        run_id: str,
        sequence: Iterator[int],
        on_flush: Callable[[], None],
    ) -> None:
        self._catalogue = catalogue
        self._frontier = frontier
        self._writer = writer
        self._summary = summary
        self._run_id = run_id
        self._sequence = sequence
        self._on_flush = on_flush
        self._group = _Group()
        self._timer: asyncio.TimerHandle | None = None
        self._works: set[str] = set()
        self.in_flight: set[str] = set()  # keys of requests that were given out and are not settled
        self.on_broken: Callable[[], None] = lambda: None
        self.error: Exception | None = None

    @property
    def best_priority(self) -> int | None:
        """Highest priority among the requests that are not in the frontier yet."""
        return max((item.priority for item in self._group.wanted), default=None)

    def write(self, append: Callable[[WarcWriter], tuple[str, str, int]]) -> tuple[str, str, int]:
        """Appends to the WARC file of the source: `(record id, file, offset)`."""
        if self.error is not None:
            raise self.error
        try:
            return append(self._writer)
        except Exception as error:
            self._break(error)
            raise

    def capture(self, capture: Capture) -> None:
        """An answer. The acknowledgement of its request follows in the same group or in a later one."""
        self._group.captures.append((next(self._sequence), capture))
        self._summary.requests += 1
        if capture.record_type == "revisit":
            self._summary.revisited += 1
        else:
            self._summary.captured += 1
        self._arm()

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
        """The host asked us to wait longer than we can: the request stays in the queue for the next start."""
        self._summary.add_failure(wanted.url, f"postponed: {reason}")
        self._group.postponed.append((wanted.request_key, reason))
        self._arm()

    def _item(self, wanted: Wanted, item: Item) -> None:
        source = self._summary.source
        if isinstance(item, Found):
            self._document(item.document(source))
        elif isinstance(item, Held):
            self._summary.held += 1
        elif isinstance(item, Problem):
            self._summary.add_failure(wanted.url, item.reason)
        elif isinstance(item, Skipped):
            self._summary.skipped[item.reason] = self._summary.skipped.get(item.reason, 0) + 1

    def _document(self, document: Document) -> None:
        """Queues a document unless the catalogue has it with the same input."""
        held = self._catalogue.documents([document.doc_id])
        if held and held[0].input_sha256 == document.input_sha256:
            self._summary.unchanged += 1
            return
        known = held or document.work_id in self._works or self._catalogue.document_ids(work_id=document.work_id)
        if known:
            self._summary.changed += 1
        else:
            self._summary.new += 1
        self._works.add(document.work_id)
        self._group.documents.append(document)

    def holds(self, source_key: str, version: str) -> bool:
        return bool(self._catalogue.documents([doc_id(self._summary.source, source_key, version)]))

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
        if self.error is not None or not self._group:
            return
        group, self._group = self._group, _Group()
        try:
            self._writer.sync()
            self._commit(group)
        except Exception as error:
            self._break(error)
            return
        self._on_flush()

    def _commit(self, group: _Group) -> None:
        latest = {document.doc_id: document for document in group.documents}
        with self._catalogue.transaction() as connection:
            self._catalogue.add_captures(connection, self._run_id, group.captures)
            self._catalogue.add_documents(connection, self._run_id, latest.values())
            self._frontier.add(connection, group.wanted)
            self._frontier.settle(connection, group.settled)
            for request_key, reason in group.postponed:
                self._frontier.postpone(connection, request_key, reason)

    def _break(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            self.on_broken()

    def close(self) -> None:
        self.flush()
        if self.error is None:
            self._writer.close()
