"""Where a page is set in columns: rows cut into regions, which are read one after the other."""

import math
import statistics
from collections import Counter
from itertools import pairwise

from kobunko.extract.pdf_pieces import Row

GUTTER = 1.2  # em; white space between columns of prose
_COLUMN_ROWS = 4  # lines that both columns must have
_COLUMN_FILL = 0.6  # how much of a column's width its lines fill where it holds prose and not cells
_COLUMN_CHARACTERS = 8
_COLUMN_DISTINCT = 0.7  # of the lines; those of a list repeat each other
_NOTE, _HEADING = 0.93, 1.2  # of the usual size of letters


def regions(rows: list[Row], em: float, known: float = math.inf) -> list[list[Row]]:
    """Rows in reading order, cut where columns begin and end; left columns before right ones.

    `known` is the gutter of columns above or below these rows.
    """
    found = _columns(rows, em, known)
    if found is None:
        return [rows] if rows else []
    first, last, gutter = found
    left = [side for row in rows[first:last] if (side := [piece for piece in row if piece.is_left_of(gutter)])]
    right = [side for row in rows[first:last] if (side := [piece for piece in row if not piece.is_left_of(gutter)])]
    return [
        *regions(rows[:first], em, gutter),
        *regions(left, em),
        *regions(right, em),
        *regions(rows[last:], em, gutter),
    ]


def _columns(rows: list[Row], em: float, known: float) -> tuple[int, int, float] | None:
    """The longest run of rows `[first:last]` with a gutter through all of them and prose on both sides."""
    gaps = Counter(
        round((a.inked + b.start) / 2 / em) * em
        for row in rows
        if len(row) > 1
        for a, b in pairwise(row)
        if b.start - a.inked >= GUTTER * em
    )
    best: tuple[int, int, float] | None = None
    for gutter in sorted(gap for gap, count in gaps.items() if count >= _COLUMN_ROWS / 2):
        left, right = gutter - em / 4, gutter + em / 4
        crossed = [index for index, row in enumerate(rows) if any(p.start < left and p.inked > right for p in row)]
        least = _COLUMN_ROWS if abs(gutter - known) > em else _COLUMN_ROWS / 2
        for first, index in pairwise([-1, *crossed, len(rows)]):
            longer = best is None or index - first - 1 > best[1] - best[0]
            if longer and _is_prose(rows[first + 1 : index], gutter, least):
                best = (first + 1, index, gutter)
    if best is None:
        return None
    first, last, gutter = _between_headings(rows, *best)
    while not rows[first][0].is_left_of(gutter):  # a running head on the right
        first += 1
    return first, _end_of_prose(rows, first, last, gutter), gutter


def _between_headings(rows: list[Row], first: int, last: int, gutter: float) -> tuple[int, int, float]:
    """The longest part between headings: rows of large print on the left that stand alone at their height, and part
    what stands above and below on both sides."""
    beside = [row[0].is_left_of(gutter) and not row[-1].is_left_of(gutter) for row in rows[first:last]]
    both = [first + index for index, found in enumerate(beside) if found]
    headings = []
    for above, below in pairwise(both):
        least = _HEADING * max(piece.size for piece in (*rows[above], *rows[below]))
        for index in range(above + 1, below):
            if all(piece.is_left_of(gutter) and piece.size >= least for piece in rows[index]):
                headings.append(index)
    before, behind = max(pairwise([first - 1, *headings, last]), key=lambda part: part[1] - part[0])
    return before + 1, behind, gutter


def _end_of_prose(rows: list[Row], first: int, last: int, gutter: float) -> int:
    """Where columns end: short notes below them, which do not reach over the gutter, are notes of both."""
    most = _NOTE * _size_of_columns(rows[first:last])
    while last > first and all(piece.is_left_of(gutter) and piece.size < most for piece in rows[last - 1]):
        last -= 1
    return last


def _size_of_columns(rows: list[Row]) -> float:
    """The size of letters of lines beside each other."""
    return statistics.median([piece.size for row in rows if len(row) > 1 for piece in row])


def _is_prose(rows: list[Row], gutter: float, least: float) -> bool:
    """Whether on both sides of the gutter stand lines that fill their column, as cells of a table do not."""
    for side in (
        [left[-1] for row in rows if (left := [p for p in row if p.is_left_of(gutter)])],
        [right[0] for row in rows if (right := [p for p in row if not p.is_left_of(gutter)])],
    ):
        if len(side) < least:
            return False
        width = max(p.end for p in side) - min(p.start for p in side)
        if statistics.median(p.end - p.start for p in side) < _COLUMN_FILL * width:
            return False
        if statistics.median(len(p.text) for p in side) < _COLUMN_CHARACTERS:
            return False
        if len({p.text for p in side}) < _COLUMN_DISTINCT * len(side):
            return False
    return True
