"""Boxes side by side, as posters, diagrams and slides have them: the text of each is read by itself.

A box counts where another one stands beside it. What a table's rules draw is no box.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from kobunko.extract.pdf_pieces import Box, Flow, Piece, Printed, flow_text

_SMALLEST = 20.0  # points
_LARGEST = 0.7  # of the page's width or height
_MOST = 200  # boxes of a page; more are the pattern of a drawing
_WHITE = 0.999
_WITHIN, _WITHOUT = 0.8, 0.2  # of a line's length within a box to which it belongs, and does not
_LINES = 4  # of text in a box; cells of tables without rules, which are shaded like boxes, have fewer
_APART, _LARGE = 3, 40.0  # boxes of a diagram at least; points
_SHADOW = 4.0  # points between a box and its shadow
_BLOCKS = -1_000_000_000  # blocks of boxes are numbered down from here, those of tables above it


def panels_of(drawings: Iterable[dict[str, Any]], frame: Box) -> list[Box]:
    """Boxes that are filled or framed, without their shadows, and white ones that lie over them; the smallest first."""
    width, height = frame[2] - frame[0], frame[3] - frame[1]
    boxes: list[Box] = []
    for path in drawings:
        x0, y0, x1, y1 = box = path["rect"]
        fits = _SMALLEST <= x1 - x0 <= _LARGEST * width and _SMALLEST <= y1 - y0 <= _LARGEST * height
        if fits and _is_box(path, boxes) and not any(_is_near(box, other) for other in boxes):
            boxes.append(box)
            if len(boxes) > _MOST:
                return []
    return sorted(boxes, key=_area)


def paneled(pieces: Sequence[Piece], panels: Sequence[Box], read: Callable[[Sequence[Piece]], Flow]) -> list[Piece]:
    """Pieces of a page, those in boxes that stand side by side put together to one piece for each box."""
    filled = [panel for panel in panels if _height(_members(pieces, panel)) >= _LINES]
    around = {panel: next((box for box in panels if box != panel and _contains(box, panel)), None) for panel in filled}
    level = {a for a in filled for b in filled if around[a] == around[b] and _is_beside(a, b)}
    chosen = [panel for panel in filled if panel in level or any(_crosses(panel, other) for other in level)]
    rest = list(pieces)
    for number, panel in enumerate(chosen):
        members = _members(rest, panel)
        if len(members) > 1:
            taken = {id(piece) for piece in members}
            flow = list(_numbered(read(members), _BLOCKS * (number + 1)))
            size = members[0].size
            joined = Piece(panel[0], panel[2], panel[1], panel[1] + size, size, flow_text(flow), tuple(flow))
            rest = [piece for piece in rest if id(piece) not in taken] + [joined]
    return rest


def is_diagram(place: Box, panels: Sequence[Box]) -> bool:
    """Whether rules within these borders are the sides of boxes that stand apart, and the lines between them."""
    large = [box for box in panels if _contains(place, box) and min(box[2] - box[0], box[3] - box[1]) >= _LARGE]
    return len(large) >= _APART and not any(_touch(one, other) for one, other in combinations(large, 2))


def _touch(one: Box, other: Box) -> bool:
    gaps = other[0] - one[2], one[0] - other[2], other[1] - one[3], one[1] - other[3]
    return max(gaps) < _SHADOW


def _is_box(path: dict[str, Any], before: Sequence[Box]) -> bool:
    """Whether a path is a rectangle that can be seen on those that were drawn before it."""
    if [item[0] for item in path["items"]] != ["re"]:
        return False
    if "s" in path["type"] or min(path.get("fill") or (1.0,)) < _WHITE:
        return True
    return any(_crosses(path["rect"], other) for other in before)


def _is_near(box: Box, other: Box) -> bool:
    return all(abs(a - b) <= _SHADOW for a, b in zip(box, other, strict=True))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _contains(box: Box, other: Box) -> bool:
    x0, y0, x1, y1 = other
    return box[0] - _SHADOW <= x0 and box[1] - _SHADOW <= y0 and x1 <= box[2] + _SHADOW and y1 <= box[3] + _SHADOW


def _crosses(box: Box, other: Box) -> bool:
    apart = box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
    return not (apart or _contains(box, other) or _contains(other, box))


def _members(pieces: Iterable[Piece], panel: Box) -> list[Piece]:
    """The pieces in a box; none where some lie across its sides, as behind a frame around part of a text."""
    found = []
    for piece in pieces:
        if panel[1] <= piece.middle <= panel[3]:
            inside = (min(piece.end, panel[2]) - max(piece.start, panel[0])) / max(piece.end - piece.start, 1.0)
            if inside >= _WITHIN:
                found.append(piece)
            elif inside > _WITHOUT:
                return []
    return found


def _height(pieces: Sequence[Piece]) -> int:
    """How many lines pieces stand in."""
    middles = sorted(piece.middle for piece in pieces)
    return bool(pieces) + sum(b - a > pieces[0].size / 2 for a, b in pairwise(middles))


def _is_beside(panel: Box, other: Box) -> bool:
    apart = other[0] >= panel[2] - _SHADOW or other[2] <= panel[0] + _SHADOW
    return apart and other[1] < panel[3] and panel[1] < other[3]


def _numbered(flow: Flow, first: int) -> Iterator[str | Printed]:
    """A flow whose blocks are none of the page around it."""
    for item in flow:
        yield item if isinstance(item, str) or item.block < 0 else item._replace(block=first - item.block)
