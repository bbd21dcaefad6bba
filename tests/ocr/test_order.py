"""Reading order: pages laid out as officials lay them out, given as boxes."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobunko.ocr.lines import Line
from kobunko.ocr.order import read_in_order


def row(text: str, left: float, top: float, size: float = 40) -> Line:
    """A horizontal line of text with characters of this size."""
    return Line(text, 0.99, (left, top, left + size * len(text), top + size))


def column(text: str, right: float, top: float, size: float = 40) -> Line:
    """A vertical line of text."""
    return Line(text, 0.99, (right - size, top, right, top + size * len(text)))


def test_rows_are_read_from_the_top_and_pieces_of_a_row_from_the_left() -> None:
    lines = [row("見守り員の氏名", 100, 300), row("様式第一号", 100, 100), row("安全太郎", 600, 304)]
    assert read_in_order(lines, 1600, 2300).text == "様式第一号\n見守り員の氏名\t安全太郎"


def test_a_table_is_read_row_by_row() -> None:
    lines = [row(f"区{r}の{c}", 100 + 500 * c, 200 + 60 * r) for r in range(6) for c in range(3)]
    expected = "\n".join("\t".join(f"区{r}の{c}" for c in range(3)) for r in range(6))
    assert read_in_order(lines, 1600, 2300).text == expected


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
    assert read_in_order(lines, 1600, 2300).text == "前半は長く続いていて後半\n次の列も下まで続いているものとする"


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
    found = read_in_order(lines, 1600, 2300, cells)
    assert found.text.splitlines() == [
        "見守り拠点の一覧",
        "施設\t所在地\t電話",
        "安全見守りセンター\t北区三丁目別館二階\t000-0000",
        "以上",
    ]


def test_a_table_without_rules_between_its_rows_is_read_across() -> None:
    cells = grid([100, 500, 900, 1300], [300, 360, 900])
    head = [row(text, left, 310) for text, left in (("区分", 110), ("予算額", 510), ("決算額", 910))]
    body = [row(f"{n}{column}", 110 + 400 * column, 380 + 60 * n) for n in range(7) for column in range(3)]
    found = read_in_order([*body, *head], 1600, 2300, cells)
    assert found.text.splitlines() == ["区分\t予算額\t決算額", *(f"{n}0\t{n}1\t{n}2" for n in range(7))]


def test_two_texts_side_by_side_in_a_table_are_read_one_after_the_other() -> None:
    cells = grid([100, 500, 900], [300, 360, 900])
    head = [row("改正案", 110, 310), row("現行", 510, 310)]
    body = [row(f"{side}{n}見守り員の配", x, 380 + 60 * n) for n in range(6) for side, x in (("新", 110), ("旧", 510))]
    found = read_in_order([*body, *head], 1600, 2300, cells)
    assert found.text.splitlines()[1] == "\t".join(
        "".join(f"{side}{n}見守り員の配" for n in range(6)) for side in ("新", "旧")
    )


def test_a_line_that_the_recogniser_drew_over_two_cells_stays_in_the_table() -> None:
    cells = grid([100, 500, 900], [300, 360, 420])
    lines = [row("区分の全部と予算額の全部", 300, 310, 25), row("一般", 110, 370), row("特別", 510, 370)]
    assert read_in_order([*lines, row("注", 110, 600)], 1600, 2300, cells).text.splitlines() == [
        "区分の全部と予算額の全部\t",
        "一般\t特別",
        "注",
    ]


def test_a_vertical_title_at_the_edge_of_a_horizontal_page_comes_last() -> None:
    rows = [row(f"{n}行目は見守りの要領を述べる", 100, 200 + 60 * n) for n in range(8)]
    edge = column("見守り白書", 1500, 300)
    found = read_in_order([edge, *rows], 1600, 2300)
    assert [line.text for line in found.lines] == [*(line.text for line in rows), "見守り白書"]
    assert found.writing == "horizontal"


def test_an_empty_page_has_no_writing() -> None:
    assert read_in_order([], 100, 100).writing == "none"


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
    ordered = read_in_order(lines, 3000, 2000, cells)
    assert sorted(ordered.lines, key=repr) == sorted(lines, key=repr)
    shuffler.shuffle(lines)
    assert read_in_order(lines, 3000, 2000, cells[::-1]) == ordered
