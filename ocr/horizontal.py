"""Reading order of horizontal writing: rows from the top, column by column where there are columns of running text.

A row may hold several pieces (cells of a table without rules); a piece may have more lines than its neighbours.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from kobunko.ocr.lines import Line, Row, characters, split, stack

MAINLY = 0.8  # of the characters of a block that its columns of running text hold
COLUMN_FILL = 0.55  # of a column's width that a typical line of running text fills; cells of a table are shorter
BLOCK = 0.5  # of a line's height from which an empty band parts two blocks
GUTTER = 1.2  # of a line's height from which an empty band parts two columns
TIGHT = 0.45  # of a line's height that lies between the lines of one cell, at most
LOOSE = 0.3  # of the rows must stand farther apart than that, else tightness says nothing
ALIGNED = 0.8  # of a line's height by which lines of a cell may begin apart


def read_horizontal(lines: Sequence[Line]) -> list[list[Row]]:
    """Blocks from the top, each a list of rows: one of running text for every column."""
    if not lines:
        return []
    blocks: list[list[Line]] = []
    # Neighbouring bands that share a gutter are one block; a title above two columns has none and stands alone.
    for band in split(lines, axis=1, least=BLOCK * median(line.height for line in lines)):
        if blocks and len(_columns([*blocks[-1], *band])) > 1:
            blocks[-1] = [*blocks[-1], *band]
        else:
            blocks.append(band)
    return [rows for block in blocks for rows in _block_rows(block)]


def _block_rows(block: Sequence[Line]) -> list[list[Row]]:
    columns = _columns(block)
    running = [column for column in columns if _is_running_text(column)]
    if len(running) > 1 and sum(map(characters, running)) >= MAINLY * characters(block):  # the rest is notes beside it
        return [rows for column in columns for rows in read_horizontal(column)]
    rows = [sorted(row, key=lambda line: line.box[0]) for row in stack(block, axis=1)]
    return [with_continuations([[[line] for line in row] for row in rows])]


def with_continuations(rows: Sequence[Row], *, in_cells: bool = False) -> list[Row]:
    """Joins rows that only hold further lines of the pieces above them, where the rows of a table stand apart.

    In cells a piece belongs to the one in the same place; else to the one that begins at the same distance.
    """
    places = [_places(above, row, in_cells=in_cells) for above, row in pairwise(rows)]
    follows = [False, *(None not in found for found in places)]
    if max(map(len, rows), default=0) < 2 or follows.count(False) - 1 < LOOSE * (len(rows) - 1):
        return list(rows)
    joined: list[Row] = []
    for row, continues in zip(rows, follows, strict=True):
        found = _places(joined[-1], row, in_cells=in_cells) if continues else [None]
        if None in found:
            joined.append([list(piece) for piece in row])
        else:
            for place, piece in zip(found, row, strict=True):
                joined[-1][place or 0].extend(piece)
    return joined


def _places(above: Row, row: Row, *, in_cells: bool) -> list[int | None]:
    """For each piece of a row the piece above that it goes on from; None where there is none."""
    found: list[int | None] = []
    for number, piece in enumerate(row):
        near = [number] if in_cells else range(len(above))
        found.append(next((n for n in near if not piece or _goes_on(above[n], piece[0], anywhere=in_cells)), None))
    return found


def _goes_on(piece: Sequence[Line], line: Line, *, anywhere: bool) -> bool:
    """Whether a line stands close under a piece, and begins where it begins."""
    if not piece:
        return False
    starts = min(abs(line.box[0] - other.box[0]) for other in (piece[0], piece[-1]))
    close = -0.5 * line.height < line.box[1] - piece[-1].box[3] < TIGHT * line.height
    return close and (anywhere or starts <= ALIGNED * line.height)


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    return split(lines, axis=0, least=GUTTER * median(line.height for line in lines))


def _is_running_text(column: Sequence[Line]) -> bool:
    """Whether lines fill their column like a paragraph: enough of them, and long."""
    extent = max(line.box[2] for line in column) - min(line.box[0] for line in column)
    long = [line for line in column if line.width >= COLUMN_FILL * extent]
    return len(column) >= 3 and len(long) * 2 >= len(column) and extent >= 8 * median(line.height for line in column)
