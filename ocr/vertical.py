"""Reading order of vertical writing: tiers (段) from the top, and in a tier columns from the right.

Tiers are told apart by empty bands and by long rules between them. What stands wholly outside the ends of those rules,
as a running head and a page number do, is read before or after everything; short remarks over the first rule are read
after the text that they are about.
"""

import re
from collections.abc import Sequence

from kobunko.ocr.lines import Box, Line, Row, around, characters, cut_at, split, stack, thickness

BAND = 0.6  # of a column's width from which an empty band parts two tiers
LONG = 0.5  # of the text's width that a rule between tiers has at least
CROSSING = 0.1  # of the lines may lie over a rule that parts tiers
REMARKS = 0.25  # of the characters of a page that the remarks above its first rule have at most
REMARK = 8  # characters of a column of such a remark, at most
FIGURE = re.compile(r"[\W_ーヽ〇一二三四五六七八九十百千\d]+")  # a page number, and the dots or strokes that lead to it

Group = tuple[str, list[Row]]  # kind of its lines (as in `records.Line`), columns


def read_vertical(lines: Sequence[Line], rules: Sequence[Box] = ()) -> list[Group]:
    """Groups in reading order. `rules` are horizontal rules of the page (left, top, right, bottom)."""
    dividing = _dividing(lines, rules)
    if not dividing:
        return [("text", tier) for tier in _tiers(lines)]
    left, _, right, _ = around(dividing)
    before = [line for line in lines if line.box[0] > right]
    after = [line for line in lines if line.box[2] < left]
    inside = [line for line in lines if line not in before and line not in after]
    tiers = cut_at(inside, 1, sorted((rule[1] + rule[3]) / 2 for rule in dividing))
    remarks = []
    short = all(len(line.text) <= REMARK for line in tiers[0]) if tiers else False
    if len(tiers) > 1 and short and characters(tiers[0]) <= REMARKS * characters(inside):
        remarks, tiers = tiers[:1], tiers[1:]
    ordered = [("header", before), ("text", tiers[0]), *(("note", tier) for tier in remarks)]
    ordered += [*(("text", tier) for tier in tiers[1:]), ("header", after)]
    return [(kind, rows) for kind, group in ordered if group for rows in _tiers(group)]


def _dividing(lines: Sequence[Line], rules: Sequence[Box]) -> list[Box]:
    """Rules that part tiers: long, and hardly any line lies over them."""
    left, top, right, bottom = around([line.box for line in lines])
    found = []
    for rule in rules:
        height = (rule[1] + rule[3]) / 2
        under = [line for line in lines if line.box[0] < rule[2] and rule[0] < line.box[2]]
        crossing = [line for line in under if line.box[1] + line.width / 2 < height < line.box[3] - line.width / 2]
        long = rule[2] - rule[0] >= LONG * (right - left)
        if long and top < height < bottom and len(crossing) <= CROSSING * len(under):
            found.append(rule)
    return found


def _tiers(lines: Sequence[Line]) -> list[list[Row]]:
    """Tiers of a region, each in columns from the right and in a column in pieces from the top."""
    bands: list[list[Line]] = []
    for band in split(lines, axis=1, least=BAND * thickness(lines)):
        if bands and _continues(bands[-1], band):
            bands[-1] = [*bands[-1], *band]
        else:
            bands.append(band)
    if len(bands) > 1:
        return [tier for band in bands for tier in _tiers(band)]
    columns = stack(lines, axis=0)
    return [[[sorted(column, key=lambda line: line.box[1])] for column in reversed(columns)]]


def _continues(above: Sequence[Line], below: Sequence[Line]) -> bool:
    """Whether a band only holds the ends of the columns above it: the page numbers of a table of contents, or the
    number of the page below its running head."""
    if 5 * sum(FIGURE.fullmatch(line.text) is not None for line in below) < 4 * len(below):  # some are misread
        return False
    if len(below) == 1:
        columns = stack(above, axis=0)
        return any(_over_each_other(below[0], line) for column in (columns[0], columns[-1]) for line in column)
    fed = [line for line in below if any(_over_each_other(line, other) for other in above)]
    return len(fed) * 5 >= len(below) * 4


def _over_each_other(one: Line, two: Line) -> bool:
    return one.box[0] < two.box[2] and two.box[0] < one.box[2]
