"""Ruled tables of a PDF page: the grid that the rules draw, and which cell a point lies in.

Rules are the only evidence that is used: a table without rules is read row by row like any other text.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

_NEAR = 2.5  # points; rules closer than this are one
_THIN = 3.0  # points; a filled rectangle not thicker than this is a rule
_SHORTEST = 5.0  # points
_DASH = 4.0  # points between the pieces of one rule
_SLIT = 8.0  # points
_MOST_SIDES = 12  # of a shape that is a rule or a frame
_OPEN = 3  # rules that reach beyond the last one that they cross, where a table is open
_SIDE_ROWS = 4  # borders of a column that belongs to the table beside it
_BOX_ROWS, _BOX_WIDTH, _BOX_ROW = 3, 200.0, 60.0  # borders and points of a box that holds a title and a number
_DRAWING = 0.5  # of the area of a grid; in forms what surrounds a corner box has up to 0.41
_MEETS = 1.0  # points between the end of a rule and the border where it ends
_BELOW = 0.35  # of a line's height, in which its underline may lie above and below its end
_MOST_RULES = 4000  # a page with more is a map or a drawing

Floats = npt.NDArray[np.float64]
# A rule as (position, from, to): y, x0, x1 of a horizontal one; x, y0, y1 of a vertical one.
Rule = tuple[float, float, float]
Edge = tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """A table: where its columns and rows begin and end, and for each elementary cell the number of its merged cell.

    `gaps` are columns without a rule above and below, as between a table and the column that stands beside it.
    """

    xs: list[float]
    ys: list[float]
    cells: list[list[int]]  # [row][column]
    gaps: frozenset[int] = frozenset()

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    def cell_at(self, x: float, y: float) -> int | None:
        column, row = bisect_right(self.xs, x) - 1, bisect_right(self.ys, y) - 1
        inside = 0 <= column < len(self.xs) - 1 and 0 <= row < len(self.ys) - 1
        return self.cells[row][column] if inside else None

    @cached_property
    def origins(self) -> dict[int, tuple[int, int]]:
        """Row and column in which each merged cell begins."""
        found: dict[int, tuple[int, int]] = {}
        for row, numbers in enumerate(self.cells):
            for column, number in enumerate(numbers):
                found.setdefault(number, (row, column))
        return found

    @cached_property
    def ends(self) -> dict[int, tuple[int, int]]:
        """Row and column in which each merged cell ends."""
        places = [(number, (r, c)) for r, numbers in enumerate(self.cells) for c, number in enumerate(numbers)]
        return dict(places)

    def width(self, number: int) -> float:
        """Points from side to side of a merged cell."""
        return self.xs[self.ends[number][1] + 1] - self.xs[self.origins[number][1]]

    def kept_columns(self, texts: Mapping[int, str]) -> list[int]:
        """Columns in which a cell begins, without empty slits between double rules and gaps between parts."""
        begun = {column for _, column in self.origins.values()}
        filled = {self.origins[number][1] for number, text in texts.items() if text}
        return [c for c in sorted(begun - self.gaps | filled) if c in filled or self.xs[c + 1] - self.xs[c] >= _SLIT]


@dataclass(frozen=True)
class Rules:
    """Rules as the file draws them."""

    across: list[Rule]
    down: list[Rule]


def rules_of(drawings: Iterable[dict[str, Any]]) -> Rules | None:
    """The rules among a page's drawings; None where they are none or too many for a table."""
    across: list[Rule] = []
    down: list[Rule] = []
    for path in drawings:
        for x0, y0, x1, y1 in _edges(path):
            if abs(y1 - y0) < _THIN and abs(x1 - x0) >= abs(y1 - y0):
                across.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
            elif abs(x1 - x0) < _THIN:
                down.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
    rules = Rules(_lengthened(across), _lengthened(down))
    return rules if rules.across and rules.down and len(rules.across) + len(rules.down) <= _MOST_RULES else None


def without_underlines(rules: Rules, texts: Iterable[Edge]) -> Rules:
    """The rules but those just below one of these boxes of text, from its first letter to its last and no border."""
    x0, y0, x1, y1 = np.array(list(texts)).reshape(-1, 4).T
    x = np.array([rule[0] for rule in rules.down])
    margin = _BELOW * (y1 - y0)

    def underlines(rule: Rule) -> bool:  # one by one: a page may have very many texts
        y, start, end = rule
        under = (abs(y - y1) < margin) & (abs(start - x0) < _NEAR) & (abs(end - x1) < _NEAR)
        return bool(under.any()) and not (abs(end - x) < _MEETS).any()

    return Rules([rule for rule in rules.across if not underlines(rule)], rules.down)


def turned_rules(rules: Rules, turn: int) -> Rules:
    """The same after `turn` quarter turns of the page."""
    for _ in range(turn):
        rules = Rules([(-x, y0, y1) for x, y0, y1 in rules.down], [(y, -x1, -x0) for y, x0, x1 in rules.across])
    return rules


def grids(rules: Rules) -> list[Grid]:
    """Grids of at least two rows and two columns, and small boxes of one column beside them, from the top down."""
    parts = _with_side_columns(list(_connected(rules.across, rules.down)))
    found = [grid for part in parts if (grid := _grid(part))]
    return sorted(found, key=lambda grid: (grid.ys[0], grid.xs[0]))


def _lengthened(rules: list[Rule]) -> list[Rule]:
    """Rules with their pieces put together: dashes, and borders that were drawn cell by cell."""
    whole: list[Rule] = []
    for position, start, end in sorted(rules, key=lambda rule: (round(rule[0]), rule[1])):
        if whole and abs(whole[-1][0] - position) < 1 and whole[-1][1] <= start <= whole[-1][2] + _DASH:
            whole[-1] = (whole[-1][0], whole[-1][1], max(whole[-1][2], end))
        else:
            whole.append((position, start, end))
    return [rule for rule in whole if rule[2] - rule[1] >= _SHORTEST]


def _edges(path: dict[str, Any]) -> Iterator[Edge]:
    """Lines and thin shapes of a drawing; the outline of a shape that is only filled is a rule where it is narrow."""
    stroked = "s" in path["type"]
    lines = [(*item[1], *item[2]) for item in path["items"] if item[0] == "l"]
    yield from lines if stroked else _sides_of_rules(lines)
    for kind, *shape in path["items"]:
        if kind == "re":
            x0, y0, x1, y1 = shape[0]
            if _is_thin(shape[0]):
                yield x0, y0, x1, y1
            elif stroked:
                yield from ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1))


def _sides_of_rules(outline: Sequence[Edge]) -> Iterator[Edge]:
    """Lines of an outline that have another right beside them, as the two sides of a rule."""
    if len(outline) <= _MOST_SIDES:
        for line in outline:
            if any(_is_beside(line, other) for other in outline if other is not line):
                yield line


def _is_beside(line: Edge, other: Edge) -> bool:
    for across, along in ((0, 1), (1, 0)):
        position, place = line[across], other[across]
        straight = line[across] == line[across + 2] and other[across] == other[across + 2]
        if straight and 0 < abs(position - place) < _THIN:
            low, high = sorted((line[along], line[along + 2]))
            first, last = sorted((other[along], other[along + 2]))
            return min(high, last) - max(low, first) > 0.5 * (high - low)
    return False


def _is_thin(box: Sequence[float]) -> bool:
    return min(abs(box[2] - box[0]), abs(box[3] - box[1])) < _THIN


def _connected(across: list[Rule], down: list[Rule]) -> Iterator[Rules]:
    """Rules that touch each other belong to one table."""
    h, v = np.array(across), np.array(down)
    touch = (
        (v[None, :, 0] >= h[:, 1, None] - _NEAR)
        & (v[None, :, 0] <= h[:, 2, None] + _NEAR)
        & (h[:, 0, None] >= v[None, :, 1] - _NEAR)
        & (h[:, 0, None] <= v[None, :, 2] + _NEAR)
    )
    rows, columns = np.nonzero(touch)
    size = len(h) + len(v)
    graph = csr_matrix((np.ones(len(rows)), (rows, columns + len(h))), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    for label in range(count):
        yield Rules(
            [rule for rule, mine in zip(across, labels[: len(h)], strict=True) if mine == label],
            [rule for rule, mine in zip(down, labels[len(h) :], strict=True) if mine == label],
        )


def _with_side_columns(parts: list[Rules]) -> list[Rules]:
    """Parts, those of a single column put to the table beside them whose rows they have, or small boxes of their own
    that begin and end where that table does."""
    tables: list[Rules] = []
    columns: list[Rules] = []
    for part in parts:
        (tables if len(_borders_of(part.down, part.across)) > 2 else columns).append(part)
    boxes: list[Rules] = []
    for column in columns:
        ys = _borders_of(column.across, column.down)
        level = [number for number, table in enumerate(tables) if len(ys) >= _BOX_ROWS and _is_level(table, ys)]
        beside = [number for number in level if len(ys) >= _SIDE_ROWS and _has_rows(tables[number], ys)]
        if beside:
            table = tables[beside[0]]
            tables[beside[0]] = Rules(table.across + column.across, table.down + column.down)
        elif level and _is_small(column, ys):
            boxes.append(column)
    return tables + boxes


def _is_level(table: Rules, ys: list[float]) -> bool:
    """Whether a table begins and ends where these borders do."""
    own = _borders_of(table.across, table.down)
    return bool(own) and abs(own[0] - ys[0]) <= _NEAR and abs(own[-1] - ys[-1]) <= _NEAR


def _is_small(column: Rules, ys: list[float]) -> bool:
    xs = _borders_of(column.down, column.across)
    return len(xs) == 2 and xs[1] - xs[0] <= _BOX_WIDTH and max(b - a for a, b in pairwise(ys)) <= _BOX_ROW


def _has_rows(table: Rules, ys: list[float]) -> bool:
    """Whether a table has all of these borders."""
    own = _borders_of(table.across, table.down)
    return all(any(abs(y - border) <= _NEAR for border in own) for y in ys)


def _grid(rules: Rules) -> Grid | None:
    """The grid of connected rules."""
    across, down = rules.across, rules.down
    xs, ys = _borders_of(down, across), _borders_of(across, down)
    if len(xs) < 2 or len(ys) < 3:
        return None
    height, width = len(ys) - 1, len(xs) - 1
    right = _borders(down, xs[1:-1], ys)  # [inner x][row]
    below = _borders(across, ys[1:-1], xs)  # [inner y][column]
    number = np.arange(height * width).reshape(height, width)
    joined = [(number[r, c], number[r, c + 1]) for c in range(width - 1) for r in range(height) if not right[c, r]]
    joined += [(number[r, c], number[r + 1, c]) for r in range(height - 1) for c in range(width) if not below[r, c]]
    pairs = np.array(joined).reshape(-1, 2)
    graph = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(number.size, number.size))
    _, labels = connected_components(graph, directed=False)
    cells = labels.reshape(height, width)
    if _is_drawing(cells, xs, ys):
        return None
    top, bottom = _borders(across, [ys[0], ys[-1]], xs)
    gaps = frozenset(c for c in range(width) if not (top[c] or bottom[c]) and cells[0, c] == cells[-1, c])
    return Grid(xs, ys, cells.tolist(), gaps)


def _is_drawing(cells: npt.NDArray[np.int32], xs: list[float], ys: list[float]) -> bool:
    """Whether most of the grid is no rectangle, as what lies between the boxes of a diagram and their connectors."""
    areas = np.outer(np.diff(ys), np.diff(xs))
    odd = 0.0
    for number, place in enumerate(ndimage.find_objects(cells + 1)):
        inside = cells[place] == number
        if not inside.all():
            odd += areas[place][inside].sum()
    return odd > _DRAWING * float(areas.sum())


def _borders_of(rules: list[Rule], crossing: list[Rule]) -> list[float]:
    """Where the rules of a table lie, and the ends of those that cross them where it is open at a side.

    One or two that reach too far do not make it so: some programs draw the corners of a frame as crosses.
    """
    if not rules or not crossing:
        return []
    places = [rule[0] for rule in rules]
    least = min(_OPEN, len(crossing))
    before = [rule[1] for rule in crossing if rule[1] < min(places) - _NEAR]
    behind = [rule[2] for rule in crossing if rule[2] > max(places) + _NEAR]
    if len(before) >= least:
        places.append(min(before))
    if len(behind) >= least:
        places.append(max(behind))
    return _positions(places)


def _positions(values: list[float]) -> list[float]:
    merged: list[float] = []
    for value in sorted(values):
        if not merged or value - merged[-1] > _NEAR:
            merged.append(value)
    return merged


def _borders(rules: list[Rule], lines: list[float], steps: list[float]) -> npt.NDArray[np.bool_]:
    """For each inner line and each step along it, whether a rule lies there."""
    found = np.zeros((len(lines), len(steps) - 1), dtype=bool)
    middles: Floats = (np.array(steps[1:]) + np.array(steps[:-1])) / 2
    for position, start, end in rules:
        covered = (middles > start - _NEAR) & (middles < end + _NEAR)
        for index, line in enumerate(lines):
            if abs(position - line) <= _NEAR:
                found[index] |= covered
    return found
