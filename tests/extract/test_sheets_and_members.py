import io
import json
import os
import stat
import zipfile
from datetime import datetime

import docx
import openpyxl
import pytest

from kobunko.errors import Reject

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def structure(found):
    return json.loads(found.structure)


def saved(thing):
    out = io.BytesIO()
    thing.save(out)
    return out.getvalue()


def test_days_have_no_hour_and_formulas_that_nobody_computed_are_counted(read):
    book = openpyxl.Workbook()
    book.active.append([datetime(2031, 4, 1), datetime(2031, 4, 1, 9, 30), "=B1+1", 7])
    found = read(saved(book))
    assert structure(found)["tables"][0]["cells"] == [["2031-04-01", "2031-04-01T09:30:00", "", "7"]]
    assert json.loads(found.metadata)["formulas_without_value"] == 1


@pytest.mark.parametrize(
    ("text", "delimiter", "cells"),
    [
        ("番号,名称\r\n1,架空図書館\r\n", ",", [["番号", "名称"], ["1", "架空図書館"]]),
        ('番号\t名称\n1\t"架空, 図書館"\n', "\t", [["番号", "名称"], ["1", "架空, 図書館"]]),
        ("作成日,令和9年,三件\n番号;名称;館\n1;甲;い\n2;乙;ろ\n", ";", None),
        ('名称,備考\n甲,"二行に\nわたる"\n', ",", [["名称", "備考"], ["甲", "二行に\nわたる"]]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf_8", "cp932", "utf_16"])
def test_cells_of_csv_whatever_its_delimiter_and_charset(read, text, delimiter, cells, encoding):
    found = read(text.encode(encoding), url="https://example.jp/list.csv")
    assert json.loads(found.metadata)["delimiter"] == delimiter
    assert structure(found)["kind"] == "sheet"
    if cells:
        assert structure(found)["tables"] == [{"page": 1, "box": None, "cells": cells}]


def test_a_csv_with_a_field_of_a_megabyte(read):
    found = read(f'名称,本文\n甲,"{"長" * 1_000_000}"\n'.encode(), media_type="text/csv")
    assert len(structure(found)["tables"][0]["cells"][1][1]) == 1_000_000


def test_headings_and_tables_of_a_word_file(read):
    document = docx.Document()
    document.add_heading("一　趣旨", 1)
    document.add_table(1, 2).cell(0, 1).text = "十年"
    found = read(saved(document))
    (heading,) = structure(found)["headings"]
    assert found.pages[0].text[heading["start"] : heading["end"]] == "一　趣旨"
    assert structure(found)["tables"] == [{"page": 1, "box": None, "cells": [["", "十年"]]}]


def test_members_of_an_archive_keep_their_own_structure(read, make_zip):
    found = read(make_zip({"a.csv": "番号,名\n1,甲\n".encode(), "b.html": "<h1>題</h1><p>文である。</p>".encode()}))
    members = structure(found)["members"]
    assert [(member["name"], member["first_page"], member["pages"]) for member in members] == [
        ("a.csv", 1, 1),
        ("b.html", 2, 1),
    ]
    assert [member["structure"]["kind"] for member in members] == ["sheet", "page"]


def test_parts_of_a_document_keep_their_own_structure(read, make_blob):
    blobs = [make_blob(b"\x1f\x8b\x08", "attachment"), make_blob("番号,名\n1,甲\n".encode(), url="a.csv")]
    found = read([*blobs, make_blob("文である。".encode(), url="b.txt")])
    parts = structure(found)["parts"]
    assert [(part["part"], part["first_page"], part["structure"]["kind"]) for part in parts] == [
        (1, 1, "sheet"),
        (2, 2, "document"),
    ]


def test_old_office_files_need_libreoffice_and_say_so(read, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Reject) as reject:
        read(OLE + "WordDocument".encode("utf-16-le"))
    assert reject.value.code == "legacy-office"
    assert "install LibreOffice" in reject.value.detail


def test_old_office_files_are_read_as_what_libreoffice_makes_of_them(read, tmp_path, monkeypatch):
    """The program stands in for LibreOffice, which not every machine has: it is called and its file is read."""
    document = docx.Document()
    document.add_paragraph("旧い形式の文である。")
    (tmp_path / "made.docx").write_bytes(saved(document))
    program = tmp_path / "soffice"
    program.write_text(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'LibreOffice 9.9 架空'; exit; fi\n"
        f'for last; do :; done\n/bin/cp {tmp_path}/made.docx "${{last%.doc}}.docx"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = read(OLE + "WordDocument".encode("utf-16-le"))
    assert (found.format, found.pages[0].text) == ("doc", "旧い形式の文である。")
    assert json.loads(found.metadata)["converter"].startswith("LibreOffice")


def test_an_old_office_file_that_nobody_can_read(read, tmp_path, monkeypatch):
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\necho 'source file could not be loaded' >&2\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Reject) as reject:
        read(OLE + "Workbook".encode("utf-16-le"))
    assert (reject.value.code, "could not be loaded" in reject.value.detail) == ("corrupt-office", True)


def test_what_only_describes_a_document_is_none_of_its_text(read, make_blob, make_pdf):
    page = make_blob("<title>潮位の図</title><p>請求番号 12</p>".encode(), "detail", media_type="text/html")
    record = make_blob("<record><title>潮位の図</title></record>".encode(), "record", media_type="application/xml")
    file = make_blob(make_pdf([[(72, 100, "潮位の図である。")]]), "file")
    found = read([page, record, file])
    assert [found_page.text for found_page in found.pages] == ["潮位の図である。"]
    assert (found.title, json.loads(found.metadata)["detail"]["title"]) == ("潮位の図", "潮位の図")
    assert [found_page.text for found_page in read([record]).pages] == ["潮位の図"]


def test_numbers_of_a_sheet_are_as_it_shows_them(read):
    book = openpyxl.Workbook()
    for value, form in (
        (0.125, "0.0%"),
        (1, "0%"),
        (1100, "00000"),
        (0.1 + 0.2, "General"),
        (12.345, "0.0"),
        (3.0, "0"),
    ):
        book.active.append([value, "比"])
        book.active.cell(book.active.max_row, 1).number_format = form
    shown = [row[0] for row in structure(read(saved(book)))["tables"][0]["cells"]]
    assert shown == ["12.5%", "100%", "01100", "0.3", "12.345", "3"]


def test_the_title_of_a_sheet_is_no_row_of_its_table_and_its_margin_no_column(read):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "一覧"
    for row in ([None, "架空市の図書館"], [None, None, None], [None, "名称", "冊数"], [None, "甲館", 10]):
        sheet.append(row)
    found = read(saved(book))
    assert found.pages[0].text == "## 一覧\n架空市の図書館\n| 名称 | 冊数 |\n| --- | --- |\n| 甲館 | 10 |"
    assert structure(found)["tables"][0]["cells"] == [["架空市の図書館", ""], ["名称", "冊数"], ["甲館", "10"]]


def test_text_boxes_on_a_sheet_are_not_lost(read, make_zip):
    book = openpyxl.Workbook()
    book.active.title = "様式"
    book.active["A1"] = "届出書"
    with zipfile.ZipFile(io.BytesIO(saved(book))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    members["xl/worksheets/_rels/sheet1.xml.rels"] = (
        f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{kind}" Target="../drawings/drawing1.xml"/>'
        "</Relationships>"
    ).encode()
    members["xl/drawings/drawing1.xml"] = (
        f'<x:wsDr xmlns:x="{drawing}/spreadsheetDrawing" xmlns:a="{drawing}/main"><x:sp><x:txBody>'
        "<a:p><a:r><a:t>記入の</a:t></a:r><a:r><a:t>仕方</a:t></a:r></a:p><a:p><a:r><a:t>黒で書くこと</a:t></a:r></a:p>"
        "</x:txBody></x:sp></x:wsDr>"
    ).encode()
    assert read(make_zip(members)).pages[0].text == "## 様式\n届出書\n記入の仕方\n黒で書くこと"


def test_columns_that_are_empty_in_every_row_are_not_written(read):
    book = openpyxl.Workbook()
    for row in (["様式", "", "", ""], ["氏名", "", "甲", ""], ["住所", "", "架空市", ""]):
        book.active.append([cell or None for cell in row])
    found = read(saved(book))
    assert found.pages[0].text == "## Sheet\n様式\n| 氏名 | 甲 |\n| --- | --- |\n| 住所 | 架空市 |"
    page = "<table><tr><td>氏名</td><td colspan=2>甲</td><td>乙</td></tr><tr><td>住所</td><td>架空市</td></tr></table>"
    assert read(f"<html><body>{page}</body></html>".encode()).pages[0].text.startswith("| 氏名 | 甲 | 乙 |\n")
