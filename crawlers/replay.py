"""Replay: the real spiders, answered from WARC files instead of the network.

What is not in the files is a named failure; nothing is ever asked of the network.
"""

from collections.abc import Iterable

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from kobunko import warc
from kobunko.crawlers.archive import Archive, moment_of
from kobunko.crawlers.job import job_of
from kobunko.errors import Corrupt

_DECODED = ("content-encoding", "transfer-encoding", "content-length")


class NotInReplay(IgnoreRequest):
    """The archive has no answer for this URL, or none that is whole; the message says which."""


def to_response(answer: warc.Answer, url: str) -> Response:
    """A record as Scrapy sees it; the body was decoded when it was read."""
    pairs: Iterable[tuple[str, str]] = answer.headers or [("Content-Type", answer.media_type)]
    headers = Headers()
    for name, value in pairs:
        if name.lower() not in _DECODED:
            headers.appendlist(name, value)
    cls = responsetypes.from_args(headers=headers, url=url, body=answer.body)
    return cls(url, status=answer.status, headers=headers, body=answer.body)


class ReplayMiddleware:
    """Answers every request; none goes further."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ReplayMiddleware":
        archive = job_of(crawler).archive
        assert archive is not None
        return cls(archive)

    def process_request(self, request: Request) -> Response:
        try:
            answer = self._archive.get(request.url)
        except Corrupt as error:
            raise NotInReplay(f"damaged-in-replay: {error}") from error
        if answer is None:
            raise NotInReplay("not-in-replay")
        request.meta["archived_at"] = moment_of(answer)
        return to_response(answer, request.url)
