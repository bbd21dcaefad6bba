"""What all spiders share: from an answer to an outcome, and how redirects and failures are named.

A spider's callbacks are ordinary generators; they yield `Wanted` requests and items, and raise `Reject` for an answer
that they understand to be no answer. Whatever one answer gave goes to the recorder as one unit.
"""

import mimetypes
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from scrapy import Request, Spider, exceptions
from scrapy.http import Response
from twisted.python.failure import Failure

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.guard import Refused
from kobunko.crawlers.hosts import host_of
from kobunko.crawlers.items import Item
from kobunko.crawlers.job import Job
from kobunko.crawlers.politeness import AskedToWait
from kobunko.crawlers.robots import RobotsExcluded
from kobunko.crawlers.robots import content_type as content_type
from kobunko.crawlers.watch import Sighting, fingerprint
from kobunko.document import part
from kobunko.errors import Reject
from kobunko.ids import url_key
from kobunko.records import Capture, Part

Output = Iterator[Wanted | Item]
REDIRECTS = (301, 302, 303, 307, 308)
MOST_HOPS = 5
GONE = ("http-404", "http-410")
PASSING = ("http-403", "timeout", "host-not-found", "connection-refused", "connection-lost", "truncated")
KNOWN = -50  # priority of what is held and not listed: what is listed comes first
FALLBACK = -100  # priority of archived URLs that a list should have led to

_REASONS: dict[type[Exception], str] = {
    exceptions.DownloadTimeoutError: "timeout",
    exceptions.CannotResolveHostError: "host-not-found",
    exceptions.DownloadConnectionRefusedError: "connection-refused",
    exceptions.DownloadCancelledError: "too-large",
    exceptions.ResponseDataLossError: "truncated",
    exceptions.DownloadFailedError: "connection-lost",
}


def redirected(wanted: Wanted, url: str, location: str) -> Wanted:
    """The next hop; raises `Reject` on a loop or on too many of them."""
    target = urljoin(url, location.strip())
    hops = (*wanted.hops, url_key(url))
    if url_key(target) in hops:
        raise Reject("redirect-loop", target)
    if len(hops) > MOST_HOPS:
        raise Reject("too-many-redirects", target)
    return replace(wanted, url=target, key="", hops=hops)


def reason_of(error: BaseException | None) -> str:
    """Short name of a failed download."""
    if isinstance(error, Reject):
        return error.code if error.detail == error.code or not error.detail else f"{error.code}: {error.detail}"
    if isinstance(error, exceptions.IgnoreRequest):
        return str(error) or type(error).__name__
    return next((name for kind, name in _REASONS.items() if isinstance(error, kind)), f"error:{type(error).__name__}")


class SourceSpider(Spider):
    """Base of the spiders; `first` and `requests_for_archived` say where to begin."""

    name = "source"

    def __init__(self, job: Job, **kwargs: Any) -> None:
        super().__init__(name=job.seed.source, **kwargs)
        self.job = job
        self.seed = job.seed

    def first(self) -> Iterable[Wanted]:
        """Requests that a new crawl begins with."""
        raise NotImplementedError

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        """The same for a replay, from the URLs that the archive can answer."""
        raise NotImplementedError

    def may_follow(self, url: str) -> bool:
        """Whether a redirect may lead there."""
        return self.job.is_home(url)

    def led_elsewhere(self, hop: Wanted) -> Output:
        """A redirect to where the spider may not go: the answer that was wanted is lost."""
        raise Reject("redirect-elsewhere", hop.url)

    def secret_headers(self) -> dict[str, str]:
        """Headers with keys for the source's own hosts; they are never stored."""
        return {}

    def secret_query(self) -> dict[str, str]:
        """Query parameters with keys for the source's own hosts, where an API takes them no other way."""
        return {}

    def first_requests(self) -> list[Wanted]:
        archive = self.job.archive
        terms = self.seed.licence.terms_url
        first = list(self.first() if archive is None else self.requests_for_archived(archive.urls()))
        if terms and (archive is None or archive.has(terms)):
            first.append(self.terms_page(terms))
        return first

    def terms_page(self, url: str) -> Wanted:
        return Wanted(url, "terms", key=f"terms:{url_key(url)}", priority=100)

    def terms(self, response: Response) -> Output:
        """The terms page: captured as evidence, watched for changes, not a document."""
        capture: Capture = response.meta["capture"]
        yield Sighting("terms", response.url, fingerprint(content_type(response), response.body), capture.capture_id)

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler begins with the frontier."""
        return
        yield

    def request(self, wanted: Wanted) -> Request:
        meta: dict[str, Any] = {"wanted": wanted}
        if wanted.timeout_s:
            meta["download_timeout"] = max(wanted.timeout_s, self.job.settings.crawl.timeout_s)
        return Request(wanted.url, callback=self.answer, errback=self.gave_up, meta=meta, dont_filter=True)

    def answer(self, response: Response) -> None:
        wanted: Wanted = response.meta["wanted"]
        try:
            output = list(self._outcome(wanted, response))
        except Reject as reject:
            self._rejected(wanted, reject)
        except Exception as error:
            self.logger.exception("callback %s failed on %s", wanted.callback, wanted.url)
            self.job.recorder.failed(wanted, f"error:{type(error).__name__}: {error}")
        else:
            self.job.recorder.done(wanted, output)

    def _rejected(self, wanted: Wanted, reject: Reject) -> None:
        if reject.code in GONE:
            self.job.recorder.absent(wanted, reject.code)
        self._later_or_never(wanted, reason_of(reject))

    def _later_or_never(self, wanted: Wanted, reason: str) -> None:
        """What may pass by itself is tried once more at the end of the queue; the second time it is a failure."""
        frontier = self.job.frontier
        passes = reason in PASSING or reason.startswith("http-5")
        if passes and self.job.archive is None and frontier.detail(wanted.request_key) != reason:
            self.job.recorder.postponed(wanted, reason)
        else:
            self.job.recorder.failed(wanted, reason)

    def _outcome(self, wanted: Wanted, response: Response) -> Output:
        location = response.headers.get("Location")
        if response.status in REDIRECTS and location:
            hop = redirected(wanted, response.url, location.decode("utf-8", errors="replace"))
            if self.may_follow(hop.url) or wanted.callback == "terms":
                yield hop
            else:
                yield from self.led_elsewhere(hop)
        elif response.status != 200 and response.status not in wanted.accept:
            raise Reject(f"http-{response.status}")
        elif not response.body:
            raise Reject("empty-body")
        else:
            yield from getattr(self, wanted.callback)(response, **wanted.arguments)

    def gave_up(self, failure: Failure) -> None:
        """A request without an answer: excluded, postponed or failed, each by name."""
        wanted: Wanted = failure.request.meta["wanted"]  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, RobotsExcluded):
            self.job.recorder.excluded(wanted)
        elif isinstance(error, AskedToWait) and not self._is_broken(wanted, error):
            self.job.ledger.wait(host_of(wanted.url), error.seconds, str(error))
            self.job.closed[host_of(wanted.url)] = str(error)
            self.job.recorder.postponed(wanted, str(error))
        elif isinstance(error, Refused):
            self.job.recorder.failed(wanted, f"refused: {error}")
        else:
            self._later_or_never(wanted, reason_of(error))

    def _is_broken(self, wanted: Wanted, error: AskedToWait) -> bool:
        """Whether an earlier start was stopped by this very URL: then it is the URL that is broken, not the host."""
        return error.of_url and self.job.frontier.detail(wanted.request_key) == str(error)

    def closed(self, reason: str) -> None:
        self.job.finish(reason)

    def part(self, role: str, response: Response) -> Part:
        capture: Capture = response.meta["capture"]
        return part(role, capture)

    def member(self, role: str, response: Response, name: str, body: bytes, media_type: str = "") -> Part:
        """A piece of an answer that is a file of its own, e.g. of a ZIP: kept as a record of its own."""
        whole: Capture = response.meta["capture"]
        media_type = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return part(role, self.job.recorder.member(whole, name, media_type, body))

    def captured(self, url: str) -> Capture | None:
        """The newest good capture of a URL, what this crawl has just asked included."""
        self.job.recorder.flush()
        return self.job.catalogue.latest_capture(url)
