"""Cells of tables that are drawn here, upright, skewed, and with what is not a table."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kobunko.ocr.cells import find_drawn, parted

LEFTS, TOPS = [100, 400, 900, 1400], [200, 260, 320, 500]


def page(*, skew: float = 0, rule: int = 3) -> np.ndarray:
    """An RGB page with a table of three rows and columns, its first row merged into one cell, and strokes of text."""
    image = Image.new("RGB", (1654, 2339), "white")
    draw = ImageDraw.Draw(image)
    for top in TOPS:
        draw.line((LEFTS[0], top, LEFTS[-1], top), "black", rule)
    for left in LEFTS:
        start = TOPS[0] if left in (LEFTS[0], LEFTS[-1]) else TOPS[1]
        draw.line((left, start, left, TOPS[-1]), "black", rule)
    for number in range(30):
        draw.rectangle((120 + 40 * number, 1000, 150 + 40 * number, 1030), outline="black", width=3)
    return np.asarray(image.rotate(skew, fillcolor="white"), dtype=np.uint8)


@pytest.mark.parametrize(("skew", "rule"), [(0, 1), (0, 3), (0.6, 2), (-1.0, 4)])
def test_cells_are_found_where_rules_close_them_in(skew: float, rule: int) -> None:
    cells = find_drawn(page(skew=skew, rule=rule)).cells
    assert len(cells) == 7
    widest = max(cells, key=lambda cell: cell[2] - cell[0])
    assert widest[2] - widest[0] == pytest.approx(1300, abs=25)
    if not skew:
        assert widest == pytest.approx((100, 200, 1400, 260), abs=6)


def test_boxes_of_characters_and_lone_rules_are_no_cells() -> None:
    image = Image.new("RGB", (1654, 2339), "white")
    draw = ImageDraw.Draw(image)
    draw.line((100, 700, 1500, 700), "black", 3)
    for number in range(30):
        draw.rectangle((120 + 40 * number, 1000, 150 + 40 * number, 1030), outline="black", width=3)
    drawn = find_drawn(np.asarray(image, dtype=np.uint8))
    assert drawn.cells == []
    assert drawn.rules == [pytest.approx((100, 699, 1501, 702), abs=3)]


def test_a_line_across_two_cells_is_parted_at_their_border() -> None:
    cells = [(100.0, 200.0, 400.0, 260.0), (406.0, 200.0, 900.0, 260.0)]
    quad = np.array([(120, 210), (700, 210), (700, 250), (120, 250)], dtype=np.float32)
    assert [(part[0, 0], part[1, 0]) for part in parted(quad, cells)] == [(120, 400), (406, 700)]
    inside = np.array([(420, 210), (700, 210), (700, 250), (420, 250)], dtype=np.float32)
    assert parted(inside, cells)[0] is inside
