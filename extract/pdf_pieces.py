"""Pieces of text of a PDF page in reading coordinates, and which way the page is written."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pymupdf

from kobunko.extract.markdown import table
from kobunko.extract.pdf_layout import Piece, reading_text
from kobunko.extract.pdf_tables import Grid
from kobunko.extract.reading import HORIZONTAL, MIXED, NONE, VERTICAL

# Without TEXT_CID_FOR_UNKNOWN_UNICODE: an unknown glyph must be U+FFFD, not an arbitrary letter.
_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_PRESERVE_LIGATURES | pymupdf.TEXT_MEDIABOX_CLIP
_STACKABLE = re.compile("[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff（）「」・ー]")
_TABLE_ROWS = 2  # rows with text, and cells with text in one row
_LONGEST_LABEL = 12  # letters
_STACK_LEAST = 3
_STACK_GAP = 0.4  # em between stacked letters
_NUMBER_GAP = 2.0  # em between an upright number and the column that it begins
_UPRIGHT = 2.2  # em; wider horizontal text is no 縦中横
_VERTICAL_SHARE, _HORIZONTAL_SHARE = 0.7, 0.15  # of the characters

Box = tuple[float, float, float, float]
Cell = tuple[int, int]  # the page's grid, and the merged cell in it


@dataclass(frozen=True, slots=True)
class Span:
    """A line as the file sets it, in points from the top left; `down` where its text runs down the page."""

    box: Box
    size: float
    text: str
    down: bool
    cell: Cell | None = None

    @property
    def is_label(self) -> bool:
        """Whether it is a short stack of letters in a horizontal page, as narrow cells and headings have them."""
        return self.down and 1 < len(self.text) <= _LONGEST_LABEL

    @property
    def across(self) -> Piece:
        x0, y0, x1, y1 = self.box
        y1 = y0 + self.size if self.down else y1
        return Piece(x0, x1, y0, y1, self.size, self.text)

    @property
    def turned(self) -> Piece:
        """In the reading coordinates of vertical text: along is down, the next line is to the left."""
        x0, y0, x1, y1 = self.box
        return Piece(y0, y1, -x1, -x0, self.size, self.text)


def spans(page: pymupdf.Page, tables: Sequence[Grid]) -> list[Span]:
    """The page's text as the file has it, in the file's order, turned upright where the whole page is turned.

    Text within a grid is cut at the borders of its cells.
    """
    raw = page.get_text("rawdict" if tables else "dict", flags=_FLAGS)
    lines = [line for block in raw["blocks"] for line in block.get("lines", ())]
    found = [(line, *run) for line in lines for run in (_cut(line, tables) if tables else [_whole(line)])]
    found = [entry for entry in found if entry[2].strip()]
    turn = _turn(found)
    result = []
    for line, box, text, cell in found:
        size = max(span["size"] for span in line["spans"])
        x, y = _turned_vector(line["dir"], turn)
        down = bool(line["wmode"]) or (abs(y) > abs(x))
        result.append(Span(_turned_box(box, turn), size, text, down, None if turn else cell))
    return _stacked(result)


def _whole(line: dict[str, Any]) -> tuple[Box, str, None]:
    return line["bbox"], "".join(span["text"] for span in line["spans"]), None


def _cut(line: dict[str, Any], tables: Sequence[Grid]) -> Iterator[tuple[Box, str, Cell | None]]:
    letters = [letter for span in line["spans"] for letter in span["chars"]]
    for cell, run in groupby(letters, key=lambda letter: _cell(letter["bbox"], tables)):
        part = list(run)
        boxes = [letter["bbox"] for letter in part]
        box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        yield box, "".join(letter["c"] for letter in part), cell


def _cell(box: Box, tables: Sequence[Grid]) -> Cell | None:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for index, grid in enumerate(tables):
        if (number := grid.cell_at(x, y)) is not None:
            return index, number
    return None


def page_text(found: list[Span], tables: Sequence[Grid] = ()) -> tuple[str, str]:
    """Text in reading order, and the writing: horizontal, vertical, mixed or none. Tables are Markdown."""
    down = sum(len(span.text.strip()) for span in found if span.down)
    total = sum(len(span.text.strip()) for span in found)
    if not total:
        return "", NONE
    if down <= total / 2:
        found = _with_tables(found, tables) if tables else found
        across = reading_text(span.across for span in found if not span.down or span.is_label)
        aside = reading_text(span.turned for span in found if span.down and not span.is_label)
        return _joined(across, aside), HORIZONTAL if down <= _HORIZONTAL_SHARE * total else MIXED
    head, body, foot = _vertical_body(found)
    text = _joined(*(reading_text(part) for part in (head, body, foot)))
    return text, VERTICAL if down >= _VERTICAL_SHARE * total else MIXED


def _with_tables(found: list[Span], tables: Sequence[Grid]) -> list[Span]:
    """Each table in the place of its text; a grid with little text in it is a frame, not a table."""
    by_cell: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for span in found:
        if span.cell:
            by_cell[span.cell[0]][span.cell[1]].append(span)
    written: list[Span] = []
    for index, cells in by_cell.items():
        rows = tables[index].rows({number: page_text(inside)[0] for number, inside in cells.items()})
        if sum(any(row) for row in rows) >= _TABLE_ROWS and max(sum(map(bool, row)) for row in rows) >= _TABLE_ROWS:
            xs, ys, size = tables[index].xs, tables[index].ys, next(iter(cells.values()))[0].size
            written.append(Span((xs[0], ys[0], xs[-1], ys[0] + size), size, table(rows), False))
        else:
            written += [span for inside in cells.values() for span in inside]
    return [span for span in found if not span.cell] + written


def _vertical_body(found: list[Span]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Horizontal text above, the vertical text with what stands upright in it, and horizontal text below."""
    down = [span for span in found if span.down]
    top, bottom = min(span.box[1] for span in down), max(span.box[3] for span in down)
    head, body, foot = [], [span.turned for span in down], []
    for span in (span for span in found if not span.down):
        x0, y0, x1, y1 = span.box
        inside = (y1 > top and y0 < bottom) or any(_begins(span, column) for column in down)
        if inside and x1 - x0 <= _UPRIGHT * span.size:
            body.append(span.turned)
        elif (y0 + y1) / 2 < (top + bottom) / 2:
            head.append(span.across)
        else:
            foot.append(span.across)
    return head, body, foot


def _begins(number: Span, column: Span) -> bool:
    """Whether an upright number stands right above a column, as its first letter."""
    middle = (number.box[0] + number.box[2]) / 2
    above = -0.5 * number.size <= column.box[1] - number.box[3] <= _NUMBER_GAP * number.size
    return above and column.box[0] <= middle <= column.box[2]


def _stacked(found: list[Span]) -> list[Span]:
    """Joins letters that are set one below the other, as horizontal fonts do for vertical text and narrow cells."""
    columns: dict[int, list[Span]] = defaultdict(list)
    for span in found:
        if not span.down and len(span.text.strip()) == 1 and _STACKABLE.match(span.text.strip()):
            columns[round((span.box[0] + span.box[2]) / 2)].append(span)
    merged: dict[int, Span] = {}
    gone: set[int] = set()
    for column in columns.values():
        for run in _runs(sorted(column, key=lambda span: span.box[1])):
            if len(run) >= _STACK_LEAST:
                boxes = [span.box for span in run]
                x0, x1 = min(b[0] for b in boxes), max(b[2] for b in boxes)
                text = "".join(span.text.strip() for span in run)
                merged[id(run[0])] = Span((x0, boxes[0][1], x1, boxes[-1][3]), run[0].size, text, True, run[0].cell)
                gone |= {id(span) for span in run[1:]}
    return [merged.get(id(span), span) for span in found if id(span) not in gone]


def _runs(column: list[Span]) -> list[list[Span]]:
    runs: list[list[Span]] = []
    for span in column:
        if runs and span.cell == runs[-1][-1].cell and span.box[1] - runs[-1][-1].box[3] < _STACK_GAP * span.size:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _turn(found: Sequence[tuple[dict[str, Any], Box, str, Cell | None]]) -> int:
    """Quarter turns by which most of the page's horizontal letters lie on their side: 0, 1 (down), 2, 3 (up)."""
    weight = [0, 0, 0, 0]
    for line, _, text, _ in found:
        if not line["wmode"]:
            x, y = line["dir"]
            weight[(0 if x > 0 else 2) if abs(x) >= abs(y) else (1 if y > 0 else 3)] += len(text.strip())
    upright = sum(len(text.strip()) for line, _, text, _ in found if line["wmode"])
    turn = weight.index(max(weight))
    return turn if weight[turn] > upright else 0


def _turned_vector(vector: tuple[float, float], turn: int) -> tuple[float, float]:
    x, y = vector
    return [(x, y), (y, -x), (-x, -y), (-y, x)][turn]


def _turned_box(box: Box, turn: int) -> Box:
    (a, b), (c, d) = _turned_vector(box[:2], turn), _turned_vector(box[2:], turn)
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
