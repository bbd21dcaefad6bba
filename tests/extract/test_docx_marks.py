"""Word documents: headings and numbers that Word shows and the paragraphs do not hold."""

import io
import json

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

LEVELS = [("japaneseCounting", "第%1章"), ("decimalFullWidth", "%2"), ("aiueoFullWidth", "（%3）"), ("bullet", "●")]


@pytest.fixture
def document():
    """As Word makes it in Japanese: the first heading's style is called `1`, and headings are numbered by a list."""
    made = docx.Document()
    numbering = made.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (kind, text) in enumerate(LEVELS)
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{levels}</w:abstractNum>'))
    again = '<w:lvlOverride w:ilvl="1"><w:startOverride w:val="1"/></w:lvlOverride>'
    for list_id, change in (("91", ""), ("92", again)):
        abstract = '<w:abstractNumId w:val="90"/>'
        numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{list_id}">{abstract}{change}</w:num>'))
    style = made.styles["Heading 1"].element
    style.set(qn("w:styleId"), "1")
    style.get_or_add_pPr().append(_list_item("91", 0))
    return made


def _list_item(list_id, level):
    inner = f'<w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/>'
    return parse_xml(f"<w:numPr {nsdecls('w')}>{inner}</w:numPr>")


def _add(document, text, list_id="", level=0, style=None):
    paragraph = document.add_paragraph(text, style)
    if list_id:
        paragraph._p.get_or_add_pPr().append(_list_item(list_id, level))


def test_headings_and_lists_are_read_as_they_are_shown(document, read):
    _add(document, "総則", style="Heading 1")
    _add(document, "目的", "91", 1)
    _add(document, "潮位の観測", "91", 2)
    _add(document, "灯台の保守", "91", 2)
    _add(document, "毎朝行う", "91", 3)
    _add(document, "定義", "91", 1)
    _add(document, "")
    _add(document, "雑則", style="Heading 1")
    _add(document, "委任", "91", 1)
    _add(document, "別に数える", "92", 1)
    _add(document, "番号のない項", "0")
    out = io.BytesIO()
    document.save(out)
    found = read(out.getvalue())
    assert found.pages[0].text.split("\n") == [
        "# 第一章　総則",
        "１　目的",
        "（ア）　潮位の観測",
        "（イ）　灯台の保守",
        "- 毎朝行う",
        "２　定義",
        "# 第二章　雑則",
        "１　委任",
        "１　別に数える",
        "番号のない項",
    ]
    assert [heading["text"] for heading in json.loads(found.structure)["headings"]] == ["第一章　総則", "第二章　雑則"]


def test_running_headers_and_footers_are_kept_beside_the_text(document, read):
    document.sections[0].header.paragraphs[0].text = "架空県公報"
    document.sections[0].footer.paragraphs[0].text = "発行　架空県"
    document.add_paragraph("灯台を守る。")
    out = io.BytesIO()
    document.save(out)
    found = read(out.getvalue())
    structure = json.loads(found.structure)
    assert (structure["headers"], structure["footers"]) == (["架空県公報"], ["発行　架空県"])
    assert found.pages[0].text.endswith("灯台を守る。")
    assert found.published is None


def test_symbols_are_not_lost(document, read):
    run = document.add_paragraph("適").add_run()._r
    for code in ("F0FE", "2460", "F001"):
        run.append(parse_xml(f'<w:sym {nsdecls("w")} w:font="Wingdings" w:char="{code}"/>'))
    out = io.BytesIO()
    document.save(out)
    assert read(out.getvalue()).pages[0].text.endswith("適☑①\ufffd")


def test_exponents_are_no_digits_of_the_number_before_them(document, read):
    paragraph = document.add_paragraph("面積は10")
    paragraph.add_run("3").font.superscript = True
    paragraph.add_run("倍")
    paragraph.add_run("1").font.superscript = True
    out = io.BytesIO()
    document.save(out)
    assert read(out.getvalue()).pages[0].text.endswith("面積は10³倍1")
