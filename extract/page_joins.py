"""What stands between the texts of two pages: nothing where a sentence goes on, else an empty line.

Most pages of prose end within a sentence. It goes on where the last line of the text is a full one, the first of the
next page stands where it would go on, and the words fit: the rules by which lines of one page are joined.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from kobunko.extract.pdf_paragraphs import in_place, joint_of
from kobunko.extract.pdf_pieces import Piece, Row
from kobunko.records import Line, Page

SEPARATOR = "\n\n"
_LEAST = 15  # characters of a line of prose
_FULL = 1.3  # em; a line that ends this near to where others end is a full one
_SAME = 0.3  # em between ends that are the same
_REACH = 0.8  # of the longest line: what full lines have
_INDENT = 0.5  # em
_ALIKE = 0.8  # of the larger one: the thickness of both lines


def between(before: Page, after: Page) -> str:
    """What joins two pages that follow each other and have text."""
    if before.writing != after.writing or before.part != after.part:
        return SEPARATOR
    last, first = _row(before, -1), _row(after, 0)
    if not last or not first or min(last[-1].size, first[0].size) < _ALIKE * max(last[-1].size, first[0].size):
        return SEPARATOR
    length = sum(len(piece.text) for piece in last)
    em = (last[-1].end - last[0].start) / length
    if length < _LEAST or last[-1].end < edge(_pieces(before), em) - _FULL * em:
        return SEPARATOR
    flush = first[0].start - min(piece.start for piece in _pieces(after)) < _INDENT * em
    words = joint_of(last[-1].text.rstrip(), first[0].text)
    return words if words in ("", " ") and (flush or in_place(last, first[0], em)) else SEPARATOR


def _row(page: Page, place: int) -> Row:
    """The first or the last printed line of a page if it is of the running text."""
    lines = sorted((line for line in page.lines if line.start < line.end), key=lambda line: line.start)
    if not lines or page.writing not in ("horizontal", "vertical"):
        return []
    chosen = lines[place]
    at_edge = chosen.start == 0 if place == 0 else chosen.end == len(page.text)
    beside = [
        line
        for line in lines
        if line.block == chosen.block and _side_by_side(piece_of(page, line), piece_of(page, chosen))
    ]
    return [piece_of(page, line) for line in beside] if at_edge and chosen.kind == "text" else []


def _side_by_side(one: Piece, other: Piece) -> bool:
    return min(one.bottom, other.bottom) - max(one.top, other.top) > 0.5 * min(one.size, other.size)


def _pieces(page: Page) -> Row:
    return [piece_of(page, line) for line in page.lines if line.start < line.end and line.kind == "text"]


def piece_of(page: Page, line: Line) -> Piece:
    """A line in reading coordinates, in fractions of the page; its size is its thickness."""
    upright, turned = (line.x0, line.x1, line.y0, line.y1), (line.y0, line.y1, line.x0, line.x1)
    start, end, top, bottom = turned if page.writing == "vertical" else upright
    return Piece(start, end, top, bottom, bottom - top, page.text[line.start : line.end], ())


def edge(pieces: Sequence[Piece], em: float) -> float:
    """Where full lines end: the furthest end that two lines share, since one alone may hang over; else beyond all.

    Where that is far from the longest line no line is a full one.
    """
    ends = sorted((piece.end for piece in pieces), reverse=True)
    found = next((one for one, other in pairwise(ends) if one - other < _SAME * em), 0.0)
    start = min(piece.start for piece in pieces)
    return found if found - start > _REACH * (ends[0] - start) else math.inf
