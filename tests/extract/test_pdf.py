import json

import pymupdf
import pytest

from kobunko.errors import Reject
from kobunko.extract.pdf_triage import broken_encoding

SENTENCE = "架空省令の定めるところにより、図書を保存しなければならないものとする"


def test_lines_are_read_from_top_to_bottom_whatever_their_order_in_the_file(read, make_pdf):
    found = read(make_pdf([[(72, 300, "三行目である。"), (72, 100, "一行目である。"), (72, 200, "二行目である。")]]))
    page = found.pages[0]
    assert page.text == "一行目である。\n二行目である。\n三行目である。"
    assert (page.method, page.reason, page.writing, page.confidence) == ("embedded", "text-layer", "horizontal", None)
    assert json.loads(found.metadata)["format"].startswith("PDF")


def test_a_sentence_that_goes_on_in_the_next_line_is_joined(read, make_pdf):
    found = read(
        make_pdf(
            [[(72, 100, "　" + SENTENCE), (72, 118, SENTENCE + "保"), (72, 136, "る。"), (72, 154, "第二条　次の行")]]
        )
    )
    assert found.pages[0].text.split("\n") == ["　" + SENTENCE + SENTENCE + "保る。", "第二条　次の行"]


def test_left_column_before_right_column(read, make_pdf):
    rows = [
        (60 + 270 * side, 200 + 18 * line, f"{'左右'[side]}{line}" + "架空の文の例である文。" * 2)
        for line in range(8)
        for side in (0, 1)
    ]
    found = read(make_pdf([[(150, 100, "二つの段にまたがる長い長い長い長い長い見出しを置く"), *rows]]))
    marks = [line[:2] for line in found.pages[0].text.split("\n")]
    assert marks == ["二つ", *[f"左{n}" for n in range(8)], *[f"右{n}" for n in range(8)]]


def vertical(page, x, y, text):
    for index, letter in enumerate(text):
        page.insert_text((x, y + 12 * index), letter, fontname="japan", fontsize=12)


def test_vertical_columns_from_right_to_left(read, make_pdf):
    def draw(page):
        for column, text in enumerate(
            ["架空図書保存法を公布する。", "第一条この法律は図書を守る。", "第二条施行期日は別に定める。"]
        ):
            vertical(page, 500 - 24 * column, 100, text)
        page.insert_text((290, 800), "- 1 -", fontname="japan", fontsize=9)

    page = read(make_pdf([[]], draw)).pages[0]
    assert page.writing == "vertical"
    assert page.text.split("\n") == [
        "架空図書保存法を公布する。",
        "第一条この法律は図書を守る。",
        "第二条施行期日は別に定める。",
    ]
    assert [(line.kind, line.text) for line in page.lines if line.start == line.end] == [("page-number", "- 1 -")]


def test_numbers_upright_above_their_columns_begin_them(read, make_pdf):
    def draw(page):
        for column, text in enumerate(["架空図書を保存する。", "架空地図を保存する。", "架空写真を保存する。"]):
            vertical(page, 500 - 48 * column, 120, text)
            page.insert_text((498 - 48 * column, 100), f"({'abc'[column]})", fontsize=10)

    text = read(make_pdf([[]], draw)).pages[0].text
    assert [line[:6] for line in text.split("\n")] == ["(a)架空図", "(b)架空地", "(c)架空写"]


def test_upper_tier_before_lower_tier(read, make_pdf):
    def draw(page):
        for column in range(6):
            vertical(page, 500 - 24 * column, 80, f"上{'一二三四五六'[column]}の段の文である架空例。")
            vertical(page, 500 - 24 * column, 420, f"下{'一二三四五六'[column]}の段の文である架空例。")

    text = read(make_pdf([[]], draw)).pages[0].text
    assert [line[:2] for line in text.split("\n")] == [f"{tier}{n}" for tier in "上下" for n in "一二三四五六"]


def test_scan_goes_to_ocr_and_an_empty_page_is_blank(read, scan, make_pdf):
    assert [(page.method, page.reason) for page in read(scan()).pages] == [("ocr", "no-text-layer")]
    found = read(scan(layer="外務省 一二頁"))
    assert [(page.method, page.reason, page.text) for page in found.pages] == [("ocr", "few-characters-for-ink", "")]
    assert found.ocr_pages == 1
    blank = read(make_pdf([[], [(72, 100, "文字がある。")]]))
    assert [(page.method, page.writing) for page in blank.pages] == [("none", "none"), ("embedded", "horizontal")]


def test_honest_pages_stay_as_they_are(read, make_pdf):
    digits = [(72 + 60 * column, 80 + 20 * row, f"{row * column:,}") for row in range(20) for column in range(6)]

    def grid(page):
        for row in range(21):
            page.draw_line((60, 66 + 20 * row), (430, 66 + 20 * row))

    pages = [
        [(72, 100, "以上")],
        [(72, 100, "English text, with words only.")],
        [(72, 100, "本法ハ公布ノ日ヨリ之ヲ施行ス")],
    ]
    assert {page.method for page in read(make_pdf(pages)).pages} == {"embedded"}
    assert {page.method for page in read(make_pdf([digits], grid)).pages} == {"embedded"}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("本文は読める。" * 20, False),
        ("Thai: ราชอาณาจักรไทย", False),
        ("Côte d’Ivoire, Zürich", False),
        ("\ue000一覧の項目を示す", False),
        ("文\ufffd字\ufffdが\ufffd無い", True),
        ("解答は\x02時間\x03分\x04つ", True),
        ("(cid:12)(cid:13)(cid:14)", True),
        ("‚È‚ñ‚Å‚à\x82\x82\x82éñåàè", True),
        ("অⅠଢ଼ඵ࿒འདᆬکক", True),
    ],
)
def test_text_layers_that_lie(text, broken):
    assert bool(broken_encoding(text)) is broken


def encrypted(body, user):
    with pymupdf.open(stream=body) as file:
        return file.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=user)


def test_encrypted_files(read, make_pdf):
    body = make_pdf([[(72, 100, "持ち主の合言葉だけがある。")]])
    assert read(encrypted(body, "")).pages[0].text == "持ち主の合言葉だけがある。"
    with pytest.raises(Reject) as reject:
        read(encrypted(body, "secret"))
    assert reject.value.code == "encrypted"


def test_truncated_file_is_repaired_and_says_so(read, make_pdf):
    found = read(make_pdf([[(72, 100, "一頁の文。")], [(72, 100, "二頁の文。")]])[:-200])
    assert found.pages[0].text == "一頁の文。"
    assert json.loads(found.metadata)["repaired"] is True


def test_a_pdf_with_nothing_in_it(read):
    with pytest.raises(Reject) as reject:
        read(b"%PDF-1.7\nnothing follows")
    assert reject.value.code == "broken-pdf"


def table_page(page):
    """Three columns and three rows with rules, the first column merged over the last two rows."""
    for y, x in ((100, 60), (130, 60), (160, 160), (190, 60)):
        page.draw_line((x, y), (460, y))
    for x in (60, 160, 300, 460):
        page.draw_line((x, 100), (x, 190))
    cells = {(70, 120): "区分", (170, 120): "対象", (310, 120): "年数", (70, 150): "図書", (170, 150): "甲の図書"}
    cells |= {(310, 145): "十年を超え", (310, 157): "ないもの", (170, 180): "乙の図書", (310, 180): "1,234"}
    for place, text in cells.items():
        page.insert_text(place, text, fontname="japan", fontsize=10)


def test_ruled_tables_are_markdown_in_their_place(read, make_pdf):
    found = read(make_pdf([[(60, 80, "別表"), (60, 220, "備考を付ける。")]], table_page))
    assert found.pages[0].text.split("\n") == [
        "別表",
        "| 区分 | 対象 | 年数 |",
        "| --- | --- | --- |",
        "| 図書 | 甲の図書 | 十年を超え<br>ないもの |",
        "|  | 乙の図書 | 1,234 |",
        "備考を付ける。",
    ]


def test_a_frame_around_text_is_no_table(read, make_pdf):
    def frame(page):
        page.draw_rect((50, 60, 500, 300))
        page.draw_line((50, 200), (500, 200))

    assert (
        read(make_pdf([[(72, 100, "枠の中の文。"), (72, 250, "枠の下の文。")]], frame)).pages[0].text
        == "枠の中の文。\n枠の下の文。"
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [("架空図書保存要領", "架空図書保存要領"), ("Taro11-架空.jtd", ""), ("Microsoft Word - 架空", ""), ("無題", "")],
)
def test_a_file_name_is_no_title(read, given, kept):
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 100), SENTENCE, fontname="japan")
        document.set_metadata({"title": given})
        found = read(document.tobytes())
    assert found.title == kept
