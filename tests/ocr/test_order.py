"""Reading order: pages laid out as officials lay them out, given as boxes."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobunko.ocr.lines import Box, Line
from kobunko.ocr.order import read_in_order
from kobunko.ocr.page import PageText, compose
from kobunko.ocr.reading import Reading


def row(text: str, left: float, top: float, size: float = 40) -> Line:
    """A horizontal line of text with characters of this size."""
    return Line(text, 0.99, (left, top, left + size * len(text), top + size))


def column(text: str, right: float, top: float, size: float = 40) -> Line:
    """A vertical line of text."""
    return Line(text, 0.99, (right - size, top, right, top + size * len(text)))


def page(
    lines: list[Line],
    width: int = 1600,
    height: int = 2300,
    cells: list[Box] | None = None,
    rules: list[Box] | None = None,
    skew: float = 0.0,
) -> PageText:
    """The page that the recogniser would have found these lines on."""
    return compose(Reading(lines, cells or [], rules or [], [], width, height, 0, skew, 0.0, 200.0, "test"), 1)


def test_rows_are_read_from_the_top_and_pieces_of_a_row_from_the_left() -> None:
    lines = [row("見守り員の氏名", 100, 300), row("様式第一号", 100, 100), row("安全太郎", 600, 304)]
    assert page(lines).text == "様式第一号\n見守り員の氏名\t安全太郎"


def test_a_table_is_read_row_by_row() -> None:
    lines = [row(f"区{r}の{c}", 100 + 500 * c, 200 + 60 * r) for r in range(6) for c in range(3)]
    expected = "\n".join("\t".join(f"区{r}の{c}" for c in range(3)) for r in range(6))
    assert page(lines).text == expected


def test_columns_of_running_text_are_read_one_after_the_other_below_their_title() -> None:
    long = "横断歩道における見守りの実施"
    left = [row(f"左{n}{long}", 100, 300 + 60 * n) for n in range(5)]
    right = [row(f"右{n}{long}", 900, 300 + 60 * n) for n in range(5)]
    title = row("見守り白書の概要について", 500, 100, 60)
    found = read_in_order([*right, title, *left], 1700, 2300)
    assert [line.text[:2] for line in found.lines] == [
        "見守",
        *(f"左{n}" for n in range(5)),
        *(f"右{n}" for n in range(5)),
    ]
    assert found.writing == "horizontal"


def test_vertical_columns_are_read_from_the_right() -> None:
    lines = [column(f"第{n}列見守りを行うものとする", 1500 - 70 * n, 200) for n in range(8)]
    found = read_in_order(lines, 1600, 2300)
    assert [line.text[1] for line in found.lines] == list("01234567")
    assert found.writing == "vertical"


def test_tiers_are_read_from_the_top() -> None:
    upper = [column(f"上{n}見守りを行うものとする", 1500 - 70 * n, 200) for n in range(5)]
    lower = [column(f"下{n}見守りを行うものとする", 1500 - 70 * n, 900) for n in range(5)]
    number = row("12", 780, 2200, 20)
    found = read_in_order([*lower, number, *upper], 1600, 2300)
    assert [line.text[:2] for line in found.lines] == [f"上{n}" for n in range(5)] + [f"下{n}" for n in range(5)] + [
        "12"
    ]


def test_a_broken_column_is_joined_without_a_gap() -> None:
    lines = [
        column("前半は長く続いていて", 1500, 200),
        column("後半", 1500, 650),
        column("次の列も下まで続いているものとする", 1430, 200),
    ]
    assert page(lines).text == "前半は長く続いていて後半\n次の列も下まで続いているものとする"


@pytest.mark.parametrize("vertical", [True, False])
def test_a_spread_is_split_at_its_gutter(vertical: bool) -> None:
    if vertical:
        right = [column(f"右{n}見守りを行うものとする", 3000 - 70 * n, 200) for n in range(6)]
        left = [column(f"左{n}見守りを行うものとする", 1300 - 70 * n, 200) for n in range(6)]
        expected = [*right, *left]
    else:
        left = [row(f"左{n}見守りを行う", 200, 200 + 60 * n) for n in range(6)]
        right = [row(f"右{n}見守りを行う", 1900, 200 + 60 * n) for n in range(6)]
        expected = [*left, *right]
    found = read_in_order([*left, *right], 3300, 2300)
    assert [line.text for line in found.lines] == [line.text for line in expected]


def grid(lefts: list[float], tops: list[float]) -> list[tuple[float, float, float, float]]:
    """Cells between rules at these places."""
    return [(x + 3, y + 3, right - 3, bottom - 3) for y, bottom in pairwise(tops) for x, right in pairwise(lefts)]


def test_lines_of_one_cell_stay_together() -> None:
    cells = grid([100, 500, 900, 1300], [300, 360, 520])
    lines = [
        row("施設", 110, 310), row("所在地", 510, 310), row("電話", 910, 310),
        row("安全見守りセンタ", 110, 380), row("ー", 110, 440), row("北区三丁目", 510, 380), row("別館二階", 510, 440),
        row("000-0000", 910, 410), row("見守り拠点の一覧", 300, 100), row("以上", 1000, 700),
    ]  # fmt: skip
    found = page(lines, cells=cells)
    assert found.text.splitlines() == [
        "見守り拠点の一覧",
        "| 施設 | 所在地 | 電話 |",
        "| --- | --- | --- |",
        "| 安全見守りセンター | 北区三丁目別館二階 | 000-0000 |",
        "以上",
    ]
    (table,) = found.tables
    assert table["cells"][1] == ["安全見守りセンター", "北区三丁目別館二階", "000-0000"]
    assert table["box"] == pytest.approx([103 / 1600, 303 / 2300, 1297 / 1600, 517 / 2300], abs=0.001)
    assert table["merged"] == []


def test_merged_cells_are_told_and_a_divided_head_is_read_through_before_what_follows_it() -> None:
    cells = [
        (100, 300, 300, 400), (306, 300, 700, 345), (706, 300, 900, 400),
        (306, 355, 500, 400), (506, 355, 700, 400), *grid([97, 303, 503, 703, 903], [403, 463]),
    ]  # fmt: skip
    lines = [
        row("区分", 110, 330), row("予算額", 400, 303), row("前年", 310, 357), row("本年", 510, 357),
        row("備考", 710, 330), row("見守り", 110, 410), row("10", 310, 410), row("20", 510, 410), row("増", 710, 410),
    ]  # fmt: skip
    found = page(lines, cells=cells)
    assert [line.text or found.text[line.start : line.end] for line in found.lines] == [
        "区分", "予算額", "前年", "本年", "備考", "見守り", "10", "20", "増",
    ]  # fmt: skip
    (table,) = found.tables
    assert {"row": 0, "column": 1, "rows": 1, "columns": 2} in table["merged"]
    assert {"row": 0, "column": 0, "rows": 2, "columns": 1} in table["merged"]


def test_a_table_without_rules_between_its_rows_is_read_across() -> None:
    cells = grid([100, 500, 900, 1300], [300, 360, 900])
    head = [row(text, left, 310) for text, left in (("区分", 110), ("予算額", 510), ("決算額", 910))]
    body = [row(f"{n}{column}", 110 + 400 * column, 380 + 60 * n) for n in range(7) for column in range(3)]
    found = page([*body, *head], cells=cells)
    assert found.tables[0]["cells"] == [["区分", "予算額", "決算額"], *([f"{n}0", f"{n}1", f"{n}2"] for n in range(7))]


def test_two_texts_side_by_side_in_a_table_are_read_one_after_the_other() -> None:
    cells = grid([100, 500, 900], [300, 360, 900])
    head = [row("改正案", 110, 310), row("現行", 510, 310)]
    body = [row(f"{side}{n}見守り員の配", x, 380 + 60 * n) for n in range(6) for side, x in (("新", 110), ("旧", 510))]
    assert page([*body, *head], cells=cells).tables[0]["cells"][1] == [
        "".join(f"{side}{n}見守り員の配" for n in range(6)) for side in ("新", "旧")
    ]


def test_a_line_that_the_recogniser_drew_over_two_cells_stays_in_the_table() -> None:
    cells = grid([100, 500, 900], [300, 360, 420])
    lines = [row("区分の全部と予算額の全部", 300, 310, 25), row("一般", 110, 370), row("特別", 510, 370)]
    assert page([*lines, row("注", 110, 600)], cells=cells).text.splitlines() == [
        "| 区分の全部と予算額の全部 |  |",
        "| --- | --- |",
        "| 一般 | 特別 |",
        "注",
    ]


def test_a_label_of_three_lines_beside_rows_stays_one_cell() -> None:
    label = [row(text, 100, 300 + 45 * n) for n, text in enumerate(("従来から", "存在する", "危険"))]
    causes = [row(f"原因の{n}番目", 400, 300 + 110 * n) for n in range(5)]
    cases = [row(f"事例の{n}番目の一行", 800, 300 + 110 * n) for n in range(5)]
    more = [row("その続き", 800, 345 + 110 * n) for n in (0, 2)]
    assert page([*label, *causes, *cases, *more]).text.splitlines() == [
        "従来から存在する危険\t原因の0番目\t事例の0番目の一行その続き",
        "原因の1番目\t事例の1番目の一行",
        "原因の2番目\t事例の2番目の一行その続き",
        "原因の3番目\t事例の3番目の一行",
        "原因の4番目\t事例の4番目の一行",
    ]


def test_remarks_over_the_first_rule_are_read_after_the_text_and_the_lying_text_last() -> None:
    remarks = [column("書簡の形式", 1300, 80, 30), column("所得の範囲", 900, 80, 30)]
    body = [column(f"本文の第{n}列は見守りを定める", 1400 - 60 * n, 320) for n in range(10)]
    body.append(column("規則の端を越える列も本文である", 165, 320, 36))
    lying = [Line(f"line {n} of the English text", 0.9, (1360 - 60 * n, 1100, 1400 - 60 * n, 1800)) for n in range(10)]
    edge = [column("見守り条約", 90, 400), column("三三一", 90, 1700)]
    rules = [(150.0, 300.0, 1450.0, 303.0), (150.0, 1050.0, 1450.0, 1053.0)]
    found = page([*lying, *edge, *body, *remarks], rules=rules)
    texts = [found.text[line.start : line.end] for line in found.lines]
    expected = [*body, *remarks, *lying, *edge]
    assert texts == [line.text for line in expected]
    kinds = {text: line.kind for text, line in zip(texts, found.lines, strict=True)}
    assert kinds["書簡の形式"] == "note"
    assert kinds["見守り条約"] == "header"
    assert kinds["三三一"] == "page-number"


def test_a_table_of_contents_is_read_with_its_page_numbers() -> None:
    titles = [column(f"第{n}条　見守りの{n}", 1400 - 80 * n, 200) for n in range(6)]
    numbers = [column(f"一三{n}", 1400 - 80 * n, 1500) for n in range(6)]
    texts = [line.text for line in read_in_order([*numbers, *titles], 1600, 2300).lines]
    assert texts == [line.text for pair in zip(titles, numbers, strict=True) for line in pair]


def skewed(box: Box, degrees: float) -> Box:
    """Bounds of a box on a page of 1600 × 2300 that was turned clockwise."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x - 800, y - 1150) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = zip(*((800 + x * cos - y * sin, 1150 + x * sin + y * cos) for x, y in corners), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("degrees", [-1.5, 1.5])
def test_a_skewed_table_is_read_as_if_it_lay_straight(degrees: float) -> None:
    cells = [skewed(cell, degrees) for cell in grid([100, 500, 900, 1300], [300 + 60 * n for n in range(20)])]
    lines = [row(f"{n}の{k}", 110 + 400 * k, 310 + 60 * n) for n in range(19) for k in range(3)]
    lines = [Line(line.text, 0.9, skewed(line.box, degrees)) for line in lines]
    found = page(lines, cells=cells, skew=degrees)
    assert found.tables[0]["cells"] == [[f"{n}の{k}" for k in range(3)] for n in range(19)]
    first = found.lines[0]
    assert (first.x0 * 1600, first.y0 * 2300) == pytest.approx(lines[0].box[:2], abs=1)


def test_ruby_is_told_behind_its_kanji() -> None:
    base = column("児童の通行を見守る者は腕章を着ける", 1400, 200)
    ruby = Line("わんしょう", 0.9, (1402, 200 + 40 * 11 - 10, 1420, 200 + 40 * 13 + 10))
    found = page([base, ruby, column("ものとする", 1300, 200)])
    assert found.text.splitlines() == ["児童の通行を見守る者は腕章（わんしょう）を着ける", "ものとする"]
    assert [found.text[line.start : line.end] for line in found.lines if line.kind == "ruby"] == ["わんしょう"]


def test_lines_know_their_place_their_block_and_their_kind() -> None:
    body = [row(f"{n}行目は見守りの要領を述べる。", 100, 400 + 60 * n) for n in range(4)]
    after = [row(f"次の段落の{n}行目である。", 100, 900 + 60 * n) for n in range(2)]
    found = page([row("見守り要領", 400, 250, 70), *body, *after, row("- 12 -", 760, 2240, 20)])
    assert [line.kind for line in found.lines] == ["heading", *["text"] * 6, "page-number"]
    blocks = [line.block for line in found.lines]
    assert blocks == [0, 1, 1, 1, 1, 2, 2, 3]
    first = found.lines[1]
    assert found.text[first.start : first.end] == body[0].text
    assert (first.x0, first.y0) == pytest.approx((100 / 1600, 400 / 2300), abs=1e-4)


def test_a_vertical_title_at_the_edge_of_a_horizontal_page_comes_last() -> None:
    rows = [row(f"{n}行目は見守りの要領を述べる", 100, 200 + 60 * n) for n in range(8)]
    edge = column("見守り白書", 1500, 300)
    found = read_in_order([edge, *rows], 1600, 2300)
    assert [line.text for line in found.lines] == [*(line.text for line in rows), "見守り白書"]
    assert found.writing == "horizontal"


def test_an_empty_page_has_no_writing_and_no_text() -> None:
    assert read_in_order([], 100, 100).writing == "none"
    assert page([]).text == ""


boxes = st.lists(
    st.tuples(
        *[st.integers(0, 2000)] * 2,
        st.integers(1, 900),
        st.integers(1, 900),
        st.text("見守り安全", min_size=1, max_size=9),
    ),
    max_size=30,
)


@given(boxes, st.randoms(use_true_random=False))
def test_no_line_is_lost_and_the_order_does_not_depend_on_the_input(
    found: list[tuple[int, int, int, int, str]], shuffler: random.Random
) -> None:
    lines = [Line(text, 0.9, (x, y, x + w, y + h)) for x, y, w, h, text in found]
    cells = grid([0, 700, 1400, 2900], [0, 500, 900, 1900])
    rules = [(0.0, 700.0, 2900.0, 702.0)]
    ordered = read_in_order(lines, 3000, 2000, cells, rules)
    assert sorted(ordered.lines, key=repr) == sorted(lines, key=repr)
    shuffler.shuffle(lines)
    assert read_in_order(lines, 3000, 2000, cells[::-1], rules) == ordered
