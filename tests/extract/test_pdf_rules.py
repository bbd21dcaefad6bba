"""Which drawings of a PDF page are the rules of a table, and whose text stands in which line of a cell."""

import json
from itertools import pairwise

import pymupdf
import pytest

ROWS, COLUMNS = (100, 130, 160), (60, 200, 400)


def cells(read, draw):
    """Cells of a page on which `draw` draws round four names."""
    with pymupdf.open() as file:
        page = file.new_page(width=595, height=842)
        draw(page)
        for x, y, text in ((66, 120, "図書"), (206, 120, "冊数"), (66, 150, "甲"), (206, 150, "七冊とする")):
            page.insert_text((x, y), text, fontname="japan", fontsize=10)
        structure = json.loads(read(file.tobytes()).structure)
    return [table["cells"] for table in structure.get("tables", [])]


def ruled(page):
    for y in ROWS:
        page.draw_line((COLUMNS[0], y), (COLUMNS[-1], y))
    for x in COLUMNS:
        page.draw_line((x, ROWS[0]), (x, ROWS[-1]))


def with_a_shape(page):
    """A filled ornament behind the table, whose edges run through its text."""
    ruled(page)
    page.draw_polyline([(230, 80), (230, 300), (20, 145), (230, 80)], fill=(0.9, 0.9, 1), color=None, closePath=True)


def of_frames(page):
    """Each cell has a border of two narrow shapes with slanted ends, as browsers print them."""
    for left, right in pairwise(COLUMNS):
        for top, bottom in pairwise(ROWS):
            inner = (left + 0.7, top + 0.7, right - 0.7, bottom - 0.7)
            ends = [(left, bottom), (right, top), (inner[2], inner[1]), (inner[0], inner[3])]
            for outer_corner, inner_corner in (((left, top), inner[:2]), ((right, bottom), inner[2:])):
                shape = [ends[0], outer_corner, ends[1], ends[2], inner_corner, ends[3], ends[0]]
                page.draw_polyline(shape, fill=(0, 0, 0), color=None)


def dashed_beside_a_mark(page):
    """The middle rule is dashed, and right of the table stands a mark at nearly its height."""
    for y in (ROWS[0], ROWS[-1]):
        page.draw_line((COLUMNS[0], y), (COLUMNS[-1], y))
    for x in COLUMNS:
        page.draw_line((x, ROWS[0]), (x, ROWS[-1]))
    page.draw_line((450, ROWS[1] - 0.6), (470, ROWS[1] - 0.6))
    for x in range(COLUMNS[0], COLUMNS[-1], 3):
        page.draw_line((x, ROWS[1]), (x + 1, ROWS[1]))


@pytest.mark.parametrize("draw", [ruled, with_a_shape, of_frames, dashed_beside_a_mark])
def test_rules_are_told_from_shapes(read, draw):
    assert cells(read, draw) == [[["図書", "冊数"], ["甲", "七冊とする"]]]


def test_lines_whose_letters_reach_into_each_other_stay_two(read):
    with pymupdf.open() as file:
        page = file.new_page(width=595, height=842)
        for x, first, second in ((100, "建", "充"), (140, "設", "て"), (180, "費", "る"), (220, "に", "債")):
            page.insert_text((x, 100), first, fontname="japan", fontsize=10)
            page.insert_text((x + 2, 103.5), second, fontname="japan", fontsize=10)
        text = read(file.tobytes()).pages[0].text
    assert ["".join(line.split()) for line in text.split("\n")] == ["建設費に", "充てる債"]


def test_numbers_that_begin_columns_are_text_on_every_page(read):
    """Articles in columns, each page's first column begun by the same numbers, of which letters stand one by one."""
    with pymupdf.open() as file:
        for number in range(1, 7):
            page = file.new_page(width=595, height=842)
            for column, (label, text) in enumerate(
                [("(2)", "この省令は潮位の観測に適用する。"), ("３", "前項の規定を準用する。")]
            ):
                x = 460 - 60 * column
                page.insert_text((x, 110), label, fontname="helv" if label.isascii() else "japan", fontsize=14)
                for row, letter in enumerate(text):
                    page.insert_text((x, 138 + 14 * row), letter, fontname="japan", fontsize=14)
            page.insert_text((290, 800), str(number), fontname="japan", fontsize=10)
        pages = read(bytes(file.tobytes())).pages
    for page in pages:
        assert page.writing == "vertical"
        assert "".join(page.text.split()) == "(2)この省令は潮位の観測に適用する。３前項の規定を準用する。"
        assert [line.text for line in page.lines if line.kind == "page-number"] == [str(page.number)]
