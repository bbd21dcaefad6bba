"""What is kept of an answer, and archives that others made."""

import gzip
import io
import json
from pathlib import Path

import pytest
from scrapy.http import TextResponse
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from kobunko.crawlers.archive import Archive, moment_of
from kobunko.crawlers.capture import signals, stored_headers, validators
from kobunko.crawlers.items import Found, part_from_json, part_to_json
from kobunko.crawlers.replay import to_response
from kobunko.document import document, part
from kobunko.errors import UsageError
from kobunko.ids import doc_id, input_sha256, work_id
from kobunko.records import Capture

URL = "https://www.mihon.example/a.html"


def capture(**changes: object) -> Capture:
    values: dict[str, object] = {"capture_id": "<urn:uuid:1>", "source": "ministry", "url": URL, "status": 200}
    values |= {"record_type": "response", "media_type": "text/html", "sha256": "ab" * 32, "size": 3}
    values |= {"fetched_at": None, "warc_file": "ministry/ministry-00000001.warc.gz", "warc_offset": 7}
    return Capture(**values | changes)  # type: ignore[arg-type]


def test_stored_headers_are_true_of_the_decoded_body() -> None:
    pairs = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Content-Length", "10")]
    stored = [("Content-Type", "text/html"), ("X-Crawl-Content-Encoding", "gzip")]
    assert stored_headers(pairs, 25) == [*stored, ("X-Crawl-Content-Length", "10"), ("Content-Length", "25")]
    assert stored_headers([("Content-Length", "25")], 25) == [("Content-Length", "25")]


def test_opt_out_signals_of_headers_and_of_the_page() -> None:
    page = b'<meta name="Robots" content="noindex, noai"><meta name="tdm-reservation" content="1">'
    pairs = [("Content-Type", "text/html"), ("TDM-Reservation", "1"), ("ETag", '"x"'), ("Server", "s")]
    pairs += [("X-Robots-Tag", "noai"), ("X-Robots-Tag", "noimageai"), ("Content-Usage", "train-ai=n")]
    assert signals(pairs, page) == {
        "tdm-reservation": "1",
        "etag": '"x"',
        "x-robots-tag": "noai, noimageai",
        "content-usage": "train-ai=n",
        "meta-robots": "noindex, noai",
        "meta-tdm-reservation": "1",
    }
    assert signals([("Content-Type", "application/pdf")], page) == {}


def test_validators_come_from_the_last_answer() -> None:
    headers = json.dumps({"etag": '"x"', "last-modified": "Thu, 01 Oct 2026 00:00:00 GMT", "x-robots-tag": "noai"})
    wanted = {"If-None-Match": '"x"', "If-Modified-Since": "Thu, 01 Oct 2026 00:00:00 GMT"}
    assert validators(capture(headers=headers)) == wanted
    assert validators(None) == {}


def test_a_document_is_named_by_what_it_is_made_from() -> None:
    parts = (part("detail", capture()), part("judgment", capture(sha256="cd" * 32)))
    assert tuple(part_from_json(json.loads(json.dumps(part_to_json(item)))) for item in parts) == parts
    made = Found("1234", "cd" * 32, URL, "見本", parts, metadata={"b": 1, "a": "い"}).document("courts")
    assert made.doc_id == doc_id("courts", "1234", "cd" * 32)
    assert made.work_id == work_id("courts", "1234")
    assert made.input_sha256 == input_sha256([("detail", "ab" * 32), ("judgment", "cd" * 32)])
    assert made.metadata == '{"a": "い", "b": 1}'
    assert made == document("courts", "1234", "cd" * 32, parts, url=URL, title="見本", metadata={"a": "い", "b": 1})


def foreign(path: Path) -> Path:
    """An archive as other crawlers write it: bodies as on the wire, a resource record, seconds in dates."""
    with path.open("wb") as handle:
        writer = WARCWriter(handle, gzip=True)

        def add(kind: str, url: str, moment: str, body: bytes, *headers: tuple[str, str]) -> None:
            http = StatusAndHeaders("200 OK", list(headers), protocol="HTTP/1.1") if kind == "response" else None
            extra = {"WARC-Date": moment, "Content-Type": "text/plain"} if kind == "resource" else {"WARC-Date": moment}
            record = writer.create_warc_record(
                url, kind, payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=extra
            )
            writer.write_record(record)

        html = ("Content-Type", "text/html; charset=utf-8")
        packed = gzip.compress("<title>新しい</title>".encode())
        add("response", URL, "2026-02-01T00:00:00Z", packed, html, ("Content-Encoding", "gzip"))
        add("response", URL, "2025-02-01T00:00:00Z", "<title>古い</title>".encode(), html)
        key = "https://api.mihon.example/api/v2/documents.json?date=2026-10-01&type=2&Subscription-Key=secret"
        add("resource", key, "2026-02-01T00:00:00Z", b"{}")
        add("resource", "dns:www.mihon.example", "2026-02-01T00:00:00Z", b"x")
    return path


def test_archives_of_others_can_be_replayed(tmp_path: Path) -> None:
    archive = Archive([foreign(tmp_path / "foreign.warc.gz")])
    listed = "https://api.mihon.example/api/v2/documents.json?date=2026-10-01&type=2"
    assert archive.urls() == [URL, listed]
    newest = archive.get(URL + "#part")
    assert newest is not None
    response = to_response(newest, URL)
    assert isinstance(response, TextResponse)
    assert response.text == "<title>新しい</title>"
    assert "Content-Encoding" not in response.headers
    assert moment_of(newest).isoformat() == "2026-02-01T00:00:00+00:00"
    assert archive.get("https://www.mihon.example/other") is None
    with pytest.raises(UsageError, match=r"missing\.warc"):
        Archive([tmp_path / "missing.warc"])
