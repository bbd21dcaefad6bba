"""Reading order of recognised lines: from boxes on a page to text as a person would read it aloud.

Horizontal pages are read in rows from the top, column by column where there are columns of running text. Vertical
pages are read in tiers (段) from the top, each in columns from right to left. A spread of two pages is split at its
gutter, right page first when the writing is vertical. Both are an XY-cut: the region is cut at empty bands that cross
it, and the pieces are read in the order that the writing asks for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from kobunko.ocr.engine import Line

TALL = 1.4  # height to width from which a box of several characters is a vertical line
MINORITY = 0.2  # share of characters in the other direction that makes a page mixed
COLUMN_FILL = 0.55  # of a column's width that a typical line of running text fills; cells of a table are shorter
SPREAD = 1.15  # width to height of an image that may show two pages
GUTTER = 0.1  # of the width around the middle where the gutter of a spread is looked for
CELL = "\t"  # between pieces of one visual row


@dataclass(frozen=True, slots=True)
class Ordered:
    """Lines in reading order; `text` has one line of text per row or column."""

    lines: list[Line]
    text: str
    writing: str  # horizontal · vertical · mixed · none


def read_in_order(lines: Sequence[Line], width: int, height: int) -> Ordered:
    """Orders the lines of a page image of this size, in pixels. Independent of the order in which they come."""
    if not lines:
        return Ordered([], "", "none")
    lines = sorted(lines, key=lambda line: (line.box, line.text))
    vertical = _vertical_share(lines)
    rows = _pages(lines, width, height, _vertical if vertical > 0.5 else _horizontal, right_first=vertical > 0.5)
    separator = "" if vertical > 0.5 else CELL
    text = "\n".join(separator.join(line.text for line in row) for row in rows)
    writing = "mixed" if MINORITY < vertical < 1 - MINORITY else "vertical" if vertical > 0.5 else "horizontal"
    return Ordered([line for row in rows for line in row], text, writing)


Rows = list[list[Line]]


def _vertical_share(lines: Sequence[Line]) -> float:
    """Share of characters in tall boxes, among boxes of several characters."""
    several = [line for line in lines if len(line.text) > 1] or list(lines)
    tall = sum(len(line.text) for line in several if _height(line) > TALL * _width(line))
    return tall / sum(len(line.text) for line in several)


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
    thickness = median(min(_width(line), _height(line)) for line in lines)
    bands = _split(lines, axis=1, least=0.6 * thickness)
    if len(bands) > 1:
        return [row for band in bands for row in _vertical(band)]
    columns = _stack(lines, axis=0)
    return [sorted(column, key=lambda line: line.box[1]) for column in reversed(columns)]


def _horizontal(lines: Sequence[Line]) -> Rows:
    """Blocks from the top: one of several columns of running text column by column, any other in rows."""
    thickness = median(_height(line) for line in lines)
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
    if len(columns) > 1 and all(_is_running_text(column) for column in columns):
        return [row for column in columns for row in _horizontal(column)]
    return [sorted(row, key=lambda line: line.box[0]) for row in _stack(block, axis=1)]


def _columns(lines: Sequence[Line]) -> Rows:
    return _split(lines, axis=0, least=1.2 * median(_height(line) for line in lines))


def _is_running_text(column: Sequence[Line]) -> bool:
    """Whether lines fill their column like a paragraph: enough of them, and long."""
    extent = max(line.box[2] for line in column) - min(line.box[0] for line in column)
    long = [line for line in column if _width(line) >= COLUMN_FILL * extent]
    return len(column) >= 3 and len(long) * 2 >= len(column) and extent >= 8 * median(_height(line) for line in column)


def _stack(lines: Sequence[Line], axis: int) -> Rows:
    """Groups lines whose extents along an axis overlap by more than half of the thinner one: rows (1), columns (0)."""
    groups: Rows = []
    for line in sorted(lines, key=lambda line: (line.box[axis] + line.box[axis + 2], line.box)):
        low, high = line.box[axis], line.box[axis + 2]
        for group in groups[-3:]:
            first = group[0].box
            overlap = min(high, first[axis + 2]) - max(low, first[axis])
            if overlap > 0.5 * min(high - low, first[axis + 2] - first[axis]):
                group.append(line)
                break
        else:
            groups.append([line])
    return groups


def _split(lines: Sequence[Line], axis: int, least: float) -> Rows:
    """Cuts a region at every empty band across it that is at least so wide, in order along the axis."""
    cuts = [_centre(gap) for gap in _gaps(lines, axis) if gap[1] - gap[0] >= least]
    pieces: Rows = [[] for _ in range(len(cuts) + 1)]
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


def _width(line: Line) -> float:
    return max(1.0, line.box[2] - line.box[0])


def _height(line: Line) -> float:
    return max(1.0, line.box[3] - line.box[1])
