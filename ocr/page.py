"""One page from what was recognised on it: its text in reading order, its lines with their places, its tables, and
what a reader should know about it.

Rows of a page become lines of text, ruled tables Markdown. Boxes are fractions of the upright page.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from kobunko import records
from kobunko.ocr.lines import Box, Line, Row, levelled, levelled_box, thickness
from kobunko.ocr.order import Block, Ordered, read_in_order
from kobunko.ocr.reading import CURLED, Reading
from kobunko.ocr.repair import is_modern, repaired
from kobunko.ocr.ruby import Ruby, find_ruby

CELL = "\t"  # between pieces of one row outside of ruled tables
SKEWED = 0.2  # degrees from which a page is levelled before it is ordered
HEADING = 1.3  # times the usual size of the page's lines
RUNNING_HEAD = 30  # characters, at most
EDGE = 0.08  # of the page's height at its head and foot, where running heads and page numbers stand
FAINT = 70  # grey levels between paper and ink below which contrast is low
UNSURE = 0.85  # mean confidence below which a page of good contrast is taken for handwriting or cursive
NUMBER = re.compile(r"[-–—―ー一・\s]*(?:\d{1,4}|[〇一二三四五六七八九十百]{1,6})(?:\s*(?:ページ|頁))?[-–—―ー・\s]*")


@dataclass(slots=True)
class PageText:
    """A page as text. `notes` is JSON data: size in pixels, rotation, skew, flags, repairs. `tables` is as in
    `extract.structure`."""

    text: str = ""
    writing: str = "none"
    lines: list[records.Line] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


def compose(reading: Reading, page: int) -> PageText:
    """The page of this number."""
    width, height = reading.width, reading.height
    angle = reading.skew if abs(reading.skew) >= SKEWED else 0.0
    level = levelled(reading.lines, angle, width, height) if angle else reading.lines
    cells, rules = (
        [levelled_box(box, angle, width, height) for box in boxes] for boxes in (reading.cells, reading.rules)
    )
    rubies = find_ruby(level)
    beside = {ruby.line for ruby in rubies}
    writer = _Writer(page, reading, dict(zip(level, reading.lines, strict=True)), rubies)
    ordered = read_in_order(
        [line for line in level if line not in beside],
        width,
        height,
        cells if angle else reading.cells,
        rules if angle else reading.rules,
    )
    writer.write(ordered)
    writer.page.writing = ordered.writing
    writer.page.notes = _notes(reading, writer.repairs)
    return writer.page


class _Writer:
    """Grows the text of a page and keeps where each line stands in it."""

    def __init__(self, number: int, reading: Reading, places: dict[Line, Line], rubies: Sequence[Ruby]) -> None:
        self.page = PageText()
        self.repairs: list[dict[str, Any]] = []
        self._number = number
        self._reading = reading
        self._places = places  # a levelled line and the line as it lies on the image
        self._rubies: dict[Line, list[Ruby]] = {}
        for ruby in sorted(rubies, key=lambda ruby: ruby.after):
            self._rubies.setdefault(ruby.base, []).append(ruby)
        self._parts: list[str] = []
        self._length = 0
        self._block = -1
        self._before: Row | None = None  # a row of running text that a paragraph may go on from
        self._modern = is_modern("".join(line.text for line in reading.lines))

    def write(self, ordered: Ordered) -> None:
        usual = thickness(ordered.lines) if ordered.blocks else 0.0
        for block in ordered.blocks:
            if block.table is not None:
                self._table(block)
            else:
                self._rows(block, usual)
        self.page.text = "".join(self._parts)

    def _rows(self, block: Block, usual: float) -> None:
        for row in block.rows:
            if self._before is None or _apart(self._before, row):
                self._block += 1
            self._new_line()
            for number, piece in enumerate(row):
                self._add(CELL if number else "")
                self._piece(piece, self._kind(block, row, usual))
            self._before = row

    def _kind(self, block: Block, row: Row, usual: float) -> str:
        lines = [line for piece in row for line in piece]
        text, middle = "".join(line.text for line in lines), lines[0].centre[1] / self._reading.height
        at_edge = not EDGE < middle < 1 - EDGE
        if (at_edge or block.kind == "header") and NUMBER.fullmatch(text):
            return "page-number"
        if block.kind == "text" and len(block.rows) == 1:
            if at_edge and not lines[0].is_tall:
                return "header" if middle < EDGE else "footer"
            if thickness(lines) >= HEADING * usual and not text.endswith("。"):
                return "heading"
        return "text" if block.kind == "header" and len(text) > RUNNING_HEAD else block.kind

    def _table(self, block: Block) -> None:
        """Markdown, whose first row is the head."""
        assert block.table is not None
        self._before = None
        texts: list[list[str]] = []
        for number, row in enumerate(block.rows):
            self._new_line()
            texts.append([])
            for piece in row:
                self._block += 1
                self._add("| ")
                start = len(self._parts)
                self._piece(piece, "table")
                texts[-1].append("".join(self._parts[start:]))
                self._add(" ")
            self._add("|")
            if number == 0:
                self._new_line()
                self._add("|" + " --- |" * len(row))
        merged = [dataclasses.asdict(span) for span in block.table.merged]
        box = list(self._fractions(block.table.box))
        self.page.tables.append({"page": self._number, "box": box, "cells": texts, "merged": merged})

    def _piece(self, piece: Sequence[Line], kind: str) -> None:
        """One text from the lines that it was broken into."""
        reach = max((line.box[2] for line in piece), default=0)
        gaps = ["", *(_gap(before, line, reach) for before, line in pairwise(piece))]
        for gap, line in zip(gaps, piece, strict=False):
            self._add(gap)
            self._line(line, "page-number" if kind == "header" and NUMBER.fullmatch(line.text) else kind)

    def _line(self, line: Line, kind: str) -> None:
        text, notes = repaired(line.text, modern=self._modern)
        if kind == "table":
            text = text.replace("|", "｜")  # a bar would end the cell
        self.repairs += [
            {"place": self._length + note.place, "rule": note.rule, "was": note.was, "now": note.now} for note in notes
        ]
        start, done = self._length, 0
        for ruby in self._rubies.get(line, ()):
            self._add(text[done : ruby.after] + "（")
            self._place(ruby.line, self._length, ruby.line.text, "ruby")
            self._add("）")
            done = ruby.after
        self._place(line, start, text[done:], kind)

    def _place(self, line: Line, start: int, text: str, kind: str) -> None:
        """Adds text, and notes a line that reaches from `start` to its end."""
        self._add(text)
        box = self._fractions(self._places.get(line, line).box)
        self.page.lines.append(
            records.Line(self._number, start, self._length, *box, self._block, kind, round(line.confidence, 4))
        )

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _new_line(self) -> None:
        if self._length:
            self._add("\n")

    def _fractions(self, box: Box) -> tuple[float, float, float, float]:
        width, height = self._reading.width, self._reading.height
        left, top, right, bottom = (
            round(min(1.0, max(0.0, value / size)), 5) for value, size in zip(box, (width, height) * 2, strict=True)
        )
        return left, top, right, bottom


def _apart(before: Row, row: Row) -> bool:
    """Whether a paragraph ends between two rows or columns: space between them, an indent, another size."""
    one, two = before[0][0], row[0][0]
    if one.is_tall and two.is_tall:
        gap, indent, size = one.box[0] - two.box[2], two.box[1] - one.box[1], two.width
    else:
        gap, indent, size = two.box[1] - one.box[3], two.box[0] - one.box[0], two.height
    same = one.is_tall == two.is_tall and 0.7 < one.thickness / two.thickness < 1.4
    return not same or not -size < gap < size or 0.6 * size < indent < 2.5 * size


def _gap(before: Line, line: Line, reach: float) -> str:
    """A space between Latin words and after a line that ended early; nothing where a word of Japanese goes on."""
    if before.text[-1].isascii() and line.text[0].isascii():
        return "" if before.text.endswith("-") else " "
    spread = len(before.text) == 1 or len(line.text) == 1  # characters set apart to fill a cell
    wrapped = before.is_tall or spread or before.box[2] > reach - before.height
    return "" if wrapped else " "


def _notes(reading: Reading, repairs: list[dict[str, Any]]) -> dict[str, Any]:
    """What was done to the page, and flags for whoever has to decide whether to trust it."""
    faint = reading.contrast < FAINT
    flags = {
        "curled": reading.curl >= CURLED,
        "low-contrast": faint,
        "handwritten": bool(reading.lines) and reading.confidence < UNSURE and not faint,
        "seal": bool(reading.seals),
    }
    found = {
        "size": [reading.width, reading.height],
        "rotation": reading.rotation,
        "skew": round(reading.skew, 2),
        "flags": [name for name, raised in flags.items() if raised],
        "repairs": repairs,
    }
    return {name: value for name, value in found.items() if value}
