"""The order of what stands on a PDF page, and what makes one paragraph, as ministries set their pages."""

import json

import pymupdf
import pytest

from kobunko.extract.assemble import TextInput, assemble

FULL = "架空省令の定めるところにより、架空図書館はその図書を保存しなければならず、"  # as wide as its column


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([(72, 100, "12."), (132, 100, FULL)], (132, 118, "目録を作る。")),  # the number of the paragraph stands apart
        ([(72, 100, "12."), (132, 100, FULL)], (72, 118, "目録を作る。")),
        ([(72, 100, FULL + "国の")], (72, 118, "KOBUNKO の目録を作る。")),
        ([(72, 100, FULL + "2026年11")], (72, 118, "月の目録を作る。")),
        ([(72, 100, FULL + "国の")], (100, 118, "に対して目録を渡す。")),  # lines that hang
    ],
)
def test_a_sentence_goes_on(read, make_pdf, first, second):
    end = max(x + 10 * len(text) for x, _, text in first)
    full = (end - 10 * len(FULL), 300, FULL)
    lines = read(make_pdf([[*first, second, full, (full[0], 318, FULL)]])).pages[0].text.split("\n")
    assert lines[0].endswith(first[-1][2] + second[2])


@pytest.mark.parametrize(("short", "joint"), [("毎年その図書の目録を", ""), ("毎年の図書の目録", "\n")])
def test_a_short_line_goes_on_where_no_paragraph_can_end(read, make_pdf, short, joint):
    rows = [(72, 100, f"架空図書館の長は、{short}"), (72, 118, "作る。"), (72, 300, FULL), (72, 318, FULL)]
    assert read(make_pdf([rows])).pages[0].text.startswith(f"{rows[0][2]}{joint}{rows[1][2]}")


BODY = [(72, 300, FULL), (72, 318, FULL)]  # wider than what stands above it


@pytest.mark.parametrize("blanks", [0, 16])
def test_a_paragraph_narrower_than_its_page_is_one(read, make_pdf, blanks):
    indented, second = (
        "１　上告人の請求のうち図書の返還を求める部分につ",
        "き、被上告人は上告人に対し、図書三千冊を直ち",
    )
    third, other = "に返還せよ。", "２　その余の上告を棄却する。"
    rows = [(200 - 10 * blanks, 100, " " * blanks + indented), (220, 118, second), (220, 136, third), (200, 154, other)]
    lines = read(make_pdf([[*rows, *BODY]])).pages[0].text.split("\n")
    assert [line.strip() for line in lines[:2]] == [indented + second + third, other]


def test_a_single_full_line_goes_on_where_a_word_does(read, make_pdf):
    rows = [
        "　所論は、架空法四〇五条の理由に当たらない。ま",
        "た記録を調べても同じである。",
        "　よって主文のとおり判決する。",
    ]
    text = read(make_pdf([[(72, 100 + 18 * at, row) for at, row in enumerate(rows)]])).pages[0].text
    assert [line.strip() for line in text.split("\n")] == [(rows[0] + rows[1]).strip(), rows[2].strip()]


def test_items_and_headings_that_happen_to_end_alike_stay_apart(read, make_pdf):
    rows = [
        "架空図書館における地図及び目録の保存と修復",
        "その目的は、後の世に伝えることにある。",
        "架空図書館における写真及び図面の保存と修復",
    ]
    found = read(make_pdf([[*[(72, 100 + 18 * at, row) for at, row in enumerate(rows)], *BODY]])).pages[0].text
    assert found.split("\n")[:3] == rows


def test_a_date_stands_alone(read, make_pdf):
    head = ["架総第一二三四五六七号", "架空二年十一月二十三日", "架空図書館の長である者"]
    rows = [(405, 100 + 18 * at, text) for at, text in enumerate(head)]
    assert read(make_pdf([[*rows, *BODY]])).pages[0].text.split("\n")[:3] == head


def test_a_large_blank_at_its_end_makes_no_line_large(read, make_pdf):
    def draw(page):
        page.insert_text((72, 336), "目録を作る。", fontname="japan", fontsize=10)
        page.insert_text((132, 336), " ", fontname="japan", fontsize=14)

    assert read(make_pdf([BODY], draw)).pages[0].text.replace("\n", "").endswith(f"{FULL}{FULL}目録を作る。")
    assert "\n目録" not in read(make_pdf([BODY], draw)).pages[0].text


def test_headings_and_items_stay_apart(read, make_pdf):
    rows = [(72, 100, FULL), (72, 118, "1. 図書"), (72, 136, FULL), (72, 154, "(a) 地図"), (72, 172, "第二条　目録")]
    assert read(make_pdf([rows])).pages[0].text.split("\n") == [text for _, _, text in rows]


def ruled(page, xs, ys):
    """Rules of a table with these borders."""
    for x in xs:
        page.draw_line((x, ys[0]), (x, ys[-1]))
    for y in ys:
        page.draw_line((xs[0], y), (xs[-1], y))


def filled(xs, ys, words):
    return [(x + 4, y + 14, f"{words}{r}{c}") for r, y in enumerate(ys[:-1]) for c, x in enumerate(xs[:-1])]


def cells(found):
    return [table["cells"] for table in json.loads(found.structure)["tables"]]


YS = [100, 120, 140, 160, 180]


def test_a_column_that_stands_apart_belongs_to_the_table_with_its_rows(read, make_pdf):
    def draw(page):
        ruled(page, [72, 150, 230], YS)
        ruled(page, [250, 320], YS)

    (table,) = cells(read(make_pdf([filled([72, 150, 230], YS, "甲") + filled([250, 320], YS, "乙")], draw)))
    assert table == [[f"甲{row}0", f"甲{row}1", f"乙{row}0"] for row in range(4)]


def test_crosses_at_the_corners_of_a_form_add_no_columns(read, make_pdf):
    def draw(page):
        ruled(page, [72, 150, 230], YS)
        for y in (YS[0], YS[-1]):
            page.draw_line((55, y), (247, y))
        for x in (72, 230):
            page.draw_line((x, 80), (x, 200))

    outside = [(74, 96, "別記様式第一"), (74, 196, "備考　架空の注意をする。")]
    found = read(make_pdf([outside + filled([72, 150, 230], YS, "甲")], draw))
    assert cells(found) == [[[f"甲{row}0", f"甲{row}1"] for row in range(4)]]
    lines = found.pages[0].text.split("\n")
    assert (lines[0], lines[-1]) == ("別記様式第一", "備考　架空の注意をする。")


def test_boxes_with_connectors_are_no_table(read, make_pdf):
    def draw(page):
        for x, y in ((72, 100), (300, 160), (180, 300)):
            page.draw_rect((x, y, x + 80, y + 30))
        page.draw_line((112, 130), (112, 315))
        page.draw_line((112, 315), (180, 315))
        page.draw_line((340, 190), (340, 315))
        page.draw_line((260, 315), (340, 315))

    words = [(80, 120, "架空省"), (308, 180, "架空庁"), (188, 320, "架空局"), (130, 220, "所管")]
    found = read(make_pdf([words], draw))
    assert "tables" not in json.loads(found.structure)
    assert found.pages[0].text.split("\n") == ["架空省", "架空庁", "所管", "架空局"]


def test_what_stands_beside_a_table_begins_a_line(read, make_pdf):
    rows = filled([72, 150, 230], YS, "甲")
    text = read(make_pdf([[*rows, (234, 114, "番号")]], lambda page: ruled(page, [72, 150, 230], YS))).pages[0].text
    assert text.split("\n")[-1] == "番号"


def test_letters_printed_twice_to_be_bold_are_read_once(read, make_pdf):
    found = read(make_pdf([[(72, 100, "架空図書目録"), (72.4, 100, "架空図書目録"), (72, 100.4, "架空図書目録")]]))
    assert found.pages[0].text == "架空図書目録"


LEFT = [f"左{n}" + "架空の文の例である文" * 2 for n in range(6)]
RIGHT = [f"右{n}" + "架空の文の例である文" * 2 for n in range(6)]


def columns(left=LEFT, right=RIGHT, top=200):
    lines = [(60, left), (60 + 240, right)]
    return [(x, top + 18 * row, text) for x, side in lines for row, text in enumerate(side)]


def test_a_stop_that_hangs_over_the_end_of_a_column_parts_no_columns(read, make_pdf):
    hung = [*LEFT[:3], LEFT[3] + "、", *LEFT[4:]]
    text = read(make_pdf([columns(hung)])).pages[0].text
    assert text == "".join([*hung, *RIGHT])  # and the right column goes on with the sentence of the left one


def test_short_notes_below_two_columns_follow_both(read, make_pdf):
    def draw(page):
        for row in range(2):
            page.insert_text((60, 360 + 14 * row), f"{row + 1} 架空の註", fontname="japan", fontsize=7)

    lines = read(make_pdf([columns(LEFT, [*RIGHT[:5], "右で終る。"])], draw)).pages[0].text.split("\n")
    assert lines[-2:] == ["1 架空の註", "2 架空の註"]
    assert lines[0].startswith("左0")
    assert lines[0].endswith("右で終る。")


def test_a_heading_that_stands_alone_parts_columns_above_and_below(read, make_pdf):
    def draw(page):
        page.insert_text((60, 336), "第二節　架空図書", fontname="japan", fontsize=14)

    text = read(make_pdf([columns() + columns(LEFT[:2], RIGHT[:2], top=370)], draw)).pages[0].text
    above, below = text.split("第二節　架空図書")
    assert above.strip() == "".join([*LEFT, *RIGHT])
    assert below.strip() == "".join([*LEFT[:2], *RIGHT[:2]])


def test_small_numbers_stand_where_they_are_set_into_a_line(read, make_pdf):
    def draw(page):
        page.insert_text((100, 102), "１", fontname="japan", fontsize=5)
        page.insert_text((160, 102), "２", fontname="japan", fontsize=5)

    text = read(make_pdf([[(72, 100, "原告Ｘ，及び原告Ｘ，は架空の者である。")]], draw)).pages[0].text
    assert text == "原告Ｘ１，及び原告Ｘ２，は架空の者である。"


def test_what_stands_over_a_figure_is_its_title(read, make_pdf):
    def draw(page):
        page.insert_text((60, 60), "架空指標の分類", fontname="japan", fontsize=15)
        page.insert_text((60, 100), "段階二の状況", fontname="japan", fontsize=22)

    labels = [(60, 140 + 24 * row, f"架空の指標{row}") for row in range(24)]
    found = read(make_pdf([labels], draw))
    text = assemble(TextInput("", found.title, found.pages, None, found.metadata, found.format), len)
    assert text.title == "架空指標の分類"


def test_a_word_that_a_cell_wraps_is_one_word(read, make_pdf):
    xs = [72, 180, 260]
    rows = [
        ["架空図書館の保存する", "図書"],
        ["平成２年４月", "平成３年５月"],
    ]  # a name that fills its cell, and a list
    words = [(x + 5, y + 13, "項目") for x, y in ((72, 100), (180, 100))]
    words += [(77, 140 + 12 * n, text) for n, text in enumerate(rows[0])]
    words += [(185, 140 + 12 * n, text) for n, text in enumerate(rows[1])]
    (table,) = cells(read(make_pdf([words], lambda page: ruled(page, xs, [100, 120, 170]))))
    assert table[1] == ["架空図書館の保存する図書", "平成２年４月\n平成３年５月"]


def test_lines_hang_below_the_letter_of_an_item_in_a_cell(read, make_pdf):
    words = [
        (77, 113, "番号"),
        (185, 113, "項目"),
        (77, 140, "甲"),
        (185, 140, "ｃ 架空図書館の目録・図書の"),
        (203, 152, "保存"),
    ]
    (table,) = cells(read(make_pdf([words], lambda page: ruled(page, [72, 180, 325], [100, 120, 170]))))
    assert table[1] == ["甲", "ｃ 架空図書館の目録・図書の保存"]


def test_hours_keep_their_lines_in_a_cell(read, make_pdf):
    hours = ["平日　９：００～１７：００", "土曜　９：００～１１：００"]
    words = [
        (77, 113, "館"),
        (185, 113, "時間"),
        (77, 140, "甲"),
        *[(185, 140 + 12 * n, row) for n, row in enumerate(hours)],
    ]
    (table,) = cells(read(make_pdf([words], lambda page: ruled(page, [72, 180, 315], [100, 120, 170]))))
    assert table[1] == ["甲", "\n".join(hours)]


def test_the_underline_of_an_address_is_no_border_and_an_address_is_one_word(read, make_pdf):
    address = ["https://www.toshokan-", "kobunko.example/"]

    def draw(page):
        ruled(page, [72, 180, 315], [100, 120, 170])
        for row, text in enumerate(address):
            page.insert_text((182, 138 + 14 * row), text, fontsize=10)
            page.draw_line(
                (182, 139.5 + 14 * row), (182 + pymupdf.get_text_length(text, fontsize=10), 139.5 + 14 * row)
            )

    (table,) = cells(read(make_pdf([[(77, 113, "館"), (185, 113, "所在"), (77, 140, "甲")]], draw)))
    assert table == [["館", "所在"], ["甲", "".join(address)]]


def test_small_boxes_beside_a_table_are_tables_and_tables_stay_apart(read, make_pdf):
    def draw(page):
        ruled(page, [72, 150], [100, 130, 160])
        ruled(page, [170, 250, 330], [100, 130, 160])

    words = [
        (77, 118, "総数"),
        (77, 148, "八四三"),
        (175, 118, "前週"),
        (255, 118, "今週"),
        (175, 148, "七"),
        (255, 148, "九"),
    ]
    text = read(make_pdf([words], draw)).pages[0].text
    assert text == "| 総数 |\n| --- |\n| 八四三 |\n\n| 前週 | 今週 |\n| --- | --- |\n| 七 | 九 |"


def test_a_list_of_members_is_read_row_by_row(read, make_pdf):
    rows = [(60, 100 + 18 * n, f"架空花子{n}　架空大学の教授である者") for n in range(6)]
    rows += [(340, 100 + 18 * n, "（架空二年三月から現在）") for n in range(6)]
    text = read(make_pdf([rows])).pages[0].text
    assert text.split("\n") == [f"架空花子{n}　架空大学の教授である者\t（架空二年三月から現在）" for n in range(6)]
