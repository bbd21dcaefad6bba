"""What is kept of an answer, and archives that others made."""

import base64
import gzip
import hashlib
import io
import itertools
import json
import zlib
from pathlib import Path

import brotli
import pytest
from scrapy.http import TextResponse
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from kobunko import wire
from kobunko.crawlers.archive import Archive, moment_of
from kobunko.crawlers.capture import signals, stored_headers, validators
from kobunko.crawlers.items import Found, part_from_json, part_to_json
from kobunko.crawlers.replay import to_response
from kobunko.document import document, part
from kobunko.errors import Corrupt, UsageError
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


def test_licences_of_rsl_and_reservations_in_a_pdf_are_kept() -> None:
    link = ("Link", '<https://a.example/>; rel="next", <https://a.example/l.xml>; type="application/rsl+xml"')
    assert signals([link], b"") == {"rsl": "https://a.example/l.xml"}
    html, tag = [("Content-Type", "text/html")], '<link rel="license" href="/l.xml" type="application/rsl+xml">'
    assert signals(html, f"<head>{tag}</head>".encode()) == {"meta-rsl": tag}
    assert signals(html, b"<p>What is application/rsl+xml?</p>") == {}
    pdf = [("Content-Type", "application/pdf")]
    assert signals(pdf, b'%PDF-1.7 <rdf:li tdm:reservation="1"/>') == {"meta-tdm-reservation": "1"}
    assert signals(pdf, b"%PDF-1.7 <tdm:reservation>0</tdm:reservation>") == {"meta-tdm-reservation": "0"}


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


def record(kind: str, url: str, block: bytes, **fields: str) -> bytes:
    """A record as it stands in a WARC file of version 1.0; `_` in names of fields is a hyphen."""
    pairs = {"WARC-Type": kind, "WARC-Target-URI": url, "WARC-Date": "2026-02-01T00:00:00Z"}
    pairs |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs.items())
    return f"WARC/1.0\r\n{lines}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def archive_of(path: Path, *records: bytes) -> Archive:
    path.write_bytes(b"".join(records))
    return Archive([path])


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


PAGE = "<title>見本</title>".encode() * 50
CHUNKED = b"".join(b"%X; note=1\r\n%s\r\n" % (len(PAGE[n : n + 99]), PAGE[n : n + 99]) for n in range(0, len(PAGE), 99))
CHUNKED += b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("payload", "lines", "digest"),
    [
        (PAGE, (), sha1(PAGE)),
        (PAGE, ("Content-Length: 12",), sha1(PAGE)),  # of the packed body, which the recorder had unpacked
        (CHUNKED, ("Transfer-Encoding: chunked",), sha1(CHUNKED)),
        (CHUNKED, ("Transfer-Encoding: chunked",), sha1(PAGE)),
        (PAGE, ("Transfer-Encoding: chunked", "Content-Encoding: br"), f"sha256:{hashlib.sha256(PAGE).hexdigest()}"),
        (gzip.compress(PAGE, mtime=0), ("Content-Encoding: x-gzip",), sha1(PAGE)),
        (zlib.compress(PAGE), ("Content-Encoding: deflate",), ""),
        (zlib.compress(PAGE)[2:-4], ("Content-Encoding: deflate",), ""),
        (brotli.compress(PAGE), ("Content-Encoding: br",), "blake3:what nobody here knows"),
        (wire.zstd.compress(gzip.compress(PAGE, mtime=0)), ("Content-Encoding: gzip, zstd",), ""),
    ],
    ids=itertools.count(),
)
def test_a_body_is_unpacked_as_it_was_meant(
    payload: bytes, lines: tuple[str, ...], digest: str, tmp_path: Path
) -> None:
    fields = {"WARC_Payload_Digest": digest} if digest else {}
    archive = archive_of(tmp_path / "a.warc", record("response", URL, http(payload, *lines), **fields))
    found = archive.get(URL)
    assert found is not None
    assert found.body == PAGE


@pytest.mark.parametrize(
    ("payload", "lines", "fields"),
    [
        (PAGE[:-9], (f"Content-Length: {len(PAGE)}",), {}),
        (CHUNKED[:-40], ("Transfer-Encoding: chunked",), {}),
        (gzip.compress(PAGE, mtime=0)[:-9], ("Content-Encoding: gzip",), {}),
        (brotli.compress(PAGE)[:-9], ("Content-Encoding: br",), {}),
        (PAGE, ("Content-Encoding: secret",), {}),
        (PAGE, (), {"WARC_Payload_Digest": sha1(b"other")}),
        (PAGE, (), {"WARC_Truncated": "length"}),
    ],
    ids=itertools.count(),
)
def test_an_answer_that_is_not_whole_is_none(
    payload: bytes, lines: tuple[str, ...], fields: dict[str, str], tmp_path: Path
) -> None:
    archive = archive_of(tmp_path / "a.warc", record("response", URL, http(payload, *lines), **fields))
    with pytest.raises(Corrupt):
        archive.get(URL)


def test_the_newest_good_answer_to_a_get_is_the_one_that_counts(tmp_path: Path) -> None:
    late = {"WARC_Date": "2026-03-01T00:00:00Z"}
    records = [
        record("request", URL, b"POST /a.html HTTP/1.1\r\n\r\n", WARC_Concurrent_To="<urn:uuid:5>", **late),
        record("response", URL, http(b"old"), WARC_Date="2026-01-01T00:00:00Z"),
        record("response", URL.replace("https", "http"), http(PAGE), WARC_Record_ID="<urn:uuid:1>"),
        record("response", URL, http(b"later", status="503 Busy"), **late),
        record("response", URL, http(b"", status="304 Not Modified"), **late),
        record("response", URL, http(b"to a form"), WARC_Record_ID="<urn:uuid:5>", **late),
        record("response", f"{URL}?x=1", http(b"", "Location: /a.html", status="301 Moved"), WARC_Date="2026"),
        record("metadata", URL, b"note: x"),
    ]
    archive = archive_of(tmp_path / "a.warc", *records)
    found = archive.get(URL)
    assert found is not None
    assert (found.body, found.date) == (PAGE, "2026-02-01T00:00:00+00:00")
    assert [url.split(":")[1] for url in archive.urls()] == [URL.split(":")[1]]
    moved = archive.get(f"{URL}?x=1")
    assert moved is not None
    assert moved.status == 301


def test_a_revisit_has_the_body_that_it_refers_to_in_whatever_file_it_is(tmp_path: Path) -> None:
    late = {"WARC_Date": "2026-03-01T00:00:00Z"}
    same, none = "https://www.mihon.example/same.html", "https://www.mihon.example/none.html"
    by_digest = record("revisit", same, http(b""), WARC_Payload_Digest=sha1(PAGE), **late)
    by_name = record("revisit", f"{same}?2", b"", WARC_Refers_To="<urn:uuid:1>", **late)
    by_url = record("revisit", URL, http(b"", status="304 Not Modified"), WARC_Refers_To_Target_URI=URL, **late)
    lost = record("revisit", none, http(b""), WARC_Payload_Digest=sha1(b"nobody has it"))
    (tmp_path / "b.warc").write_bytes(by_digest + by_name + by_url + lost)
    body = record("response", URL, http(PAGE), WARC_Record_ID="<urn:uuid:1>", WARC_Payload_Digest=sha1(PAGE))
    (tmp_path / "a.warc").write_bytes(body)
    archive = Archive([tmp_path / "b.warc", tmp_path / "a.warc"])
    for url in (same, f"{same}?2", URL):
        found = archive.get(url)
        assert found is not None
        assert (found.body, found.url, found.date) == (PAGE, url, "2026-03-01T00:00:00+00:00")
    with pytest.raises(Corrupt, match="revisit-without-body"):
        archive.get(none)
