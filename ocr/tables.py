"""Ruled tables: which lines of text stand in which cell, and the cells row by row.

A cell is read as a whole, because its lines belong together. Where a table has rules only between its columns, one
"cell" holds many rows: they are seen by their lines standing level with those of the neighbours, and read across.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from kobunko.ocr.lines import Box, Line, Row, stack

TOUCH = 15  # pixels between the boxes of neighbouring cells: a rule's thickness, thickened
FEWEST = 4  # cells that make a table
LEVEL = 3  # rows of text that several cells of a row share, from which they are read across
MOSTLY = 0.4  # of a line that lies in a cell when it belongs there; the recogniser may read two cells as one line
FULL = 0.7  # of its cell's width that a line of running text fills


@dataclass(frozen=True, slots=True)
class Table:
    box: Box
    rows: list[Row]

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for piece in row for line in piece]


def find_tables(lines: Sequence[Line], cells: Sequence[Box]) -> list[Table]:
    """The tables that hold text, from the top."""
    content: dict[Box, list[Line]] = {cell: [] for cell in cells}
    for line in lines:
        owner = max(cells, key=lambda cell: (_shared(cell, line), cell), default=None)
        if owner is not None and _shared(owner, line) >= MOSTLY * line.width * line.height:
            content[owner].append(line)
    tables = []
    for group in _touching(sorted(content, key=lambda cell: (cell[1], cell[0]))):
        rows = _rows_of_cells(group)
        if len(group) >= FEWEST and 1 < len(rows) < len(group) and any(content[cell] for cell in group):
            read = [row for cells_of_row in rows for row in _read(cells_of_row, content)]
            tables.append(Table(_around(group), [row for row in read if any(row)]))
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


def _rows_of_cells(cells: Sequence[Box]) -> list[list[Box]]:
    """Cells by their upper edge; one that spans several rows stands in the first of them."""
    rows: list[list[Box]] = []
    for cell in sorted(cells, key=lambda cell: (cell[1], cell[0])):
        if rows and cell[1] - rows[-1][-1][1] <= TOUCH:  # than the last one's, because skew tilts a row
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row) for row in rows]


def _read(cells: Sequence[Box], content: dict[Box, list[Line]]) -> list[Row]:
    """One row of the table, or the rows of text that its cells share."""
    across = stack([line for cell in cells for line in content[cell]], axis=1)
    level = [row for row in across if sum(any(line in content[cell] for line in row) for cell in cells) > 1]
    filled = [cell for cell in cells if content[cell]]
    high = [cell for cell in filled if len(stack(content[cell], axis=1)) * 2 >= len(across)]
    running = [cell for cell in cells if _is_running(cell, content[cell])]
    if len(level) < LEVEL or len(high) * 2 <= len(filled) or len(running) > 1:
        return [[_in_cell(content[cell]) for cell in cells]]
    return [[_in_cell([line for line in row if line in content[cell]]) for cell in cells] for row in across]


def _in_cell(lines: Sequence[Line]) -> list[Line]:
    return [line for row in stack(lines, axis=1) for line in sorted(row, key=lambda line: line.box)]


def _is_running(cell: Box, lines: Sequence[Line]) -> bool:
    return len(lines) >= LEVEL and median(line.width for line in lines) >= FULL * (cell[2] - cell[0])


def _around(cells: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*cells, strict=True)
    return min(left), min(top), max(right), max(bottom)
