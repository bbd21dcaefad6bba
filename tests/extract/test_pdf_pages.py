"""What stands on PDF pages beside their text: lines with places, furniture, ruby, tables over pages, covered text."""

import json

import pymupdf
import pytest

from kobunko.errors import Reject

SENTENCE = "架空省令の定めるところにより、図書を保存しなければならないものとする"


def text_of(page, line):
    return page.text[line.start : line.end]


def test_every_printed_line_has_its_place(read, make_pdf):
    page = read(make_pdf([[(72, 100, "　" + SENTENCE), (72, 118, SENTENCE + "保"), (72, 136, "る。")]])).pages[0]
    assert [text_of(page, line) for line in page.lines] == ["　" + SENTENCE, SENTENCE + "保", "る。"]
    assert len({line.block for line in page.lines}) == 1
    first, second, third = page.lines
    assert first.y1 < second.y1 < third.y1 < 0.2
    assert first.x0 == second.x0 == pytest.approx(72 / 595, abs=0.01)


def test_furniture_is_left_out_of_the_text_and_kept_in_the_lines(read, make_pdf):
    def page(number):
        head = [(72, 40, "架空省白書"), (290, 815, str(number + 10)), (72, 828, r"C:\print\kaku.smd 2026/01/02 03:04")]
        return [*head, (72, 300, f"{number}番目の頁の本文である。")]

    pages = read(make_pdf([page(n) for n in range(1, 6)])).pages
    assert [page.text for page in pages] == [f"{n}番目の頁の本文である。" for n in range(1, 6)]
    left_out = [(line.kind, line.text) for line in pages[2].lines if line.start == line.end]
    assert ("header", "架空省白書") in left_out
    assert ("page-number", "13") in left_out
    assert any(kind == "footer" and "smd" in text for kind, text in left_out)


def test_what_the_printer_cuts_off_is_no_text(read):
    with pymupdf.open() as file:
        page = file.new_page(width=600, height=800)
        page.insert_text((100, 100), SENTENCE, fontname="japan")
        page.insert_text((100, 785), "校了　架空印刷", fontname="japan")
        page.set_trimbox((40, 40, 560, 760))
        found = read(file.tobytes()).pages[0]
    assert found.text == SENTENCE
    assert [(line.kind, line.text) for line in found.lines if line.start == line.end] == [("footer", "校了　架空印刷")]


def test_the_letters_that_are_printed_are_read_and_not_one_that_a_tag_repeats_for_all_of_them(read):
    with pymupdf.open() as file:
        page = file.new_page()
        for x, letter in ((100, "団"), (160, "体"), (220, "名")):
            page.insert_text((x, 100), letter, fontname="japan")
        tag = b"/Span <</ActualText <FEFF56E3>>> BDC\n"
        for xref in page.get_contents():
            file.update_stream(xref, tag + file.xref_stream(xref) + b"\nEMC\n")
        found = read(file.tobytes()).pages[0]
    assert "".join(found.text.split()) == "団体名"


def test_digits_that_do_not_count_pages_are_text(read, make_pdf):
    values = ["8,120", "1,004", "77", "930"]
    pages = read(make_pdf([[(72, 400, "合計"), (72, 800, value)] for value in values])).pages
    assert [page.text.split("\n")[-1] for page in pages] == values


def test_ruby_is_kept_beside_the_text(read):
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((72, 100), "架空図書を俯瞰する。", fontname="japan", fontsize=12)
        page.insert_text((133, 87), "ふかん", fontname="japan", fontsize=5)
        found = read(file.tobytes()).pages[0]
    assert found.text == "架空図書を俯瞰する。"
    assert [line.text for line in found.lines if line.kind == "ruby"] == ["ふかん"]


def table_pages(rows_by_page, header):
    with pymupdf.open() as file:
        for rows in rows_by_page:
            page = file.new_page(width=595, height=842)
            lines = [header, *rows]
            for index in range(len(lines) + 1):
                page.draw_line((60, 100 + 30 * index), (460, 100 + 30 * index))
            for x in (60, 200, 460):
                page.draw_line((x, 100), (x, 100 + 30 * len(lines)))
            for index, row in enumerate(lines):
                for x, text in zip((66, 206), row, strict=True):
                    page.insert_text((x, 120 + 30 * index), text, fontname="japan", fontsize=10)
        return file.tobytes()


def test_a_table_goes_on_over_pages_and_its_header_is_said_once(read):
    header = ("図書", "冊数")
    found = read(table_pages([[("甲", "1"), ("乙", "2")], [("丙", "3")], [("丁", "4|5")]], header))
    (table,) = json.loads(found.structure)["tables"]
    assert table["cells"] == [["図書", "冊数"], ["甲", "1"], ["乙", "2"], ["丙", "3"], ["丁", "4|5"]]
    assert [place["page"] for place in table["pages"]] == [1, 2, 3]
    assert [page.text.count("図書") for page in found.pages] == [1, 0, 0]
    last = found.pages[2]
    assert [text_of(last, line) for line in last.lines if line.kind == "table"] == ["丁", r"4\|5"]


def test_tables_with_other_columns_stay_apart(read):
    with pymupdf.open(stream=table_pages([[("甲", "1")]], ("図書", "冊数"))) as file:
        page = file.new_page(width=595, height=842)
        for y in (100, 130, 160):
            page.draw_line((60, y), (500, y))
        for x in (60, 120, 300, 500):
            page.draw_line((x, 100), (x, 160))
        for x in (66, 126, 306):
            page.insert_text((x, 120), "項", fontname="japan", fontsize=10)
            page.insert_text((x, 150), "値", fontname="japan", fontsize=10)
        found = read(file.tobytes())
    assert len(json.loads(found.structure)["tables"]) == 2


def redacted(cover, colour=(0, 0, 0)):
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((72, 100), "被告人は架空太郎である。", fontname="japan", fontsize=12, color=colour)
        cover(page)
        return file.tobytes()


@pytest.mark.parametrize(
    "cover",
    [
        lambda page: page.draw_rect((118, 86, 170, 106), fill=(0, 0, 0)),
        lambda page: page.add_rect_annot((118, 86, 170, 106)).update(fill_color=(0, 0, 0)),
    ],
)
def test_text_under_a_black_box_stops_the_document(read, cover):
    with pytest.raises(Reject) as reject:
        read(redacted(cover))
    assert reject.value.code == "failed-redaction"


def test_white_letters_on_black_are_no_redaction(read):
    with pymupdf.open() as file:
        page = file.new_page()
        page.draw_rect((60, 80, 300, 110), fill=(0, 0, 0))
        page.insert_text((72, 100), "白抜きの見出し", fontname="japan", fontsize=12, color=(1, 1, 1))
        assert read(file.tobytes()).pages[0].text == "白抜きの見出し"


def test_embedded_files_are_read_after_the_pages(read, make_pdf):
    with pymupdf.open(stream=make_pdf([[(72, 100, "表紙である。")]])) as file:
        file.embfile_add("a", make_pdf([[(72, 100, "添付の文である。")]]), ufilename="添付.pdf")
        file.embfile_add("b", b"\x7fELF\0\1", ufilename="program")
        found = read(file.tobytes())
    assert [page.text for page in found.pages] == ["表紙である。", "添付の文である。"]
    assert {line.page for line in found.pages[1].lines} == {2}
    embedded = json.loads(found.metadata)["embedded"]
    assert [(member["name"], member["first_page"]) for member in embedded["members"]] == [("添付.pdf", 2)]
    assert embedded["unreadable"] == ["program: unsupported-format"]


def test_every_verdict_has_its_figures(read, scan, make_pdf):
    figures = json.loads(read(scan(layer="外務省")).metadata)["triage"]["1"]
    assert figures["characters"] == 3
    assert figures["unread_marks"] > 40
    assert (
        json.loads(read(make_pdf([[(72, 100 + 20 * n, SENTENCE) for n in range(8)]])).metadata)["triage"]["1"][
            "characters"
        ]
        > 200
    )


def test_a_line_that_is_a_picture_sends_its_page_to_ocr_and_a_numeral_does_not(read):
    line = SENTENCE + "。"

    def page(box, text):
        with pymupdf.open() as source, pymupdf.open() as file:
            printed = source.new_page(width=595, height=842)
            printed.insert_text((72, 200), text, fontname="japan", fontsize=12)
            target = file.new_page(width=595, height=842)
            for number in (0, 1, 3, 4):
                target.insert_text((72, 150 + 25 * number), line, fontname="japan", fontsize=12)
            target.insert_image(
                box,
                keep_proportion=False,
                pixmap=printed.get_pixmap(dpi=200, clip=(72, 189, 72 + box[2] - box[0], 202)),
            )
            return read(file.tobytes()).pages[0]

    whole = page((72, 189, 492, 202), line)
    assert (whole.method, whole.reason) == ("ocr", "letters-as-images")
    assert page((72, 189, 96, 202), line[:2]).method == "embedded"


def test_a_poor_hidden_layer_is_read_again_and_a_good_one_is_kept(read):
    def layer(text):
        with pymupdf.open() as file:
            page = file.new_page()
            for line in range(8):
                page.insert_text((30, 60 + 20 * line), text, fontname="japan", fontsize=10, render_mode=3)
            return read(file.tobytes()).pages[0]

    assert (layer(SENTENCE).method, layer(SENTENCE).reason) == ("embedded", "hidden-layer")
    soup = "龠囮鬱彡丿亅冖勹匚夂尢弋彳爿疒癶禾艸虍"
    assert (layer(soup).method, layer(soup).reason) == ("ocr", "poor-hidden-layer")


def test_a_paragraph_goes_on_with_and_within_a_number(read, make_pdf):
    lines = [
        "架空省は、灯台の数を調べたところ、灯台の総数は、",
        "2025年の末に三百を数え、前に調べた時の2016",
        "年の末と比べて一割も多いことが明らかになつたのだ。",
        "2026年には、また調べる。",
    ]
    found = read(make_pdf([[(72, 100 + 18 * n, line) for n, line in enumerate(lines)]]))
    assert found.pages[0].text.split("\n") == ["".join(lines[:3]), lines[3]]


def test_a_vertical_page_with_a_boxed_note_is_vertical(read, make_pdf):
    def columns(page):
        for index in range(4):
            note = 520 - 11 * index
            for row, letter in enumerate("この文書は条約の規定と議定書の規定とを統合したものである"):
                page.insert_text((note, 90 + 10 * row), letter, fontname="japan", fontsize=9)
            for row, letter in enumerate("締約国は次のとおり協定した"):
                page.insert_text((440 - 30 * index, 100 + 15 * row), letter, fontname="japan", fontsize=14)
        page.draw_rect((478, 75, 534, 400))
        page.draw_line((505, 75), (505, 400))
        page.draw_line((478, 240), (534, 240))

    found = read(make_pdf([[]], columns)).pages[0]
    assert found.writing == "vertical"
    assert "締約国は次のとおり協定した" in found.text
