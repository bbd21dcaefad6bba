"""Scrapy's scheduler over the frontier.

Scrapy's own disk queue loses requests on a kill; here a request leaves the queue only when the recorder settled it.
Requests are read from the frontier in small portions of one priority, so memory does not grow with the queue. One
request is under way at a time: the next one is given out when the last one is settled, so nothing runs ahead of a
decision to stop, and the order of a crawl does not depend on timing.
"""

from collections import deque

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.spiders import Spider

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.hosts import host_of
from kobunko.crawlers.job import Job
from kobunko.crawlers.spiders.base import SourceSpider

PORTION = 200


class FrontierScheduler(BaseScheduler):
    def __init__(self, spider: SourceSpider) -> None:
        self._spider = spider
        self._job: Job = spider.job
        self._queue: deque[Wanted] = deque()
        self._again: deque[Request] = deque()  # retries of requests that are in flight

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "FrontierScheduler":
        assert isinstance(crawler.spider, SourceSpider)
        return cls(crawler.spider)

    def open(self, spider: Spider) -> None:  # noqa: ARG002
        """A new crawl begins with the spider's own requests, all in one transaction; a resumed one has its rows."""
        if not self._job.summary.resumed:
            with self._job.catalogue.transaction() as connection:
                self._job.frontier.add(connection, self._spider.first_requests())
        self._refilled()

    def has_pending_requests(self) -> bool:
        if self._job.stop_reason:
            return False
        return bool(self._queue or self._again or self._job.recorder.best_priority is not None or self._refilled())

    def enqueue_request(self, request: Request) -> bool:
        """Only retries come this way: what spiders ask for goes through the recorder into the frontier."""
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        if self._job.stop_reason:
            return None
        if self._again:
            return self._again.popleft()
        if self._job.recorder.in_flight:
            return None
        urgent = self._job.recorder.best_priority
        if self._queue and urgent is not None and urgent > self._queue[0].priority:
            self._refilled()
        while (self._queue or self._refilled()) and not self._job.stop_reason:
            wanted = self._queue.popleft()
            if objection := self._job.objection(wanted.url):
                self._job.closed[host_of(wanted.url)] = objection
                continue  # it waits for the next start; other hosts may be asked
            self._job.recorder.in_flight.add(wanted.request_key)
            try:
                return self._spider.request(wanted)
            except ValueError:  # Scrapy does not take it for a URL
                self._job.recorder.failed(wanted, "malformed-url")
        return None

    def _refilled(self) -> bool:
        """Reads the next portion; whether there is one."""
        self._job.recorder.flush()
        waiting, closed = self._job.frontier.waiting(PORTION, self._job.closed), self._job.closed
        self._queue = deque(wanted for wanted in waiting if host_of(wanted.url) not in closed)
        return bool(self._queue)
