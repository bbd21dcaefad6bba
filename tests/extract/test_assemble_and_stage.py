import hashlib
import os
import subprocess
import sys

import pyarrow as pa
import pytest

from kobunko.errors import Reject
from kobunko.extract.assemble import TextInput, make, text_stage
from kobunko.extract.stage import EXTRACT
from kobunko.records import Page, Part, to_row
from kobunko.stage import Runner


@pytest.fixture(scope="module")
def assemble():
    return make()


def page(number, text, method="embedded", confidence=None):
    return Page(number, text, method, "because", confidence, "horizontal", 0, number)


def test_pages_are_joined_and_their_spans_are_exact(assemble):
    pages = [page(3, "", "ocr"), page(1, "一頁の文。\n"), page(2, "", "none"), page(4, "", "ocr")]
    found = assemble(TextInput("", "題", pages, [page(3, "三頁の\x00文。", "ocr", 0.5)]))
    assert found.text == "一頁の文。\n\n三頁の文。"
    assert [found.text[span.start : span.end] for span in found.pages] == ["一頁の文。", "", "三頁の文。", ""]
    assert [span.confidence for span in found.pages] == [None, None, 0.5, None]
    assert (found.title, found.unread_pages, found.ocr_confidence) == ("題", 1, 0.5)
    assert found.characters == len(found.text)
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()


def test_what_is_written_is_not_flattened(assemble):
    text = "ＡＢＣ　①㍻ﾊﾝｶｸ 舊字體"
    assert assemble(TextInput("題", "", [page(1, text)], None)).text == text


def test_tokens_are_morphemes(assemble):
    assert assemble(TextInput("", "", [page(1, "すもももももももものうち")], None)).tokens == 7


def test_a_document_without_text(assemble):
    with pytest.raises(Reject) as reject:
        assemble(TextInput("", "", [page(1, "", "none"), page(2, "", "ocr")], None))
    assert reject.value.code == "no-text"


def test_megabytes_without_a_line_end_do_not_end_the_process():
    program = (
        "from kobunko.extract.assemble import *\nfrom kobunko.records import Page\n"
        "t = make()(TextInput('', '', [Page(1, '架空の文である' * 300_000, 'embedded', '', None, '')], None)).tokens\n"
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
        }
        for row in extracted.to_pylist()
        if row["outcome"] == "ok"
    ]
    found = Runner(stage, lambda part: b"")(pa.Table.from_pylist(texts)).to_pylist()
    assert [row["outcome"] for row in found] == ["ok", "ok"]
    assert found[0]["text"] == "架空省令の文。"
