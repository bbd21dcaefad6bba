"""Reading order of recognised lines: from boxes on a page to blocks as a person would read them aloud.

Horizontal pages are read in rows from the top, column by column where there are columns of running text, and ruled
tables cell by cell. Vertical pages are read in tiers (段) from the top, each in columns from right to left. A spread of
two pages is split at its gutter, right page first when the writing is vertical. All are an XY-cut: the region is cut
at empty bands that cross it, and the pieces are read in the order that the writing asks for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kobunko.ocr.horizontal import read_horizontal
from kobunko.ocr.lines import Box, Line, Row, cut_at, gaps, vertical_share
from kobunko.ocr.tables import Table, find_tables
from kobunko.ocr.vertical import read_vertical

MINORITY = 0.2  # share of characters in the other direction that makes a page mixed
SPREAD = 1.15  # width to height of an image that may show two pages
GUTTER = 0.1  # of the width around the middle where the gutter of a spread is looked for


@dataclass(frozen=True, slots=True)
class Block:
    """Rows (or vertical columns) that belong together. The pieces of a row stand side by side."""

    kind: str  # text · note · header · table, as in `records.Line`
    rows: list[Row]
    table: Table | None = None

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for piece in row for line in piece]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A page in reading order."""

    blocks: list[Block]
    writing: str  # horizontal · vertical · mixed · none

    @property
    def lines(self) -> list[Line]:
        return [line for block in self.blocks for line in block.lines]


def read_in_order(
    lines: Sequence[Line], width: float, height: float, cells: Sequence[Box] = (), rules: Sequence[Box] = ()
) -> Ordered:
    """Orders the lines of a page image of this size, in pixels. Independent of the order in which they come.

    `cells` are the closed cells of ruled tables, `rules` the long horizontal rules.
    """
    if not lines:
        return Ordered([], "none")
    lines = sorted(lines, key=lambda line: (line.box, line.text, line.confidence))
    vertical = vertical_share(lines)
    if vertical > 0.5:
        blocks = _pages(lines, width, height, partial(_columns, rules=rules), right_first=True)
    else:
        body, margin = _body_and_margin(lines)
        blocks = _pages(body, width, height, partial(_rows, cells=cells), right_first=False)
        blocks += _columns(margin, (), "header") if margin else []
    writing = "mixed" if MINORITY < vertical < 1 - MINORITY else "vertical" if vertical > 0.5 else "horizontal"
    return Ordered(blocks, writing)


def _body_and_margin(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Sets vertical lines beside everything horizontal (thumb index, running title at the edge) apart.

    They go to the end of the page; in the rows beside which they happen to stand they would be nonsense.
    """
    horizontal = [line for line in lines if not line.is_tall or len(line.text) == 1]
    reach = [(line.box[0], line.box[2]) for line in horizontal]
    margin = [
        line
        for line in lines
        if line not in horizontal and not any(line.box[0] < right and left < line.box[2] for left, right in reach)
    ]
    return [line for line in lines if line not in margin], margin


def _pages(
    lines: Sequence[Line],
    width: float,
    height: float,
    read: Callable[[Sequence[Line]], list[Block]],
    *,
    right_first: bool,
) -> list[Block]:
    """Splits a spread at its gutter."""
    if width > SPREAD * height:
        middle = [gap for gap in gaps(lines, axis=0) if abs(sum(gap) / 2 / width - 0.5) < GUTTER]
        if middle:
            widest = max(middle, key=_breadth)
            sides = cut_at(lines, 0, [sum(widest) / 2])
            return [block for side in (reversed(sides) if right_first else sides) for block in read(side)]
    return read(lines)


def _columns(lines: Sequence[Line], rules: Sequence[Box], kind: str = "") -> list[Block]:
    return [Block(kind or found, rows) for found, rows in read_vertical(lines, rules)]


def _rows(lines: Sequence[Line], cells: Sequence[Box]) -> list[Block]:
    """What stands above a table, the table, what stands below it."""
    blocks: list[Block] = []
    tables = find_tables(lines, cells)
    inside = {line for table in tables for line in table.lines}
    rest = [line for line in lines if line not in inside]
    for table in tables:
        above = [line for line in rest if line.centre[1] < table.box[1]]
        rest = [line for line in rest if line not in above]
        framed = len(table.rows[0]) < 2  # a frame around text
        blocks += [*_text(above), *(_text(table.lines) if framed else [Block("table", table.rows, table)])]
    return blocks + _text(rest)


def _text(lines: Sequence[Line]) -> list[Block]:
    return [Block("text", rows) for rows in read_horizontal(lines)]


def _breadth(gap: tuple[float, float]) -> float:
    return gap[1] - gap[0]
