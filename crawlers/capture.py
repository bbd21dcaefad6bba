"""Capture: every answer, byte for byte, into WARC; and asking only for what has changed.

The stored body is the decoded one; the headers that described its encoding on the wire keep their values under
`X-Crawl-…`. An answer whose body we hold (304, or the same bytes) becomes a `revisit`, and its row points at the
record that holds the body.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from kobunko import warc
from kobunko.crawlers.guard import Refused
from kobunko.crawlers.job import job_of
from kobunko.crawlers.parse.html import meta_tags
from kobunko.errors import Corrupt, Unreachable
from kobunko.ids import sha256_hex, url_key
from kobunko.records import Capture

Pairs = list[tuple[str, str]]
_KEPT = (
    "etag",
    "last-modified",
    "tdm-reservation",
    "tdm-policy",
    "x-robots-tag",
    "content-usage",
    "content-signal",
)
_KEPT_META = ("robots", "tdm-reservation", "tdm-policy", "content-usage", "content-signal")
_HINT = re.compile(rb"(?i)<meta[^>]{0,200}(robots|tdm-|content-usage|content-signal)")
_RSL_LINK = re.compile(r"<([^<>]+)>[^<>]*application/rsl\+xml", re.IGNORECASE)
_RSL_TAG = re.compile(rb"<(?:link|script)\b[^<>]{0,400}application/rsl\+xml[^<>]{0,400}>", re.IGNORECASE)
_TDM_XMP = re.compile(rb"""\btdm:reservation\s*(?:=\s*["']|>)\s*([01])\s*["'<]""")
_WIRE = ("content-encoding", "transfer-encoding")


def stored_headers(pairs: Pairs, size: int) -> Pairs:
    """Headers as they go into WARC: true of the decoded body, with the wire's own under `X-Crawl-…`."""
    stored = []
    for name, value in pairs:
        wrong_length = name.lower() == "content-length" and value != str(size)
        stored.append((f"X-Crawl-{name}" if name.lower() in _WIRE or wrong_length else name, value))
        if wrong_length:
            stored.append((name, str(size)))
    return stored


def signals(pairs: Pairs, body: bytes) -> dict[str, str]:
    """Validators and opt-out signals of an answer: header names in lower case, `meta-…` for those of the page."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() in _KEPT:
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    content_type = next((value for name, value in pairs if name.lower() == "content-type"), "")
    if rsl := [where for name, value in pairs if name.lower() == "link" for where in _RSL_LINK.findall(value)]:
        found["rsl"] = ", ".join(rsl)
    if "html" in content_type.lower():
        found |= _of_html(body, content_type)
    elif body.startswith(b"%PDF") and (reserved := _TDM_XMP.search(body)):
        found["meta-tdm-reservation"] = reserved[1].decode()
    return found


def _of_html(body: bytes, content_type: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if _HINT.search(body):  # parsing every page twice would double the time
        tags = meta_tags(body, content_type)
        found = {f"meta-{name}": tags[name] for name in _KEPT_META if name in tags}
    if tag := _RSL_TAG.search(body):
        found["meta-rsl"] = tag[0].decode("utf-8", "replace")
    return found


def validators(previous: Capture | None) -> dict[str, str]:
    """Headers of a conditional request, from what the last answer said of itself."""
    known = json.loads(previous.headers) if previous else {}
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {header: known[name] for name, header in names.items() if name in known}


def header_pairs(headers: Headers) -> Pairs:
    values = ((name, value) for name, found in headers.items() for value in found)
    return [(_text(name), _text(value)) for name, value in values]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class DecompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, which leaves a trace of the encoding that it undid."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        on_the_wire = response.headers.getlist("Content-Encoding")
        try:
            decoded = super().process_response(request, response)
        except IgnoreRequest as error:
            raise IgnoreRequest("too-large") from error
        if isinstance(decoded, Response) and on_the_wire and "Content-Encoding" not in decoded.headers:
            decoded.headers.setlist("X-Crawl-Content-Encoding", on_the_wire)
        return decoded


class CaptureMiddleware:
    """Writes each answer, and gives the spider the body that we hold where the answer was 304."""

    def __init__(self, crawler: Crawler) -> None:
        self._job = job_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CaptureMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        self._refuse("url", url_key(request.url))
        last: Sequence[Capture] = self._job.catalogue.captures_of(request.url, limit=1)
        good = last if not last or _success(last[0].status) == 200 else self._captured_well(request.url)
        request.meta["last"], request.meta["good"] = (found[0] if found else None for found in (last, good))
        if self._job.archive is None and not request.meta.get("whole"):
            request.headers.update(validators(request.meta["good"]))

    def _captured_well(self, url: str) -> Sequence[Capture]:
        return self._job.catalogue.captures_of(url, limit=1, ok=True)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        digest = sha256_hex(response.body)
        self._refuse("sha256", digest)
        last: Capture | None = request.meta["good" if response.status == 304 else "last"]
        held = self._held(response, last, digest)
        if response.status == 304 and held is None:
            return self._ask_whole(request, response)
        if held is not None and last is not None:
            capture = self._revisit(request, response, last, held)
        else:
            capture = self._response(request, response, digest)
        self._job.recorder.capture(capture)
        request.meta["capture"] = capture
        if response.status == 304 and held is not None:
            headers = Headers({"Content-Type": capture.media_type})
            cls = responsetypes.from_args(headers=headers, url=response.url, body=held.body)
            return cls(response.url, status=200, headers=headers, body=held.body, request=request)
        return response

    def _refuse(self, kind: str, value: str) -> None:
        """What was removed is not asked for again, and the same bytes from elsewhere are not kept."""
        if self._job.is_removed(kind, value):
            raise Refused("removed")

    def _held(self, response: Response, last: Capture | None, digest: str) -> warc.Answer | None:
        """The record that holds this answer's body already, if it is whole."""
        if last is None:
            return None
        unchanged = response.status == 304 or (
            _success(last.status) == _success(response.status) and last.sha256 == digest
        )
        if not unchanged:
            return None
        try:
            answer = warc.read(self._job.settings.raw, last.warc_file, last.warc_offset)
        except (Corrupt, FileNotFoundError):
            return None
        except Unreachable as error:
            self._job.recorder.broken(error)
            raise
        return answer if sha256_hex(answer.body) == last.sha256 else None

    def _ask_whole(self, request: Request, response: Response) -> Request | Response:
        """304 for a body that we cannot read any more: ask again without conditions, once."""
        if request.meta.get("whole"):
            return response
        again = request.copy()
        again.meta["whole"] = True
        for name in ("If-None-Match", "If-Modified-Since"):
            again.headers.pop(name, None)
        return again

    def _response(self, request: Request, response: Response, digest: str) -> Capture:
        moment, pairs, body = _moment(request), header_pairs(response.headers), response.body
        stored = stored_headers(pairs, len(body))
        answer = (request.url, moment, response.status, stored, body, digest)
        where = self._job.recorder.write(lambda writer: writer.response(*answer))
        self._note_link(request, moment, where[0])
        return self._row(
            request,
            where[0],
            record_type="response",
            status=response.status,
            media_type=_header(pairs, "content-type"),
            sha256=digest,
            size=len(body),
            fetched_at=moment,
            warc_file=where[1],
            warc_offset=where[2],
            headers=signals(pairs, body),
        )

    def _revisit(self, request: Request, response: Response, last: Capture, held: warc.Answer) -> Capture:
        moment, pairs = _moment(request), header_pairs(response.headers)
        stored = stored_headers(pairs, len(held.body))
        where = self._job.recorder.write(
            lambda w: w.revisit(request.url, moment, response.status, stored, last.sha256, held.record_id)
        )
        self._note_link(request, moment, where[0])
        return self._row(
            request,
            where[0],
            record_type="revisit",
            status=response.status,
            media_type=last.media_type if response.status == 304 else _header(pairs, "content-type"),
            sha256=last.sha256,
            size=last.size,
            fetched_at=moment,
            warc_file=last.warc_file,
            warc_offset=last.warc_offset,
            headers=of_page(last) | signals(pairs, held.body),
        )

    def _note_link(self, request: Request, moment: datetime, about: str) -> None:
        wanted = request.meta.get("wanted")
        if wanted is not None and wanted.linked_from:
            fields = {"linked_from": wanted.linked_from, "anchor_text": wanted.anchor_text}
            self._job.recorder.write(lambda w: w.metadata(request.url, moment, fields, about))

    def _row(self, request: Request, capture_id: str, *, headers: dict[str, str], **values: Any) -> Capture:
        wanted = request.meta.get("wanted")
        return Capture(
            capture_id=capture_id,
            source=self._job.seed.source,
            url=request.url,
            linked_from=wanted.linked_from if wanted else "",
            anchor_text=wanted.anchor_text if wanted else "",
            headers=json.dumps(headers | self._host_signals(request.url), ensure_ascii=False, sort_keys=True),
            **values,
        )

    def _host_signals(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        known = self._job.signals.get(f"{parts.scheme}://{parts.netloc}")
        return known.of(url) if known else {}


def of_page(last: Capture) -> dict[str, str]:
    """What an earlier answer said of itself; what its host says is asked anew in each crawl."""
    known: dict[str, str] = json.loads(last.headers)
    return {name: value for name, value in known.items() if not name.startswith(("robots-", "tdmrep-"))}


def _success(status: int) -> int:
    return 200 if status == 304 else status


def _header(pairs: Pairs, wanted: str) -> str:
    return next((value for name, value in pairs if name.lower() == wanted), "")


def _moment(request: Request) -> datetime:
    archived: datetime | None = request.meta.get("archived_at")
    return archived or datetime.now(UTC)
