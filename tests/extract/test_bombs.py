"""Hostile files: each ends with a named outcome or as an ordinary document, in bounded time and memory."""

import io
import struct

import openpyxl
import pytest

from kobunko.errors import Reject
from kobunko.extract.assemble import TextInput, assemble

LAUGHS = '<!DOCTYPE a [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
)


def outcome(read, body, **kwargs):
    try:
        found = read(body, **kwargs)
        assemble(TextInput("", "", found.pages, None, found.metadata, found.format), len)
    except Reject as reject:
        return f"reject:{reject.code}"
    return "ok"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f'<?xml version="1.0"?>{LAUGHS}]><a>&j;</a>'.encode(), "reject:malformed-xml"),
        (b'<?xml version="1.0"?>' + b"<a>" * 100_000 + b"</a>" * 100_000, "reject:malformed-xml"),
        (b"<html>" + b"<div>" * 200_000 + b"text" + b"</div>" * 200_000, "reject:too-deep"),
        (b"<table><tr>" + b"<td rowspan=200 colspan=200>x</td>" * 5_000 + b"</tr></table>", "ok"),
        (b"<Law><LawBody>" + b'<Item Num="1">' * 240 + b"x" + b"</Item>" * 240 + b"</LawBody></Law>", "ok"),
        (b'{"tag":"Law","attr":{},"children":[' * 300 + b'"x"' + b"]}" * 300, "reject:malformed-json"),
        (
            b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 65535, 65535, 8, 2, 0, 0, 0),
            "reject:corrupt-image",
        ),
        (("<p>更新日" + " " * 50_000 + "</p><p>copyright " + "1" * 50_000 + "</p>").encode(), "ok"),
        (("（" * 50_000 + "\n第一条" + "　" * 50_000 + "\n附則" + "　" * 50_000).encode(), "ok"),
        (("主文\n理由\n" + "当事者の主張" * 20_000 + "\n裁判官" * 20_000).encode(), "ok"),
        (("正答\n" + "1 2 3 4 " * 40_000).encode(), "ok"),
    ],
    ids=[
        "entities",
        "deep-xml",
        "deep-html",
        "spans",
        "deep-law",
        "deep-json",
        "pixels",
        "dates",
        "lines",
        "judgment",
        "key",
    ],
)
def test_each_has_a_named_outcome(read, body, expected):
    assert outcome(read, body) == expected


def test_a_sheet_with_one_cell_in_its_last_corner(read):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "始", "終"
    out = io.BytesIO()
    book.save(out)
    assert outcome(read, out.getvalue()) == "ok"


def test_archives_within_archives(read, make_zip):
    body = make_zip({"a.txt": b"\0" * 1_000_000})
    for _ in range(5):
        body = make_zip({f"{n}.zip": body for n in range(8)})
    assert outcome(read, body) == "reject:no-text"


def test_a_number_of_a_billion_digits_is_not_written_out(read, make_zip):
    page = (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2008/inlineXBRL"><body>値'
        '<ix:nonFraction name="a:b" unitRef="u" scale="999999999">9</ix:nonFraction></body></html>'
    )
    found = read(make_zip({"XBRL/PublicDoc/1_ixbrl.htm": page.encode()}))
    assert len(found.structure) < 1_000
