import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import accumulate

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobunko.errors import Reject
from kobunko.extract.assemble import TextInput, make, text_stage
from kobunko.extract.assemble import assemble as assemble_with
from kobunko.extract.stage import EXTRACT
from kobunko.records import Line, Page, Part, to_row
from kobunko.stage import Runner


@pytest.fixture(scope="module")
def assemble():
    return make()


def page(number, text, method="embedded", confidence=None):
    return Page(number, text, method, "because", confidence, "horizontal", 0, number)


def test_pages_are_joined_and_their_spans_are_exact(assemble):
    pages = [page(3, "", "ocr"), page(1, "一頁の文。\n"), page(2, "", "none"), page(4, "", "ocr")]
    found = assemble(TextInput("", "題", pages, [page(3, "三頁の\x00文。", "ocr", 0.5)], "{}", "html"))
    assert found.text == "一頁の文。\n\n三頁の文。"
    assert [found.text[span.start : span.end] for span in found.pages] == ["一頁の文。", "", "三頁の文。", ""]
    assert [span.confidence for span in found.pages] == [None, None, 0.5, None]
    assert (found.title, found.unread_pages, found.ocr_confidence) == ("題", 1, 0.5)
    assert found.characters == len(found.text)
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()


def test_what_is_written_is_not_flattened(assemble):
    text = "ＡＢＣ　①㍻ﾊﾝｶｸ 舊字體"
    assert assemble(TextInput("題", "", [page(1, text)], None, "{}", "html")).text == text


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (["架総第１２３号", "令和８年３月３日", "各架空知事　殿", "目録について（通知）"], "2026-03-03"),
        (["架空指針", "2026年（令和8年）3月3日", "架空庁"], "2026-03-03"),
        (["架空の催し", "令和８年３月３日", "令和８年４月４日"], None),  # a list
        (["令和８年３月３日時点の人数"], None),
        (["架空の条件"] * 12 + ["令和８年３月３日"], None),
    ],
)
def test_the_day_of_a_circular_is_the_one_that_stands_alone_at_its_top(assemble, lines, day):
    assert assemble(TextInput("題", "", [page(1, "\n".join(lines))], None, "{}", "pdf")).published == day


WRITTEN = st.text(st.sampled_from("文字、\n\r\t \x00\x0c\x85　\ud800"), max_size=30)


def box(number, start, end, text=""):
    return Line(number, start, end, 0.1, 0.1, 0.9, 0.2, 0, "text", None, text)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(WRITTEN, max_size=6), min_size=1, max_size=3), st.booleans())
def test_lines_lead_to_their_text_whatever_was_cleaned_around_them(written, by_ocr):
    """What a line held before cleaning is what it leads to afterwards, but for what cleaning takes from any text."""
    pages = []
    for number, pieces in enumerate(written, 1):
        ends = list(accumulate(len(piece) for piece in pieces))
        boxes = [box(number, end - len(piece), end) for piece, end in zip(pieces, ends, strict=True)]
        one = page(number, "".join(pieces), "ocr" if by_ocr else "embedded")
        pages.append(replace(one, lines=[*boxes, box(number, 0, 0, "- 1 -\x00")]))
    empty = [replace(one, text="", lines=[]) for one in pages]
    try:
        found = assemble_with(
            TextInput("", "", empty if by_ocr else pages, pages if by_ocr else None, "{}", "html"), len
        )
    except Reject:
        return
    kept = iter(found.lines)
    for number, pieces in enumerate(written, 1):
        span = found.pages[number - 1]
        for piece in pieces:
            line = next(kept)
            assert span.start <= line.start <= line.end <= span.end
            assert solid(found.text[line.start : line.end]) == solid(piece)
        furniture = next(kept)
        assert (furniture.page, furniture.start, furniture.text) == (number, furniture.end, "- 1 -")


def printed(number, rows, *, vertical=False, method="embedded"):
    """A page of printed lines `(text, start, end)` that run over 0.2–0.8 of it when full, a thirtieth of it apart."""
    text, lines = "", []
    for block, (words, start, end) in enumerate(rows):
        text += "\n" if text else ""
        across = (0.9 - block / 30, 0.92 - block / 30) if vertical else (0.1 + block / 30, 0.12 + block / 30)
        (x0, x1), (y0, y1) = (across, (start, end)) if vertical else ((start, end), across)
        lines.append(Line(number, len(text), len(text) + len(words), x0, y0, x1, y1, block, "text"))
        text += words
    writing = "vertical" if vertical else "horizontal"
    return Page(number, text, method, "", None, writing, lines=lines)


PROSE = "潮位の観測は、台帳に記載した者が、定められた方法により毎日これを行うものとし"  # 38 letters
FULL = (PROSE, 0.2, 0.8)


def joined(assemble, last, first, **options):
    pages = [printed(1, [FULL, FULL, last], **options), printed(2, [first, FULL, FULL], **options)]
    found = assemble(TextInput("", "", pages, None, "{}", "pdf"))
    assert [found.text[span.start : span.end] for span in found.pages] == [page.text for page in pages]
    return found.text[len(pages[0].text) : -len(pages[1].text)]


@pytest.mark.parametrize("vertical", [False, True], ids=["horizontal", "vertical"])
@pytest.mark.parametrize(
    ("last", "first", "between"),
    [
        (FULL, ("、その結果を届け出る。", 0.2, 0.4), ""),
        (
            ("(1)　検潮所に置く備品は、次の各号に掲げる者の区分に応じ当該各号に定めるものと", 0.2, 0.8),
            ("する。", 0.24, 0.3),
            "",
        ),
        (FULL, ("　灯台の塗色は、白とする。", 0.2, 0.4), "\n\n"),
        (FULL, ("第二条　灯台の塗色は、白とする。", 0.2, 0.4), "\n\n"),
        (FULL, ("灯台の塗色は、白とする。", 0.3, 0.5), "\n\n"),
        ((f"{PROSE[:-1]}。", 0.2, 0.8), ("灯台の塗色は、白とする。", 0.2, 0.4), "\n\n"),
        (("観測所の位置及び備品に関する事項", 0.2, 0.5), ("灯台の塗色は、白とする。", 0.2, 0.4), "\n\n"),
    ],
    ids=["goes on", "hangs", "indent", "article", "inset", "ends", "heading"],
)
def test_a_sentence_goes_on_over_the_end_of_its_page(assemble, last, first, between, vertical):
    assert joined(assemble, last, first, vertical=vertical) == between


@pytest.mark.parametrize("vertical", [False, True], ids=["horizontal", "vertical"])
def test_lines_that_ocr_has_read_become_paragraphs(assemble, vertical):
    words = "The chart datum of a harbour is the lowest level that is known of its tide"
    rows = [
        FULL,
        ("、その結果を届け出る。", 0.2, 0.4),
        ("一　灯台の位置", 0.2, 0.35),
        ("二　灯台の塗色", 0.2, 0.35),
        FULL,
        FULL,
        ("。", 0.2, 0.22),
        (words, 0.2, 0.79),
        ("and may be below that of its sur-", 0.2, 0.79),
        ("roundings.", 0.2, 0.4),
    ]
    read = printed(1, rows, vertical=vertical, method="ocr")
    found = assemble(TextInput("", "", [Page(1, "", "ocr", "", None, "none")], [read], "{}", "pdf"))
    assert found.text.split("\n") == [
        f"{PROSE}、その結果を届け出る。",
        "一　灯台の位置",
        "二　灯台の塗色",
        f"{PROSE}{PROSE}。",
        f"{words} and may be below that of its surroundings.",
    ]
    lines = [found.text[line.start : line.end] for line in found.lines]
    assert lines == [text.removesuffix("-") for text, *_ in rows]


def test_running_heads_that_ocr_has_read_leave_the_text(assemble):
    """A picture's name recurs as well, but is what questions refer to."""
    head, foot = ("灯台の塗色に関する協定", 0.6, 0.8), [(f"- {n} -", 0.48, 0.52) for n in range(31, 35)]
    empty = [Page(n, "", "ocr", "", None, "none") for n in range(1, 5)]
    pages = [
        printed(n, [head, (f"No. {n}", 0.2, 0.3), FULL, *[("", 0, 0)] * 24, foot[n - 1]], method="ocr")
        for n in range(1, 5)
    ]
    found = assemble(TextInput("", "", empty, pages, "{}", "pdf"))
    assert [" ".join(found.text[span.start : span.end].split()) for span in found.pages] == [
        f"No. {n} {PROSE}" for n in range(1, 5)
    ]
    left_out = [(line.kind, line.text) for line in found.lines if line.text]
    assert left_out == [item for n in range(4) for item in (("header", head[0]), ("page-number", foot[n][0]))]


def solid(text):
    return "".join(letter for letter in text if letter in "文字、")


def test_language_is_told_page_by_page(assemble):
    texts = ["本法ハ公布ノ日ヨリ之ヲ施行ス", "Notice for foreign residents of the prefecture", "", "内閣総理大臣"]
    found = assemble(
        TextInput("", "", [page(number, text) for number, text in enumerate(texts, 1)], None, "{}", "html")
    )
    assert [span.language for span in found.pages] == ["ja", "en", "und", "ja"]
    assert found.language == "en"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("文\ufffd字" * 20, "replacement-character"),
        ("縺薙ｌ縺ｯ譁�ｭ怜喧縺" * 3, "mojibake"),
        ("<td>表</td>", "markup"),
        ("同じ文が何度も何度も現れる頁は疑わしいものである。\n" * 30, "repeated-line"),
        ("縦\n" * 50, "letter-column"),
    ],
)
def test_odd_text_scores_low_and_says_why(assemble, text, rule):
    found = json.loads(assemble(TextInput("", "", [page(1, text)], None, "{}", "html")).quality)
    assert found["score"] < 0.95
    assert rule in found["hits"]


@pytest.mark.parametrize(
    "text", ["平成30年度/令和元年度", "| 1 | 2 |\n" * 50, "本法ハ公布ノ日ヨリ之ヲ施行ス", "Zürich, naïve"]
)
def test_honest_text_has_no_hits(assemble, text):
    assert json.loads(assemble(TextInput("", "", [page(1, text)], None, "{}", "html")).quality) == {
        "hits": {},
        "score": 1.0,
    }


def test_tokens_are_morphemes(assemble):
    assert assemble(TextInput("", "", [page(1, "すもももももももものうち")], None, "{}", "html")).tokens == 7


def test_a_document_without_text(assemble):
    with pytest.raises(Reject) as reject:
        assemble(TextInput("", "", [page(1, "", "none"), page(2, "", "ocr")], None, "{}", "html"))
    assert reject.value.code == "no-text"


def test_megabytes_without_a_line_end_do_not_end_the_process():
    program = (
        "from kobunko.extract.assemble import *\nfrom kobunko.records import Page\n"
        "page = Page(1, '架空の文である' * 300_000, 'embedded', '', None, '')\n"
        "t = make()(TextInput('', '', [page], None, '{}', 'html')).tokens\n"
        "assert abs(t - 1_500_000) < 1000, t"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": os.getcwd()}, timeout=120)
    assert done.returncode == 0


def test_both_stages_run_through_the_runner(make_pdf):
    bodies = {
        "a": make_pdf([[(72, 100, "架空省令の文。")]]),
        "b": b"",
        "c": "<p>孤\ud800立</p>".encode("utf-8", "surrogatepass"),
    }
    parts = {
        name: to_row(
            Part(
                "file", f"https://example.jp/{name}", "", hashlib.sha256(body).hexdigest(), len(body), "", name, 0, None
            )
        )
        for name, body in bodies.items()
    }
    rows = [
        {
            "doc_id": name,
            "input_sha256": name,
            "source": "s",
            "source_key": name,
            "title": "",
            "url": "",
            "anchor_text": "",
            "parts": [parts[name]],
        }
        for name in bodies
    ]
    extracted = Runner(EXTRACT, lambda part: bodies[part.warc_file])(pa.Table.from_pylist(rows))
    assert extracted.column("outcome").to_pylist() == ["ok", "reject:empty-file", "ok"]
    stage = text_stage((EXTRACT,))
    texts = [
        {
            "doc_id": row["doc_id"],
            "input_sha256": "x",
            "title": "",
            "extract.title": row["title"],
            "extract.pages": row["pages"],
            "ocr.pages": None,
            "extract.metadata": row["metadata"],
            "extract.format": row["format"],
            "extract.published": row["published"],
        }
        for row in extracted.to_pylist()
        if row["outcome"] == "ok"
    ]
    found = Runner(stage, lambda part: b"")(pa.Table.from_pylist(texts)).to_pylist()
    assert [row["outcome"] for row in found] == ["ok", "ok"]
    assert found[0]["text"] == "架空省令の文。"
