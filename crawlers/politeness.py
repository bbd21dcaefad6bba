"""429 and 503 are an order to wait. We wait a short while as long as we are told, and else leave the host alone.

What was not answered stays in the frontier, and until when the host wants to be left alone is in the ledger: the next
start asks nothing before that.
"""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from kobunko.crawlers.hosts import host_of
from kobunko.crawlers.job import job_of

LONGEST_WAIT_S = 120.0
USUAL_WAIT_S = 30.0
LEAST_CLOSURE_S = 3600.0  # of a host that went on refusing after short waits


class AskedToWait(IgnoreRequest):
    """The host does not want to be asked now; the message says how it said so, `of_url` whether to one URL."""

    def __init__(self, how: str, *, of_url: bool, seconds: float = LEAST_CLOSURE_S) -> None:
        super().__init__(how)
        self.of_url = of_url
        self.seconds = seconds


def retry_after(value: str, now: datetime) -> float:
    """Seconds of a `Retry-After` header (a number or a date), or the usual wait where it says nothing."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return USUAL_WAIT_S


class PolitenessMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._job = job_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "PolitenessMiddleware":
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in (429, 503) or self._job.archive is not None:
            return response
        header = (response.headers.get("Retry-After") or b"").decode("latin-1")
        wait = retry_after(header, datetime.now(UTC))
        if wait > LONGEST_WAIT_S or request.meta.get("waited", 0) >= self._job.settings.crawl.retries:
            raise AskedToWait(f"http-{response.status}", of_url=True, seconds=max(wait, LEAST_CLOSURE_S))
        self._job.ledger.wait(host_of(request.url), wait, f"http-{response.status}")
        self._job.recorder.flush()
        await self._sleep(wait)
        again = request.copy()
        again.meta["waited"] = request.meta.get("waited", 0) + 1
        return again

    async def _sleep(self, seconds: float) -> None:
        """Only one request per source is under way, so the whole source waits. A shutdown ends the wait."""
        while seconds > 0 and self._crawler.crawling:
            await asyncio.sleep(min(seconds, 0.5))
            seconds -= 0.5


class LedgerMiddleware:
    """Stands next to the wire: every request that leaves counts, retries and robots.txt included."""

    def __init__(self, crawler: Crawler) -> None:
        self._ledger = job_of(crawler).ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LedgerMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        self._ledger.asked(host_of(request.url))

    def process_response(self, request: Request, response: Response) -> Response:
        self._ledger.answered(host_of(request.url), response.status, len(response.body))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, IgnoreRequest):
            self._ledger.refused(host_of(request.url), type(exception).__name__)
