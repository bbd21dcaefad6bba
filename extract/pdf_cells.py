"""The text of ruled tables: what stands in their cells, as Markdown and as JSON, joined over pages."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from kobunko.extract.pdf_pieces import Flow, flow_text
from kobunko.extract.pdf_sheet import Box, Sheet, Span

_LEAST = 2  # rows with text, and cells with text in one row
_BLOCKS = 100_000  # cells of one page that are told apart
_SAME = 0.02  # of the width of the page; borders of a table that goes on are not farther apart
_TOUCH = 3.0  # points that text may reach into the table it stands above
_HEADER_ROWS = 6  # that a table may repeat on each page

Place = tuple[int, int]  # row and column
ReadCell = Callable[[Sequence[Span], float], Flow]  # the text of a cell, which is so wide (points)


@dataclass(frozen=True)
class PageTable:
    """A table on one page. `cells` holds the flow of each filled cell by row and column; `merged` their extent.

    `repeated` first rows repeat the header of the page before, where the table `goes_on` from there.
    """

    page: int
    box: Box
    place: Box
    columns: list[float]  # borders in fractions of the page's width
    size: Place
    cells: dict[Place, Flow]
    merged: dict[Place, Place]
    spans: list[Span]
    first_block: int = -1
    goes_on: bool = False
    repeated: int = 0

    def rows(self) -> list[list[str]]:
        """Text of the cells; a line break in a cell stays one."""
        found = [[""] * self.size[1] for _ in range(self.size[0])]
        for (row, column), flow in self.cells.items():
            found[row][column] = flow_text(flow)
        return found

    def flow(self) -> Flow:
        """Markdown. A table that goes on has neither the header again nor the line below it."""
        flow: Flow = []
        height, width = self.size
        for row in range(self.repeated, height):
            flow.append("\n| " if flow else "| ")
            for column in range(width):
                flow += [" | "] if column else []
                flow += _cell_flow(self.cells.get((row, column), []), self.first_block - row * width - column)
            flow.append(" |")
            if row == 0 and not self.goes_on:
                flow.append("\n|" + " --- |" * width)
        return flow


def page_tables(sheet: Sheet, read_cell: ReadCell) -> list[PageTable]:
    """The tables of a page; a grid with little text in it is a frame, and its text is text."""
    by_grid: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for span in sheet.spans:
        if span.cell:
            by_grid[span.cell[0]][span.cell[1]].append(span)
    tables = []
    for index, spans in sorted(by_grid.items()):
        grid = sheet.tables[index]
        flows = {number: flow for number, inside in spans.items() if (flow := read_cell(inside, grid.width(number)))}
        table = _table(sheet, index, flows, [span for inside in spans.values() for span in inside])
        if table:
            tables.append(replace(table, first_block=-1 - index * _BLOCKS))
    return tables


def _table(sheet: Sheet, index: int, flows: Mapping[int, Flow], spans: list[Span]) -> PageTable | None:
    grid = sheet.tables[index]
    columns = grid.kept_columns({number: flow_text(flow).strip() for number, flow in flows.items()})
    rows = sorted({grid.origins[number][0] for number in flows})
    cells, merged = {}, {}
    for number, flow in flows.items():
        row, column = grid.origins[number]
        at = rows.index(row), columns.index(column)
        cells[at] = flow
        last_row, last_column = grid.ends[number]
        extent = sum(row <= r <= last_row for r in rows), sum(column <= c <= last_column for c in columns)
        if extent != (1, 1):
            merged[at] = extent
    filled = [sum(r == row for r, _ in cells) for row in range(len(rows))]
    if len(rows) < _LEAST or max(filled, default=0) < min(_LEAST, len(grid.xs) - 1):
        return None
    width = (sheet.frame[2] - sheet.frame[0]) or 1
    borders = [(grid.xs[column] - sheet.frame[0]) / width for column in columns]
    return PageTable(
        sheet.number, grid.box, sheet.places[index], borders, (len(rows), len(columns)), cells, merged, spans
    )


def _cell_flow(flow: Flow, block: int) -> Flow:
    """A cell's flow in Markdown: lines by `<br>`, bars escaped."""
    return [
        item.replace("\n", "<br>")
        if isinstance(item, str)
        else item._replace(text=item.text.strip().replace("|", "\\|"), block=block, kind="table")
        for item in flow
    ]


@dataclass(frozen=True)
class Leaf:
    """The tables of one page; `above` is the text over the first, `below` whether text follows the last."""

    page: int
    tables: list[PageTable]
    above: str
    below: bool


def leaf(sheet: Sheet, tables: list[PageTable], furniture: Container[int]) -> Leaf:
    outside = [span for span in sheet.spans if id(span) not in furniture and span.cell is None]
    if not tables:
        return Leaf(sheet.number, [], "", False)
    above = [span.text.strip() for span in outside if span.box[3] <= tables[0].box[1] + _TOUCH]
    below = any(span.box[1] >= tables[-1].box[3] - _TOUCH for span in outside)
    return Leaf(sheet.number, tables, "".join(above), below)


def linked(leaves: Sequence[Leaf]) -> list[list[PageTable]]:
    """The tables of each page, those marked that go on from the page before."""
    result: list[list[PageTable]] = []
    head: PageTable | None = None  # where the table began that the page before ends with
    title = ""
    last: Leaf | None = None
    for current in leaves:
        tables = list(current.tables)
        adjoins = last is not None and last.page + 1 == current.page and not last.below and current.above in ("", title)
        if tables and head and adjoins and _same_columns(head, tables[0]):
            tables[0] = replace(tables[0], goes_on=True, repeated=_repeated(head, tables[0]))
        if tables and not (len(tables) == 1 and tables[0].goes_on):
            head, title = tables[-1], current.above if len(tables) == 1 else ""
        last = current if tables else None
        result.append(tables)
    return result


def tables_json(pages: Iterable[Sequence[PageTable]]) -> list[dict[str, Any]]:
    """Every table once, with its page and box and, where it goes on, those of each page: the rows as lists of cells."""
    found: list[dict[str, Any]] = []
    for table in (table for tables in pages for table in tables):
        rows = table.rows()[table.repeated :]
        if table.goes_on and found:
            whole = found[-1]
            whole.setdefault("pages", [{"page": whole["page"], "box": whole["box"]}])
            whole["pages"].append({"page": table.page, "box": list(table.place)})
        else:
            whole = {"page": table.page, "box": list(table.place), "cells": []}
            found.append(whole)
        first = len(whole["cells"]) - table.repeated
        merged = [[first + r, c, *extent] for (r, c), extent in sorted(table.merged.items()) if r >= table.repeated]
        if merged:
            whole["merged"] = [*whole.get("merged", []), *merged]
        whole["cells"] += rows
    return found


def _same_columns(one: PageTable, other: PageTable) -> bool:
    return len(one.columns) == len(other.columns) and all(
        abs(a - b) <= _SAME for a, b in zip(one.columns, other.columns, strict=True)
    )


def _repeated(head: PageTable, table: PageTable) -> int:
    """How many first rows are the header again; all but one row at most."""
    pairs = list(zip(head.rows()[:_HEADER_ROWS], table.rows()[:_HEADER_ROWS], strict=False))
    equal = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return min(equal, table.size[0] - 1)
