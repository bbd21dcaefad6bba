import io
import json
import struct
import zipfile

import docx
import openpyxl
import pptx
import pytest
from PIL import Image

from kobunko.errors import Reject
from kobunko.extract.archive import member_name

IXBRL = """<?xml version="1.0" encoding="UTF-8"?><html xmlns:ix="http://www.xbrl.org/2008/inlineXBRL"><body>
<div style="display:none"><ix:header><ix:hidden>隠れた値</ix:hidden></ix:header></div>
<p><ix:nonNumeric name="jpdei_cor:FilerNameInJapaneseDEI">株式会社架空</ix:nonNumeric></p><h3>{}</h3>
<table><tr><td>売上高</td>
<td><ix:nonFraction name="jpcrp_cor:Sales">1,234</ix:nonFraction></td></tr></table></body></html>"""
HEADER = "要素ID\t項目名\tコンテキストID\t相対年度\t連結・個別\t期間・時点\tユニットID\t単位\t値"


def code_of(read, body, **kwargs):
    with pytest.raises(Reject) as reject:
        read(body, **kwargs)
    return reject.value.code


def test_filing_in_order_of_name_with_the_audit_report_last(read, make_zip):
    found = read(
        make_zip(
            {
                "XBRL/AuditDoc/jpaud_ixbrl.htm": IXBRL.format("監査報告書").encode(),
                "XBRL/PublicDoc/0102010_honbun_ixbrl.htm": IXBRL.format("第２").encode(),
                "XBRL/PublicDoc/0101010_honbun_ixbrl.htm": IXBRL.format("第１").encode(),
                "XBRL/PublicDoc/a.xbrl": b"<xbrl/>",
            }
        )
    )
    assert (found.format, found.title) == ("edinet-zip", "株式会社架空")
    assert [page.text.split("\n")[1] for page in found.pages] == ["### 第１", "### 第２", "### 監査報告書"]
    assert "| 売上高 | 1,234 |" in found.pages[0].text
    assert "隠れた値" not in found.pages[0].text


def test_words_of_a_filing_are_lines_and_its_figures_are_not(read, make_zip):
    rows = [
        HEADER,
        "jpdei_cor:FilerNameInJapaneseDEI\t提出者名\tF\t提出日時点\tその他\t時点\t－\t－\t株式会社架空",
        "jpcrp_cor:FilingDateCoverPage\t提出日、表紙\tF\t提出日時点\tその他\t時点\t－\t－\t2027-06-24",
        "jpcrp_cor:RiskTextBlock\t事業等のリスク [テキストブロック]\tF\t提出日時点\tその他\t時点\t－\t－\t"
        + "長文" * 70_000,
        "jpcrp_cor:Sales\t売上高\tP\t前期\t連結\t期間\tJPY\t円\t1234",
    ]
    body = "\r\n".join("\t".join(f'"{cell}"' for cell in row.split("\t")) for row in rows).encode("utf-16")
    found = read(make_zip({"XBRL_TO_CSV/jpcrp.csv": body}))
    lines = found.pages[0].text.split("\n")
    assert found.format == "edinet-csv"
    assert lines == ["提出日、表紙: 2027-06-24", "", "## 事業等のリスク", "長文" * 70_000, ""]
    assert json.loads(found.structure)["facts"][2]["value"] == "1234"
    assert found.published == "2027-06-24"


def test_csv_of_another_layout_is_named(read, make_zip):
    assert code_of(read, make_zip({"XBRL_TO_CSV/a.csv": "別の列\t値\r\n".encode("utf-16")})) == "unknown-layout"


def test_best_part_of_a_filing(read, make_blob, make_zip, make_pdf):
    package = make_zip({"XBRL/PublicDoc/1_ixbrl.htm": IXBRL.format("本文").encode()})
    pdf = make_pdf([[(72, 100, "同じ文")]])
    found = read([make_blob(pdf, "pdf"), make_blob(package, "filing")])
    assert (found.format, [page.part for page in found.pages]) == ("edinet-zip", [1])
    assert read([make_blob(pdf, "pdf")]).format == "pdf"


def test_members_in_order_of_name_and_the_unreadable_named(read, make_zip):
    inner = make_zip({"二.txt": "内の文".encode()})
    found = read(make_zip({"c.bin": b"\x00\x01", "b.zip": inner, "a.html": "<p>外の文</p>".encode()}))
    assert [(page.number, page.part_page, page.text) for page in found.pages] == [(1, 1, "外の文"), (2, 2, "内の文")]
    metadata = json.loads(found.metadata)
    assert [member["name"] for member in metadata["members"]] == ["a.html", "b.zip"]
    assert metadata["unreadable"] == ["c.bin: unsupported-format"]


def test_names_without_the_utf8_flag_are_cp932():
    info = zipfile.ZipInfo("架空.txt".encode("cp932").decode("cp437"))
    assert member_name(info) == "架空.txt"


def test_hostile_archives(read, make_zip):
    assert code_of(read, make_zip({"a.txt": b"\0" * (4 << 20)})) == "zip-bomb"
    assert code_of(read, make_zip({f"{n}.txt": b"" for n in range(2001)})) == "zip-bomb"
    nested = "文".encode()
    for _ in range(4):
        nested = make_zip({"a.zip" if nested[:2] == b"PK" else "a.txt": nested})
    assert code_of(read, nested) == "no-text"
    assert code_of(read, make_zip({"a.txt": b"x"})[:-10]) == "broken-zip"


def test_sizes_that_lie(read, make_zip):
    honest = make_zip({"a.txt": "本当の文".encode()}, zipfile.ZIP_STORED)
    huge = bytearray(honest)
    struct.pack_into("<I", huge, honest.index(b"PK\x01\x02") + 24, 2 << 30)
    assert code_of(read, bytes(huge)) == "zip-bomb"
    short = bytearray(honest)
    struct.pack_into("<I", short, honest.index(b"PK\x01\x02") + 24, 3)
    assert code_of(read, bytes(short)) == "no-text"
    locked = bytearray(honest)
    struct.pack_into("<H", locked, honest.index(b"PK\x01\x02") + 8, 1)
    assert code_of(read, bytes(locked)) == "encrypted"


def saved(thing):
    out = io.BytesIO()
    thing.save(out)
    return out.getvalue()


def test_word_in_document_order(read):
    document = docx.Document()
    document.core_properties.title = "架空の通知"
    document.add_heading("一　趣旨", 1)
    document.add_paragraph("本文\tである。")
    table = document.add_table(2, 2)
    for index, text in enumerate(["種類", "年数", "甲", "十年"]):
        table.cell(index // 2, index % 2).text = text
    document.add_paragraph("以上")
    found = read(saved(document))
    assert (found.format, found.title) == ("docx", "架空の通知")
    assert found.pages[0].text.split("\n") == [
        "# 一　趣旨",
        "本文\tである。",
        "| 種類 | 年数 |",
        "| --- | --- |",
        "| 甲 | 十年 |",
        "以上",
    ]


def test_excel_sheet_by_sheet(read):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "一覧"
    sheet.append(["名称", "件数", None])
    sheet.append(["架空市", 0, None])
    sheet.merge_cells("A3:B3")
    sheet["A3"] = "合わせた欄"
    sheet["C900"].font = openpyxl.styles.Font(bold=True)
    book.create_sheet("空")
    found = read(saved(book))
    assert found.pages[0].text == "## 一覧\n| 名称 | 件数 |\n| --- | --- |\n| 架空市 | 0 |\n| 合わせた欄 |  |"
    assert found.pages[1].method == "none"


def test_dates_are_those_of_the_file_never_of_the_clock(read, make_zip):
    book = openpyxl.Workbook()
    book.active["A1"] = "値"
    with zipfile.ZipFile(io.BytesIO(saved(book))) as file:
        members = {name: file.read(name) for name in file.namelist() if "core.xml" not in name}
    assert json.loads(read(make_zip(members)).metadata).keys() == {"sheets", "hidden_sheets"}


def test_powerpoint_slide_by_slide(read):
    show = pptx.Presentation()
    for text in ("一枚目", "二枚目"):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = text
    assert [page.text for page in read(saved(show)).pages] == ["一枚目", "二枚目"]


def test_images_are_pages_for_ocr(read):
    out = io.BytesIO()
    Image.new("L", (40, 30)).save(out, "TIFF", save_all=True, append_images=[Image.new("L", (20, 10))])
    found = read(out.getvalue())
    assert [(page.method, page.reason) for page in found.pages] == [("ocr", "image-file")] * 2
    assert found.ocr_pages == 2
    assert json.loads(found.metadata)["frames"][1] == {"width": 20, "height": 10, "mode": "L"}


def test_images_that_cannot_be_used(read):
    out = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(out, "PNG")
    assert code_of(read, out.getvalue()[:2000]) == "corrupt-image"
    large = bytearray(out.getvalue())
    struct.pack_into(">II", large, 16, 20_000, 20_000)
    assert code_of(read, bytes(large)) in ("image-too-large", "corrupt-image")


def test_text_that_begins_like_a_bitmap_is_text(read):
    assert read("BMの取扱いについて".encode(), media_type="text/plain").format == "text"
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "BMP")
    assert read(out.getvalue()).format == "image"


def test_boxes_set_side_by_side_are_read_from_left_to_right(read):
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    for left, top, text in ((5, 2.0, "右"), (1, 2.01, "左"), (1, 1, "上"), (1, 3, "下")):
        box = slide.shapes.add_textbox(*(int(side * 914_400) for side in (left, top, 1, 0.5)))
        box.text_frame.text = text
    assert read(saved(show)).pages[0].text == "上\n左\n右\n下"
