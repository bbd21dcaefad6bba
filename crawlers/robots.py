"""robots.txt: what it says, and obeying it.

Many government hosts answer `/robots.txt` with an application shell or an error page; those hold no rules. A host
that cannot answer for it (5xx, unreachable) is left alone until the next start.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from kobunko.crawlers.guard import Refused
from kobunko.crawlers.job import job_of
from kobunko.crawlers.optout import HostSignals, parse_tdmrep
from kobunko.crawlers.politeness import AskedToWait
from kobunko.crawlers.replay import NotInReplay
from kobunko.crawlers.scrapy_settings import AGENT
from kobunko.crawlers.watch import Sighting
from kobunko.ids import sha256_hex

TDMREP = "/.well-known/tdmrep.json"
MOST_READ = 4 << 20  # bytes of a robots.txt before it counts as none that could be had
LARGEST = 500 * 1024  # bytes that RFC 9309 asks a crawler to read
_FIELD = re.compile(r"^\s*(user-agent|disallow|allow|crawl-delay|sitemap)\s*:", re.IGNORECASE | re.MULTILINE)


class RobotsExcluded(IgnoreRequest):
    """robots.txt keeps us from this URL."""


@dataclass(frozen=True)
class Rules:
    """What a host's robots.txt means for us. `kind`: rules · none · unreachable."""

    kind: str
    parser: Protego | None = None

    def allows(self, url: str) -> bool:
        if self.kind == "unreachable":
            return False
        return self.parser is None or bool(self.parser.can_fetch(url, AGENT))

    @property
    def delay_s(self) -> float:
        return float((self.parser.crawl_delay(AGENT) if self.parser else None) or 0)


NO_RULES = Rules("none")
UNREACHABLE = Rules("unreachable")


def rules(status: int, content_type: str, body: bytes) -> Rules:
    """Rules of an answer to `/robots.txt`: HTML or anything else that is no robots file has none."""
    if status >= 500 or status == 429:
        return UNREACHABLE
    if status != 200:
        return NO_RULES
    text = body[:LARGEST].decode("utf-8-sig", errors="replace")
    if "html" in content_type.lower() or text.lstrip().startswith("<") or not _FIELD.search(text):
        return NO_RULES
    return Rules("rules", Protego.parse(text))


def text_of(found: Rules, body: bytes) -> str:
    """What a robots file says; nothing where the answer was no robots file."""
    return body[:LARGEST].decode("utf-8-sig", errors="replace") if found.parser else ""


class RobotsMiddleware:
    """Asks each host for its robots.txt once per crawl, before anything else of it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._job = job_of(crawler)
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RobotsMiddleware":
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if "robots" in request.meta:
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = asyncio.create_task(self._ask(origin))
        found = await self._rules[origin]
        self._slow_down(parts.hostname or "", found.delay_s)
        if self._job.seed.crawl.robots.policy != "obey":
            return  # what the host says of itself is kept all the same
        if self._job.archive is not None and found.kind == "unreachable":
            return  # nobody is asked
        if found.kind == "unreachable" and self._job.is_home(request.url):
            raise AskedToWait("robots-unreachable", of_url=False)
        if not found.allows(request.url):
            raise RobotsExcluded(request.url)

    def _slow_down(self, host: str, crawl_delay_s: float) -> None:
        """The seed's delay for this host, or its Crawl-delay where that is longer. Before each request, because
        AutoThrottle knows one least delay for all hosts and goes back to it."""
        if self._job.archive is not None:
            return
        assert self._crawler.engine is not None
        downloader = self._crawler.engine.downloader
        least = max(crawl_delay_s, self._job.seed.crawl.manners(host).delay_s)
        downloader.per_slot_settings[host] = {"delay": least, "concurrency": 1}
        if host in downloader.slots:
            downloader.slots[host].delay = max(least, downloader.slots[host].delay)

    async def _ask(self, origin: str) -> Rules:
        answer = await self._answer(f"{origin}/robots.txt")
        if not isinstance(answer, Response):
            return answer
        found = rules(answer.status, content_type(answer), answer.body)
        text = text_of(found, answer.body)
        self._slow_down(urlsplit(origin).hostname or "", found.delay_s)
        tdmrep: list[dict[str, Any]] = []
        if self._job.is_home(f"{origin}/") and found.allows(f"{origin}{TDMREP}"):
            there = await self._answer(f"{origin}{TDMREP}")
            tdmrep = parse_tdmrep(there.body) if isinstance(there, Response) and there.status == 200 else []
        self._job.signals[origin] = HostSignals(text, tdmrep)
        if found.kind != "unreachable" and self._job.is_home(f"{origin}/"):
            seen = sha256_hex(text.encode())  # a shell or an error page has no rules, whatever its bytes are
            capture = answer.meta.get("capture")
            capture_id = capture.capture_id if capture else ""
            self._job.recorder.watched(Sighting("robots", f"{origin}/robots.txt", seen, capture_id))
        return found

    async def _answer(self, url: str) -> Response | Rules:
        """The answer at the end of its redirects, or the rules that hold where there is none."""
        for _ in range(6):
            try:
                answer = await self._download(url)
            except NotInReplay:
                return NO_RULES
            except Refused:
                raise
            except Exception:
                return UNREACHABLE
            location = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or location is None:
                return answer
            url = answer.urljoin(location.decode("latin-1"))
        return NO_RULES

    async def _download(self, url: str) -> Response:
        meta = {"robots": True, "download_maxsize": MOST_READ}
        request = Request(url, meta=meta, dont_filter=True)
        assert self._crawler.engine is not None
        return await self._crawler.engine.download_async(request)


def content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")
