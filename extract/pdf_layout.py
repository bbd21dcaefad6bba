"""Reading order of a page's text, horizontal or vertical, by one set of rules.

A vertical page is a horizontal one turned by a quarter: its lines run down and follow each other from right to left,
and what columns are to horizontal text, tiers (段) are to vertical text. So pieces of text are put into reading
coordinates first (`start`–`end` along the line, `top`–`bottom` across the lines), and ordered once.
"""

import math
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from kobunko.extract.pdf_columns import GUTTER, regions
from kobunko.extract.pdf_paragraphs import goes_on_beside, joint_of, paragraphs
from kobunko.extract.pdf_pieces import Flow, Piece, Printed, Row, flow_text, usual_size

_MERGE = 0.8  # em; a wider gap in a line is white space that was set on purpose
_TAB = 2.0  # em; a wider one parts cells or columns
_ALIKE = 0.8  # of the larger one: sizes of the letters of two lines


def reading_flow(pieces: Iterable[Piece], ends: Container[int] = (), room: float = math.inf) -> Flow:
    """Pieces in reading order, one printed line a line unless a paragraph safely goes on.

    What belongs to one paragraph has one `block`; blocks are numbered from 0. `ends` are where the lines of the whole
    document end (points), which tell a full line on a page with few lines; `room` is the width of a cell, which does
    so in a table.
    """
    solid = [piece for piece in pieces if piece.text.strip()]
    if not solid:
        return []
    em = usual_size(solid) or 1.0
    rows = [_merged(row, GUTTER * em, em) for row in _rows(solid)]
    flow: Flow = []
    block = -1
    before: list[Row] = []
    last = solid[0]
    for region in ([_merged(row, _TAB * em, em) for row in region] for region in regions(rows, em)):
        lines = paragraphs(region, em, ends, room)
        if before and goes_on_beside(before, region, em):
            lines[0] = (joint_of(before[-1][-1].text.rstrip(), region[0][0].text), region[0])
        before = region
        for joint, row in lines:
            block += joint == "\n"
            if joint == "-":
                flow[-1] = _without_hyphen(flow[-1])
            if flow:
                flow.append(joint.strip("-") + _between(last, row[0]))
            flow += _row_flow(row, block)
            last = row[-1]
    return [item for item in flow if item]


def _without_hyphen(item: str | Printed) -> str | Printed:
    return item.removesuffix("-") if isinstance(item, str) else item._replace(text=item.text.removesuffix("-"))


def _between(one: Piece, other: Piece) -> str:
    """What keeps two tables apart."""
    return "\n" if one.is_table and other.is_table else ""


def _row_flow(row: Row, block: int) -> Flow:
    flow: Flow = [_in_block(item, block) for item in _trimmed(row[0].flow)]
    for before, piece in pairwise(row):
        flow.append(("\n" if any(piece.is_table for piece in row) else "\t") + _between(before, piece))
        flow += [_in_block(item, block) for item in _trimmed(piece.flow)]
    return flow


def _in_block(item: str | Printed, block: int) -> str | Printed:
    """Cells of a table have blocks of their own, which are negative."""
    if isinstance(item, str) or item.block < 0:
        return item
    return Printed(item.text, item.place, block, item.kind, item.size)


def _trimmed(flow: Sequence[str | Printed]) -> Flow:
    """Without blanks at its ends, but with the full-width one of an indent."""
    items = list(flow)
    first = items[0]
    if isinstance(first, Printed) and first.text[:1] == " ":
        items[0] = first._replace(text=first.text.lstrip(" "))
    last = items[-1]
    if isinstance(last, Printed) and last.text[-1:].isspace():
        items[-1] = last._replace(text=last.text.rstrip())
    return items


def _rows(pieces: list[Piece]) -> list[Row]:
    """Pieces that stand on one line, by where their middles lie."""
    rows: list[Row] = []
    tallest = pieces[0]  # of the last row
    for piece in sorted(pieces, key=lambda piece: (piece.middle, piece.start)):
        if rows and _side_by_side(tallest, piece) and not _stands_over(rows[-1], piece):
            rows[-1].append(piece)
            if piece.bottom - piece.top <= tallest.bottom - tallest.top:
                continue
        else:
            rows.append([piece])
        tallest = piece
    return [sorted(row, key=lambda piece: piece.start) if len(row) > 1 else row for row in rows]


def _side_by_side(one: Piece, other: Piece) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return overlap > 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def _stands_over(row: Row, piece: Piece) -> bool:
    """Whether one of a row stands over a piece, as narrow lines do whose letters reach into each other."""
    start, end = piece.start, piece.end
    return any(_covers(other, piece) for other in row if other.start < end and start < other.end)


def _covers(one: Piece, other: Piece) -> bool:
    """Smaller letters that reach into the others of a line are marks within it."""
    alike = min(one.size, other.size) > _ALIKE * max(one.size, other.size)
    return alike and min(one.end, other.end) - max(one.start, other.start) > 0.5 * min(one.size, other.size)


def _merged(row: Row, nearer: float, em: float) -> Row:
    """Neighbours that are nearer to each other than that (points) become one piece."""
    if len(row) == 1:
        return row
    runs = [[row[0]]]
    end = row[0].inked
    for piece in row[1:]:
        if piece.start - end < nearer and not piece.is_table and not runs[-1][-1].is_table:
            runs[-1].append(piece)
            end = max(end, piece.inked)
        else:
            runs.append([piece])
            end = piece.inked
    return [_as_one(run, em) for run in runs]


def _as_one(run: Row, em: float) -> Piece:
    """Pieces as one, with what stands for the gaps between them."""
    first = run[0]
    if len(run) == 1:
        return first
    flow, end = list(first.flow), first.end
    for before, piece in pairwise(run):
        flow += [_gap_text(before.text, piece.text, (piece.start - end) / em), *piece.flow]
        end = max(end, piece.end)
    top, bottom = min([piece.top for piece in run]), max([piece.bottom for piece in run])
    size = max(run, key=lambda piece: len(piece.text)).size
    return Piece(first.start, end, top, bottom, size, flow_text(flow), tuple(flow))


def _gap_text(before: str, after: str, gap: float) -> str:
    if gap >= _MERGE:
        return "　"
    words = before[-1:].isascii() and after[:1].isascii() and before[-1:] != " " and after[:1] != " "
    return " " if gap > 0.2 and words else ""
