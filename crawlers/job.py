"""One crawl of one source: what its spider, scheduler and middlewares share."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kobunko.catalogue import Catalogue
from kobunko.crawlers import absences
from kobunko.crawlers.archive import Archive
from kobunko.crawlers.frontier import Frontier, open_crawl
from kobunko.crawlers.hosts import Ledger, host_of
from kobunko.crawlers.optout import HostSignals
from kobunko.crawlers.recorder import Recorder
from kobunko.crawlers.summary import CrawlSummary
from kobunko.seed import Seed
from kobunko.settings import Settings
from kobunko.warc import OPEN, WarcWriter
from kobunko.warc_changes import repair

if TYPE_CHECKING:  # the command line imports this module for every command, and Scrapy takes a second
    from scrapy.crawler import Crawler


READ_S = 5.0  # how often removals are read
COUNT_S = 5.0  # how often the queue is counted for the progress bar


@dataclass
class Job:
    settings: Settings
    seed: Seed
    catalogue: Catalogue
    frontier: Frontier
    recorder: Recorder
    summary: CrawlSummary
    archive: Archive | None
    limit: int
    ledger: Ledger
    deadline: float  # of `time.monotonic`
    has_whole_list: bool = False  # set by spiders that have read to its end a list of all that the source has
    signals: dict[str, HostSignals] = field(default_factory=dict)  # opt-outs that hold for a whole origin
    closed: dict[str, str] = field(default_factory=dict)  # hosts that are not asked any more in this crawl, and why
    stopped: str = ""  # set when the crawl must end before its queue is empty
    _finished: bool = False
    _tombstones: frozenset[tuple[str, str]] = frozenset()
    _read_at: float = -math.inf

    @property
    def stop_reason(self) -> str:
        """Why no further request may be made; empty while the crawl may go on."""
        if self.stopped:
            return self.stopped
        if self.recorder.error is not None:
            return "write-error"
        if self.limit and self.summary.fetched >= self.limit:
            return "limit"
        if time.monotonic() >= self.deadline:
            return "deadline"
        return ""

    def objection(self, url: str) -> str:
        """Why the host of a URL may not be asked now: budget, hours, or its own wish."""
        if self.archive is not None:
            return ""
        host = host_of(url)
        return self.closed.get(host) or self.ledger.objection(host, self.seed.crawl.manners(host))

    @property
    def closure(self) -> str:
        """Which hosts were closed and why; the source may have gone on with its others."""
        if len(self.hosts) == 1:
            return next(iter(self.closed.values()), "")
        return "; ".join(f"{host}: {why}" for host, why in sorted(self.closed.items()))

    def is_removed(self, kind: str, value: str) -> bool:
        """Whether a removal binds this thing, as of some seconds ago: others may write the catalogue meanwhile."""
        if time.monotonic() - self._read_at > READ_S:
            self._tombstones, self._read_at = self.catalogue.tombstones(), time.monotonic()
        return (kind, value) in self._tombstones

    @property
    def hosts(self) -> frozenset[str]:
        return self.seed.hosts

    def is_home(self, url: str) -> bool:
        """Whether a URL is on one of the hosts that the seed starts from."""
        return urlsplit(url).netloc.lower() in self.hosts

    def finish(self, closed: str) -> None:
        """Makes everything durable and writes down how the crawl ended; `closed` is Scrapy's reason. Once only."""
        if self._finished:
            return
        self._finished = True
        self.recorder.close()
        states = self.frontier.counts()
        reason = self.stop_reason or ("" if closed == "finished" else "interrupted")
        if reason == "limit" and not states.get("pending"):
            reason = ""  # it was reached with the last request
        if not reason and states.get("pending"):
            reason = self.closure
        self.summary.stopped = reason
        self.summary.finished = not reason and not states.get("pending")
        if self.summary.finished:
            self.summary.broken_assertions = self._broken(states)
            if self.archive is None:
                self._settle_absences()

    def _settle_absences(self) -> None:
        source, crawl_id = self.seed.source, self.frontier.crawl_id
        works = absences.works_of(self.catalogue, source)
        missing = set(works) - self.recorder.seen if self.has_whole_list and not self.summary.resumed else set()
        delisted = [absences.Absence(work, works[work], "delisted") for work in sorted(missing)]
        promised = self.seed.assertions
        with self.catalogue.transaction() as connection:
            absences.note(connection, source, crawl_id, delisted, promised.gone_after)
            self.summary.gone, alarm = absences.settle(connection, source, crawl_id, len(works), promised)
        if alarm:
            self.summary.alarm(alarm)

    def _broken(self, states: dict[str, int]) -> list[str]:
        wanted = self.seed.assertions
        # Earlier nights of a resumed crawl are not in this summary, so there the catalogue has to answer.
        found = len(self.catalogue.inputs(self.seed.source)) if self.summary.resumed else self.summary.documents
        share = states.get("failed", 0) / max(1, sum(states.values()))
        broken = []
        # An archive holds what somebody put into it: a replay promises documents, but not the whole source.
        least = 1 if self.archive else wanted.min_documents
        if found < least:
            broken.append(f"min_documents: {found} < {least}")
        if share > wanted.max_failed_share and self.archive is None:
            broken.append(f"max_failed_share: {share:.3f} > {wanted.max_failed_share}")
        return broken


def open_job(
    settings: Settings,
    catalogue: Catalogue,
    seed: Seed,
    run_id: str,
    *,
    archive: Archive | None,
    **shared: Any,
) -> Job:
    """Begins a crawl or goes on with one that did not end; `shared` as in `assemble_job`.

    Call it only while holding the home's lock.
    """
    for left_open in sorted((settings.raw / seed.source).glob(f"*{OPEN}")):  # by a kill
        repair(left_open)
    crawl_id, resumed = open_crawl(catalogue, seed.source, run_id, replay=archive is not None)
    return assemble_job(settings, catalogue, seed, run_id, crawl_id, resumed=resumed, archive=archive, **shared)


def assemble_job(
    settings: Settings,
    catalogue: Catalogue,
    seed: Seed,
    run_id: str,
    crawl_id: str,
    *,
    resumed: bool,
    ledger: Ledger,
    sequence: Iterator[int],
    deadline: float = math.inf,
    limit: int = 0,
    archive: Archive | None = None,
    on_flush: Callable[[CrawlSummary], None] = lambda _: None,
) -> Job:
    """The pieces of a job put together; nothing is written yet."""
    summary = CrawlSummary(seed.source, resumed=resumed)
    frontier = Frontier(catalogue, seed.source, crawl_id)
    last_count = float("-inf")

    def flushed() -> None:
        nonlocal last_count
        if time.monotonic() - last_count > COUNT_S:
            summary.waiting, last_count = frontier.counts().get("pending", 0), time.monotonic()
        on_flush(summary)

    recorder = Recorder(
        catalogue,
        frontier,
        WarcWriter(settings.raw, seed.source),
        summary,
        ledger,
        run_id=run_id,
        gone_after=seed.assertions.gone_after,
        is_replay=archive is not None,
        sequence=sequence,
        on_flush=flushed,
    )
    return Job(settings, seed, catalogue, frontier, recorder, summary, archive, limit, ledger, deadline)


def job_of(crawler: "Crawler") -> Job:
    """The job that a middleware's crawler works on."""
    job = getattr(crawler.spider, "job", None)
    assert isinstance(job, Job)
    return job
