"""Reading order of horizontal writing: rows from the top, column by column where there are columns of running text.

A row may hold several pieces (cells of a table without rules); a piece may have more lines than its neighbours.
"""

from collections.abc import Sequence
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


def with_continuations(rows: Sequence[Row]) -> list[Row]:
    """Joins rows that only hold further lines of the cells above them, where the rows of a table stand apart."""
    follows = [bool(number) and _follows(rows[number - 1], row) for number, row in enumerate(rows)]
    if max(map(len, rows), default=0) < 2 or follows.count(False) - 1 < LOOSE * (len(rows) - 1):
        return list(rows)
    joined: list[Row] = []
    for row, continues in zip(rows, follows, strict=True):
        if not continues or not _joined_into(joined[-1], row):
            joined.append([list(piece) for piece in row])
    return joined


def _follows(above: Row, row: Row) -> bool:
    return all(not piece or _above(above, piece[0]) is not None for piece in row)


def _joined_into(row: Row, more: Row) -> bool:
    """Adds the pieces of a row to those of another one, if each has its place there."""
    places = [_above(row, piece[0]) if piece else None for piece in more]
    if any(place is None and piece for place, piece in zip(places, more, strict=True)):
        return False
    for place, piece in zip(places, more, strict=True):
        if place is not None:
            row[place].extend(piece)
    return True


def _above(row: Row, line: Line) -> int | None:
    """The piece of a row whose last line stands close above a line and begins where it begins."""
    for number, piece in enumerate(row):
        if piece:
            last, first = piece[-1], piece[0]
            near = abs(line.box[0] - first.box[0]) <= ALIGNED * line.height or (
                abs(line.box[0] - last.box[0]) <= ALIGNED * line.height
            )
            if near and -0.5 * line.height < line.box[1] - last.box[3] < TIGHT * line.height:
                return number
    return None


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    return split(lines, axis=0, least=GUTTER * median(line.height for line in lines))


def _is_running_text(column: Sequence[Line]) -> bool:
    """Whether lines fill their column like a paragraph: enough of them, and long."""
    extent = max(line.box[2] for line in column) - min(line.box[0] for line in column)
    long = [line for line in column if line.width >= COLUMN_FILL * extent]
    return len(column) >= 3 and len(long) * 2 >= len(column) and extent >= 8 * median(line.height for line in column)
