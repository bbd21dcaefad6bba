"""Titles: of a file that names itself rightly, wrongly or not at all, on pages of all kinds."""

import pymupdf
import pytest

from kobunko.extract.assemble import TextInput, assemble
from kobunko.extract.pdf import read_pdf
from kobunko.extract.reading import text_page
from kobunko.extract.titles import headline
from kobunko.records import Line, PageSpan

SENTENCE = "架空省令の定めるところにより、図書を保存しなければならないものとする。"


def pdf(lines: list[tuple[float, float, float, str]], title: str = "") -> bytes:
    """One page of (x, y, size, text) with what its maker calls it."""
    with pymupdf.open() as file:
        page = file.new_page()
        for x, y, size, text in lines:
            page.insert_text((x, y), text, fontname="japan", fontsize=size)
        for number in range(8):
            page.insert_text((72, 400 + 18 * number), SENTENCE, fontname="japan", fontsize=10.5)
        file.set_metadata({"title": title})
        return bytes(file.tobytes())


SEVERAL = [
    (430, 80, 10.5, "令和８年４月１日"),
    (72, 98, 10.5, "各都道府県知事　殿"),
    (150, 150, 18, "潮位の観測に係る"),
    (150, 175, 18, "基準について（案）"),
]
PLAIN = [
    (430, 80, 10.5, "観総第１２号"),
    (72, 130, 10.5, "「沿岸の潮位の観測に関する基本的な考え方」及び「灯台の保守に"),
    (72, 148, 10.5, "関する手引」の改定の概要"),
    (72, 200, 10.5, SENTENCE),
]


@pytest.mark.parametrize(
    ("lines", "own", "title"),
    [
        (SEVERAL, "", "潮位の観測に係る基準について（案）"),
        (SEVERAL, "PowerPoint プレゼンテーション", "潮位の観測に係る基準について（案）"),
        (SEVERAL, "灯台の保守の手引", "潮位の観測に係る基準について（案）"),  # what the file was made from
        (SEVERAL, "基準について（案)", "基準について（案)"),  # the page says so too
        (PLAIN, "", "「沿岸の潮位の観測に関する基本的な考え方」及び「灯台の保守に関する手引」の改定の概要"),
        ([], "灯台の保守の手引", "灯台の保守の手引"),  # nothing on the page looks like a title
    ],
)
def test_a_pdf_is_called_what_its_first_page_says(read, lines, own, title):
    found = read(pdf(lines, own))
    text = assemble(TextInput("", found.title, found.pages, None, found.metadata, found.format), len)
    assert text.title == title
    called = TextInput("潮位観測基準", found.title, found.pages, None, found.metadata, found.format)
    assert assemble(called, len).title == "潮位観測基準"  # what its source calls it goes before


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Sheet1\n| 灯台の一覧 |  |  |\n| --- | --- | --- |\n| 名称 | 所在 | 高さ |", "灯台の一覧"),
        ("## Sheet1\n| 名称 | 所在 | 高さ |\n| --- | --- | --- |\n| 三崎 | 岬町 | 12 |", ""),
        ("# 灯台の保守の手引\n\n" + SENTENCE, "灯台の保守の手引"),
    ],
)
def test_a_file_without_places_is_called_by_its_first_heading(text, title):
    assert assemble(TextInput("", "", [text_page(1, text, "markup")], None, "{}", "xlsx"), len).title == title


def test_a_judgment_is_called_by_its_case():
    text = "令和７年（ワ）第１２号　損害賠償請求事件\n主　　　文\n原告の請求を棄却する。\n事実及び理由\n第１　請求\n略"
    found = assemble(TextInput("", "", [text_page(1, text, "markup")], None, "{}", "pdf"), len)
    assert found.title == "令和7(ワ)12 損害賠償請求事件"
    named = "事件番号　令和７年（ワ）第１２号\n事件名　　損害賠償\n請求事件\n" + text[text.index("主") :]
    assert (
        assemble(TextInput("", "", [text_page(1, named, "markup")], None, "{}", "pdf"), len).title
        == "令和7(ワ)12 損害賠償請求事件"
    )


def test_a_page_whose_lines_are_blank_but_for_a_table_has_no_title():
    lines = [Line(1, 0, 2, 0.1, 0.1, 0.2, 0.2, 0, "text"), Line(1, 3, 6, 0.1, 0.3, 0.2, 0.4, 1, "table")]
    span = PageSpan(1, 0, 6, "embedded", "", None, "horizontal", 0, 1)
    assert headline("\u3000\u3000\n三崎港", [span], lines) == ""


def test_a_figure_is_not_called_by_its_legend():
    names = [(60 + 90 * (n % 5), 60 + 15 * n, 8, f"ad:項目{n:02}") for n in range(28)]
    legend = [(60, 500, 14, "(★) 実際の名称は別に指定"), (60, 520, 14, "継承の関係は解説書を参照")]
    with pymupdf.open() as file:
        page = file.new_page()
        for x, y, size, text in [*names, *legend]:
            page.insert_text((x, y), text, fontname="japan", fontsize=size)
        found = read_pdf(bytes(file.tobytes()))
    assert assemble(TextInput("", found.title, found.pages, None, "{}", "pdf"), len).title == ""
