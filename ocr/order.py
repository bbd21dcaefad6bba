"""Reading order of recognised lines: from boxes on a page to text as a person would read it aloud.

Horizontal pages are read in rows from the top, column by column where there are columns of running text, and ruled
tables cell by cell. Vertical pages are read in tiers (段) from the top, each in columns from right to left. A spread of
two pages is split at its gutter, right page first when the writing is vertical. All are an XY-cut: the region is cut
at empty bands that cross it, and the pieces are read in the order that the writing asks for. The pieces of one row are
joined by tabs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median

from kobunko.ocr.lines import Box, Line, Row, characters, stack, vertical_share
from kobunko.ocr.tables import find_tables

MINORITY = 0.2  # share of characters in the other direction that makes a page mixed
MAINLY = 0.8  # of the characters of a block that its columns of running text hold
COLUMN_FILL = 0.55  # of a column's width that a typical line of running text fills; cells of a table are shorter
SPREAD = 1.15  # width to height of an image that may show two pages
GUTTER = 0.1  # of the width around the middle where the gutter of a spread is looked for
CELL = "\t"  # between pieces of one visual row


Rows = list[Row]
Groups = list[list[Line]]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Lines in reading order; `text` has one line of text per row or column."""

    lines: list[Line]
    text: str
    writing: str  # horizontal · vertical · mixed · none


def read_in_order(lines: Sequence[Line], width: int, height: int, cells: Sequence[Box] = ()) -> Ordered:
    """Orders the lines of a page image of this size, in pixels. Independent of the order in which they come.

    `cells` are the closed cells of ruled tables on a page of horizontal writing.
    """
    if not lines:
        return Ordered([], "", "none")
    lines = sorted(lines, key=lambda line: (line.box, line.text, line.confidence))
    vertical = vertical_share(lines)
    if vertical > 0.5:
        rows = _pages(lines, width, height, _vertical, right_first=True)
    else:
        body, margin = _body_and_margin(lines)
        rows = _pages(body, width, height, partial(_with_tables, cells=cells), right_first=False)
        rows += _vertical(margin) if margin else []
    text = "\n".join(CELL.join(_joined(piece) for piece in row) for row in rows)
    writing = "mixed" if MINORITY < vertical < 1 - MINORITY else "vertical" if vertical > 0.5 else "horizontal"
    return Ordered([line for row in rows for piece in row for line in piece], text, writing)


def _joined(piece: Sequence[Line]) -> str:
    """One text from the lines that it was broken into."""
    reach = max((line.box[2] for line in piece), default=0)
    gaps = [_gap(before, line, reach) for before, line in pairwise(piece)]
    return "".join(gap + line.text for gap, line in zip(["", *gaps], piece, strict=False))


def _gap(before: Line, line: Line, reach: float) -> str:
    """A space between Latin words and after a line that ended early; nothing where a word of Japanese goes on."""
    if before.text[-1].isascii() and line.text[0].isascii():
        return "" if before.text.endswith("-") else " "
    spread = len(before.text) == 1 or len(line.text) == 1  # characters set apart to fill a cell
    wrapped = before.is_tall or spread or before.box[2] > reach - before.height
    return "" if wrapped else " "


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
    lines: Sequence[Line], width: int, height: int, read: Callable[[Sequence[Line]], Rows], *, right_first: bool
) -> Rows:
    """Splits a spread at its gutter."""
    if width > SPREAD * height:
        middle = [gap for gap in _gaps(lines, axis=0) if abs(_centre(gap) / width - 0.5) < GUTTER]
        if middle:
            cut = _centre(max(middle, key=lambda gap: gap[1] - gap[0]))
            left = [line for line in lines if line.box[2] <= cut]
            right = [line for line in lines if line.box[2] > cut]
            first, second = (right, left) if right_first else (left, right)
            return read(first) + read(second)
    return read(lines)


def _vertical(lines: Sequence[Line]) -> Rows:
    """Tiers from the top; in a tier, columns from the right; in a column, pieces from the top."""
    thickness = median(min(line.width, line.height) for line in lines)
    bands = _split(lines, axis=1, least=0.6 * thickness)
    if len(bands) > 1:
        return [row for band in bands for row in _vertical(band)]
    columns = stack(lines, axis=0)
    return [[sorted(column, key=lambda line: line.box[1])] for column in reversed(columns)]


def _with_tables(lines: Sequence[Line], cells: Sequence[Box]) -> Rows:
    """What stands above a table, the table, what stands below it."""
    rows: Rows = []
    tables = find_tables(lines, cells)
    inside = {line for table in tables for line in table.lines}
    rest = [line for line in lines if line not in inside]
    for table in tables:
        above = [line for line in rest if _centre((line.box[1], line.box[3])) < table.box[1]]
        rest = [line for line in rest if line not in above]
        rows += [*_horizontal(above), *table.rows]
    return rows + _horizontal(rest)


def _horizontal(lines: Sequence[Line]) -> Rows:
    """Blocks from the top: one of several columns of running text column by column, any other in rows."""
    if not lines:
        return []
    thickness = median(line.height for line in lines)
    rows: Rows = []
    block: list[Line] = []
    # Neighbouring bands that share a gutter are one block; a title above two columns has none and stands alone.
    for band in _split(lines, axis=1, least=0.5 * thickness):
        if block and len(_columns([*block, *band])) == 1:
            rows += _block_rows(block)
            block = []
        block = [*block, *band]
    return rows + _block_rows(block)


def _block_rows(block: Sequence[Line]) -> Rows:
    columns = _columns(block)
    running = [column for column in columns if _is_running_text(column)]
    if len(running) > 1 and sum(map(characters, running)) >= MAINLY * characters(block):  # the rest is notes beside it
        return [row for column in columns for row in _horizontal(column)]
    return [[[line] for line in sorted(row, key=lambda line: line.box[0])] for row in stack(block, axis=1)]


def _columns(lines: Sequence[Line]) -> Groups:
    return _split(lines, axis=0, least=1.2 * median(line.height for line in lines))


def _is_running_text(column: Sequence[Line]) -> bool:
    """Whether lines fill their column like a paragraph: enough of them, and long."""
    extent = max(line.box[2] for line in column) - min(line.box[0] for line in column)
    long = [line for line in column if line.width >= COLUMN_FILL * extent]
    return len(column) >= 3 and len(long) * 2 >= len(column) and extent >= 8 * median(line.height for line in column)


def _split(lines: Sequence[Line], axis: int, least: float) -> Groups:
    """Cuts a region at every empty band across it that is at least so wide, in order along the axis."""
    cuts = [_centre(gap) for gap in _gaps(lines, axis) if gap[1] - gap[0] >= least]
    pieces: Groups = [[] for _ in range(len(cuts) + 1)]
    for line in lines:
        pieces[sum(line.box[axis + 2] > cut for cut in cuts)].append(line)
    return pieces


def _gaps(lines: Sequence[Line], axis: int) -> list[tuple[float, float]]:
    """Empty bands between the lines' extents along an axis."""
    gaps, reach = [], None
    for low, high in sorted((line.box[axis], line.box[axis + 2]) for line in lines):
        if reach is not None and low > reach:
            gaps.append((reach, low))
        reach = high if reach is None else max(reach, high)
    return gaps


def _centre(gap: tuple[float, float]) -> float:
    return (gap[0] + gap[1]) / 2
