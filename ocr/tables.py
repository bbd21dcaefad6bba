"""Ruled tables: which lines of text stand in which cell, and the cells row by row.

A cell is read as a whole, because its lines belong together. Where a table has rules only between its columns, one
"cell" holds many rows: they are seen by their lines standing level with those of the neighbours, and read across.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from kobunko.ocr.horizontal import with_continuations
from kobunko.ocr.lines import Box, Line, Row, around, stack

TOUCH = 15  # pixels between the boxes of neighbouring cells: a rule's thickness, thickened
FEWEST = 4  # cells that make a table
LEVEL = 3  # rows of text that several cells of a row share, from which they are read across
MOSTLY = 0.4  # of a line that lies in a cell when it belongs there; the recogniser may read two cells as one line
FULL = 0.7  # of its cell's width that a line of running text fills

Content = Mapping[Box, list[Line]]


@dataclass(frozen=True, slots=True)
class Span:
    """A merged cell: where it begins in the table's rows and how far it reaches."""

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length, whose cells are lists of lines; a merged cell stands in one of its places."""

    box: Box
    rows: list[Row]
    merged: list[Span]

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for piece in row for line in piece]


@dataclass(frozen=True, slots=True)
class _Cell:
    box: Box
    row: int
    column: int
    rows: int
    columns: int


def find_tables(lines: Sequence[Line], cells: Sequence[Box]) -> list[Table]:
    """The tables that hold text, from the top."""
    content: dict[Box, list[Line]] = {cell: [] for cell in cells}
    for line in lines:
        owner = max(cells, key=lambda cell: (_shared(cell, line), cell), default=None)
        if owner is not None and _shared(owner, line) >= MOSTLY * line.width * line.height:
            content[owner].append(line)
    tables = []
    for group in _touching(sorted(content, key=lambda cell: (cell[1], cell[0]))):
        grid = _grid(group)
        rows, columns = 1 + max(cell.row for cell in grid), 1 + max(cell.column for cell in grid)
        if len(group) >= FEWEST and min(rows, columns) > 1 and any(content[cell] for cell in group):
            tables.append(_table(grid, rows, content))
    return sorted(tables, key=lambda table: (table.box[1], table.box[0]))


def _shared(cell: Box, line: Line) -> float:
    """Square pixels of a line that lie in a cell."""
    wide, high = (min(cell[axis + 2], line.box[axis + 2]) - max(cell[axis], line.box[axis]) for axis in (0, 1))
    return max(0.0, wide) * max(0.0, high)


def _touching(cells: Sequence[Box]) -> list[list[Box]]:
    """Groups of cells that lie beside each other, directly or through others."""
    groups: list[list[Box]] = []
    for cell in cells:
        near = [group for group in groups if any(_touch(cell, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([other for group in near for other in group] + [cell])
    return groups


def _touch(one: Box, two: Box) -> bool:
    return all(one[axis] - TOUCH <= two[axis + 2] and two[axis] - TOUCH <= one[axis + 2] for axis in (0, 1))


def _grid(cells: Sequence[Box]) -> list[_Cell]:
    """Cells by row and column, counted by their left and upper edges."""
    lefts, tops = _edges(cell[0] for cell in cells), _edges(cell[1] for cell in cells)
    found = []
    for cell in sorted(cells, key=lambda cell: (cell[1], cell[0])):
        row, rows = _reach(tops, cell[1], cell[3])
        column, columns = _reach(lefts, cell[0], cell[2])
        found.append(_Cell(cell, row, column, rows, columns))
    return found


def _reach(edges: Sequence[float], start: float, end: float) -> tuple[int, int]:
    """Which edge a cell begins at, and how many of them lie in it."""
    first = min(range(len(edges)), key=lambda number: abs(edges[number] - start))
    return first, 1 + sum(edges[first] < edge < end - TOUCH for edge in edges)


def _edges(values: Iterable[float]) -> list[float]:
    """One place for edges that lie within a rule's thickness of each other, in order."""
    merged: list[float] = []
    last = float("-inf")
    for value in sorted(values):
        if value - last > TOUCH:
            merged.append(value)
        last = value
    return merged


def _table(grid: Sequence[_Cell], height: int, content: Content) -> Table:
    """Reads the grid row by row; rows of cells that share rows of text become as many rows."""
    width = 1 + max(cell.column for cell in grid)
    rows: list[Row] = []
    begins: list[int] = []
    for number in range(height):
        here = [cell for cell in grid if _place(cell, grid) == number]
        begins.append(len(rows))
        rows += [
            [next((texts[cell] for cell in here if cell.column == column), []) for column in range(width)]
            for texts in _read(here, content)
        ]
    begins.append(len(rows))
    spans = [_span(cell, begins) for cell in grid if cell.rows > 1 or cell.columns > 1]
    kept = [column for column in range(width) if any(row[column] for row in rows)]
    filled = [number for number, row in enumerate(rows) if any(row)]
    return Table(
        around([cell.box for cell in grid]),
        [[rows[number][column] for column in kept] for number in filled],
        [found for span in spans if (found := _kept(span, filled, kept)) is not None],
    )


def _place(cell: _Cell, grid: Sequence[_Cell]) -> int:
    """The row in which a cell is read: its first one, but in a head its last one where only what is to the left of it
    is divided, because a reader goes through the divided columns first."""
    head = min((other.row for other in grid if other.column), default=0)
    if cell.row != head or cell.rows == 1:
        return cell.row
    level = [other for other in grid if head <= other.row < head + cell.rows]
    divided = [other.column for other in level if other.rows < cell.rows]
    return cell.row + cell.rows - 1 if divided and max(divided) < cell.column else cell.row


def _span(cell: _Cell, begins: Sequence[int]) -> Span:
    return Span(begins[cell.row], cell.column, begins[cell.row + cell.rows] - begins[cell.row], cell.columns)


def _kept(span: Span, rows: Sequence[int], columns: Sequence[int]) -> Span | None:
    """A span counted in the rows and columns that are kept; none where it no longer spans anything."""
    high = [number for number, row in enumerate(rows) if span.row <= row < span.row + span.rows]
    wide = [number for number, column in enumerate(columns) if span.column <= column < span.column + span.columns]
    return Span(high[0], wide[0], len(high), len(wide)) if len(high) * len(wide) > 1 else None


def _read(cells: Sequence[_Cell], content: Content) -> list[dict[_Cell, list[Line]]]:
    """One row of the table, or the rows of text that its cells share."""
    across = stack([line for cell in cells for line in content[cell.box]], axis=1)
    level = [row for row in across if sum(any(line in content[cell.box] for line in row) for cell in cells) > 1]
    filled = [cell for cell in cells if content[cell.box]]
    high = [cell for cell in filled if len(stack(content[cell.box], axis=1)) * 2 >= len(across)]
    running = [cell for cell in cells if _is_running(cell.box, content[cell.box])]
    apart = any(cell.rows > 1 for cell in cells) or len(running) > 1
    if apart or len(level) < LEVEL or len(high) * 2 <= len(filled):
        return [{cell: _in_cell(content[cell.box]) for cell in cells}]
    rows: list[Row] = [
        [_in_cell([line for line in row if line in content[cell.box]]) for cell in cells] for row in across
    ]
    return [dict(zip(cells, row, strict=True)) for row in with_continuations(rows, in_cells=True)]


def _in_cell(lines: Sequence[Line]) -> list[Line]:
    return [line for row in stack(lines, axis=1) for line in sorted(row, key=lambda line: line.box)]


def _is_running(cell: Box, lines: Sequence[Line]) -> bool:
    return len(lines) >= LEVEL and median(line.width for line in lines) >= FULL * (cell[2] - cell[0])
