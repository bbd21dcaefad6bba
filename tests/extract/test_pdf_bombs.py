"""Hostile PDF files: each ends with a named outcome, its neighbours are read, and nothing grows without bound."""

import dataclasses
import functools
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from kobunko.errors import Reject
from kobunko.executors import Processes, read_part
from kobunko.extract.stage import EXTRACT
from kobunko.ids import sha256_hex
from kobunko.stage import Resources
from kobunko.warc import WarcWriter

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def pdf(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, with a right cross-reference table."""
    body, places = b"%PDF-1.7\n", {}
    for number, content in sorted({1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(b""), **objects}.items()):
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 1\n0000000000 65535 f \n"
    table += b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items())
    size = max(places) + 1
    return body + table + b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (size, trailer, len(body))


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def flate(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 1)
    return stream(data, b"/Filter [%s]" % (b"/FlateDecode " * times))


def zeros(size: int) -> bytes:
    """A Flate stream of so many blanks, made without having them in memory."""
    packer = zlib.compressobj(1)
    block = b" " * (1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


def forms(depth: int) -> dict[int, bytes]:
    """Form objects that each call the next one twice."""
    found = {}
    for level in range(depth):
        entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F %d 0 R >> >>"
        found[10 + level] = stream(b"/F Do /F Do", entries % (11 + level))
    found[10 + depth] = stream(b"0 0 9 9 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return found


def mapped() -> dict[int, bytes]:
    """A font whose letters get their meaning from two hundred maps of all 65,536 codes."""
    ranges = b"100 beginbfrange\n" + b"<0000> <ffff> <0000>\n" * 100 + b"endbfrange\n"
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0"
    below = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
    )
    return {
        3: PAGE.replace(b"<< >>", b"<< /Font << /F 5 0 R >> >>"),
        4: stream(b"BT /F 9 Tf <00410042> Tj ET"),
        5: font + b" R >>",
        6: below + b"/Supplement 0 >> /FontDescriptor 8 0 R >>",
        7: flate(b"begincmap\n" + ranges * 200 + b"endcmap"),
        8: b"<< /Type /FontDescriptor /FontName /A /Flags 4 >>",
    }


def bombs() -> dict[str, bytes]:
    twice_packed = stream(zlib.compress(zeros(1 << 29), 1), b"/Filter [/FlateDecode /FlateDecode]")
    recursion = {3: PAGE.replace(b"<< >>", b"<< /XObject << /F 10 0 R >> >>"), 4: stream(b"/F Do"), **forms(33)}
    image = b"/Type /XObject /Subtype /Image /Width 65535 /Height 65535 /BitsPerComponent 1 /ColorSpace /DeviceGray"
    blank = stream(zeros(64 << 20), image + b" /Filter /FlateDecode")
    embedded = b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >> >>"
    acting = b"/OpenAction << /S /JavaScript /JS (app.launchURL('x')) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >>"
    file = stream(zeros(2 << 30), b"/Type /EmbeddedFile /Filter /FlateDecode /Params << /Size 9 >>")
    return {
        "content packed twice": pdf({4: twice_packed}),
        "endless path": pdf({4: flate(b"0 0 m " + b"1 1 l 2 3 l " * 4_000_000 + b"S")}),
        "forms that double 33 times": pdf(recursion),
        "form that calls itself": pdf({**recursion, 10: recursion[10].replace(b"11 0 R", b"10 0 R")}),
        "page tree that holds itself": pdf({2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"}),
        "a milliard of pages": pdf({2: PAGES.replace(b"/Count 1", b"/Count 1000000000")}),
        "page of 1e9 points": pdf({3: PAGE.replace(b"595 842", b"1e9 1e9")}),
        "image of 65535 by 65535": pdf(
            {
                3: PAGE.replace(b"<< >>", b"<< /XObject << /I 5 0 R >> >>"),
                4: stream(b"595 0 0 842 0 0 cm /I Do"),
                5: blank,
            }
        ),
        "arrays within arrays": pdf({4: flate(b"[" * 5_000_000)}),
        "embedded file of 2 GB": pdf({1: embedded, 5: b"<< /Type /Filespec /F (a.txt) /EF << /F 6 0 R >> >>", 6: file}),
        "two hundred maps of a font": pdf(mapped()),
        "acts when opened, and climbs out of its folder": pdf(
            {
                1: embedded.replace(b"/Pages", acting + b" /Pages"),
                5: b"<< /Type /Filespec /F (../../../tmp/a.txt) /EF << /F 6 0 R >> >>",
                6: stream(b"text", b"/Type /EmbeddedFile"),
            }
        ),
        "cut in half": pdf({4: stream(b"0 0 m")})[:200],
        "previous table is itself": pdf({}, b"/Prev 9"),
    }


@pytest.fixture
def outcomes(tmp_path, make_pdf):
    def run(files: Mapping[str, bytes]) -> dict[str, str]:
        rows = []
        with WarcWriter(tmp_path, "bombs") as writer:
            for name, body in files.items():
                moment = datetime(2026, 1, 1, tzinfo=UTC)
                capture, file, offset = writer.resource(f"file:///{len(rows)}.pdf", moment, "application/pdf", body)
                part = {"role": "file", "url": "", "media_type": "application/pdf", "sha256": sha256_hex(body)}
                part |= {"size": len(body), "capture_id": capture, "warc_file": file, "warc_offset": offset}
                names = ("source", "source_key", "title", "url", "anchor_text")
                rows.append({"doc_id": name, "input_sha256": name, **dict.fromkeys(names, "")})
                rows[-1]["parts"] = [part | {"fetched_at": moment}]
        limits = Resources(memory_mb=2048, wall_s=40)  # of which a new worker's start may take many on a busy machine
        stage = dataclasses.replace(EXTRACT, resources=limits)
        executor = Processes(functools.partial(read_part, tmp_path), 1)
        try:
            tables = list(executor.map(stage, (pa.Table.from_pylist([row]) for row in rows)))
        finally:
            executor.close()
        rows = [row for table in tables for row in table.to_pylist()]
        return {row["doc_id"]: f"{row['outcome']} {row['detail']}".strip() for row in rows}

    return run


def resident(name: str) -> int:
    """Kilobytes of this process: VmRSS now, VmHWM at most."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1])


def test_the_size_of_an_embedded_file_is_not_believed(read, monkeypatch):
    monkeypatch.setattr("kobunko.extract.pdf_files.MAX_BYTES", 1 << 20)
    names = b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >> >>"
    entry = b"<< /Type /Filespec /F (a.txt) /EF << /F 6 0 R >> >>"
    packed = stream(zeros(2 << 20), b"/Type /EmbeddedFile /Filter /FlateDecode /Params << /Size 9 >>")
    with pytest.raises(Reject) as caught:
        read(pdf({1: names, 5: entry, 6: packed}))
    assert caught.value.code == "embedded-bomb"


@pytest.mark.slow
def test_every_bomb_ends_with_a_named_outcome_and_harms_no_neighbour(outcomes, make_pdf):
    honest = make_pdf([[(72, 100, "架空図書の目録である。")]])
    files: dict[str, bytes] = {}
    for number, (name, body) in enumerate(bombs().items()):
        files |= {name: body, f"neighbour {number}": honest}
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of tests before this one
    before = resident("VmRSS")
    found = outcomes(files)
    assert found.keys() == files.keys()
    assert {outcome for name, outcome in found.items() if name.startswith("neighbour")} == {"ok"}
    allowed = ("ok", "reject:", "error:Timeout", "error:WorkerDied", "error:MemoryError")
    assert not {name: outcome for name, outcome in found.items() if not outcome.startswith(allowed)}
    limits = ("error:Timeout", "error:WorkerDied", "error:MemoryError")  # whichever comes first
    assert found["forms that double 33 times"].startswith(limits)
    assert found["endless path"].startswith(limits)
    assert found["embedded file of 2 GB"].startswith("reject:embedded-bomb")
    assert found["a milliard of pages"].startswith(("ok", "reject:too-many-pages", "reject:broken-pdf"))
    assert found["acts when opened, and climbs out of its folder"] == "ok"
    assert resident("VmHWM") - before < 700_000  # of this main process
