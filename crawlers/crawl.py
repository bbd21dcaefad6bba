"""A crawl of several sources at once: one process, one reactor, one spider per source."""

import contextlib
import itertools
import logging
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kobunko.catalogue import Catalogue
from kobunko.crawlers.archive import Archive
from kobunko.crawlers.hosts import Ledger
from kobunko.crawlers.job import Job, open_job
from kobunko.crawlers.scrapy_settings import process_settings, scrapy_settings
from kobunko.crawlers.spiders import spider_class
from kobunko.crawlers.summary import CrawlSummary
from kobunko.errors import UsageError
from kobunko.seed import Seed
from kobunko.settings import CrawlSettings, Settings

if TYPE_CHECKING:  # importing Scrapy's process early would choose a reactor
    from scrapy.crawler import Crawler, CrawlerProcess
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

Progress = Callable[[str, Mapping[str, int], Mapping[str, int]], None]  # source, counts, answers by host


def crawl(
    settings: Settings,
    catalogue: Catalogue,
    seeds: Sequence[Seed],
    run_id: str,
    *,
    limit: int = 0,
    replay: Sequence[Path] = (),
    on_progress: Progress | None = None,
    deadline: float = math.inf,
) -> dict[str, CrawlSummary]:
    """Crawls the sources of `seeds` and returns what happened, by source.

    Runs in the calling process, once per process, since Scrapy's reactor cannot be started twice. Ctrl-C and SIGTERM
    end it cleanly; a source whose queue is not empty then goes on at the next start. `limit` is the number of
    documents per source at most; nothing is asked after `deadline` (of `time.monotonic`). With `replay` the answers
    come from these WARC files and nothing is asked of the network. The error of a failed write (disk full, I/O) is
    raised when all is closed.
    """
    for seed in seeds:
        _check(seed)
        if not replay:
            _check_contact(settings.crawl, seed)
    archive = Archive(replay) if replay else None
    ledger = Ledger(catalogue)
    sequence = itertools.count(catalogue.next_sequence())

    def on_flush(summary: CrawlSummary) -> None:
        if on_progress is not None:
            on_progress(summary.source, summary.counts(), summary.hosts)

    shared: dict[str, Any] = {
        "limit": limit,
        "archive": archive,
        "ledger": ledger,
        "sequence": sequence,
        "on_flush": on_flush,
        "deadline": deadline,
    }
    jobs = [open_job(settings, catalogue, seed, run_id, **shared) for seed in seeds]
    try:
        _run(settings, jobs)
    finally:
        if archive is not None:
            archive.close()
    return {job.seed.source: job.summary for job in jobs}


def _check(seed: Seed) -> None:
    if seed.spider == "none":
        raise UsageError(f"{seed.source} is not crawled: {seed.reason or 'its seed names no spider'}.")
    if not seed.crawl.start:
        raise UsageError(f"seed {seed.source} has no start URL: give it `crawl.start`.")
    if seed.crawl.robots.policy != "obey" and not seed.crawl.robots.reason:
        raise UsageError(f"seed {seed.source} sets robots.txt aside without a reason: write `crawl.robots.reason`.")


def _check_contact(settings: CrawlSettings, seed: Seed) -> None:
    """A site that is not our own must be able to write to whoever asks it."""
    is_ours = {urlsplit(url).hostname for url in seed.crawl.start} <= set(settings.private_hosts)
    if not (settings.contact or is_ours):
        raise UsageError("sites must know whom to write to: set `contact` under [crawl] in kobunko.toml.")


def _run(settings: Settings, jobs: Sequence[Job]) -> None:
    from scrapy.crawler import CrawlerProcess

    process = CrawlerProcess(process_settings(settings.crawl))
    logging.getLogger("scrapy").setLevel(logging.INFO)  # a line for each answer is what the catalogue is for
    errors: list[BaseException | None] = []
    _start(process, jobs, errors)
    is_main = threading.current_thread() is threading.main_thread()
    try:
        with _signals_given_back() if is_main else contextlib.nullcontext():
            process.start(install_signal_handlers=is_main)
    finally:
        for job in jobs:
            job.finish("interrupted")  # unless it has finished by itself
    errors += [job.recorder.error for job in jobs]
    for error in errors:
        if error is not None:
            raise error


@contextlib.contextmanager
def _signals_given_back() -> Iterator[None]:
    """Scrapy keeps SIGINT and SIGTERM when it is done, and then nothing would end what a night does after its crawl."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(process: "CrawlerProcess", jobs: Sequence[Job], errors: list[BaseException | None]) -> None:
    """Starts all sources at once, except that those which share a host follow each other."""
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings as ScrapySettings
    from twisted.internet.defer import DeferredList

    last: dict[str, Deferred[Any]] = {}
    for number, job in enumerate(jobs):
        values = scrapy_settings(job.settings.crawl, job.seed, replay=job.archive is not None)
        crawler = Crawler(spider_class(job.seed.spider), ScrapySettings(values), init_reactor=number == 0)
        job.recorder.on_broken = _stopper(jobs)
        before = DeferredList([last[host] for host in job.hosts if host in last])
        crawled = before.addCallback(_begin, process, crawler, job).addErrback(_keep, errors)
        last |= dict.fromkeys(job.hosts, crawled)


def _begin(_: object, process: "CrawlerProcess", crawler: "Crawler", job: Job) -> "Deferred[None]":
    return process.crawl(crawler, job=job)


def _keep(failure: "Failure", errors: list[BaseException | None]) -> None:
    errors.append(failure.value)


def _stopper(jobs: Sequence[Job]) -> Callable[[], None]:
    """After a failed write no source goes on: they share the disk."""

    def stop() -> None:
        for job in jobs:
            job.stopped = job.stopped or "write-error"

    return stop
