"""Tables as Markdown, for every reader that meets one, and the headings of a text in Markdown."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

_WIDEST = 1_000  # columns; a span that reaches further does not widen the table
_RAISED = re.compile(r"[+\-−]?[0-9]{1,3}")
_SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as a Markdown table. The first row is the header; empty rows and empty last columns are left out.
    A table of one column is a frame around text, and is given as lines.

    A line break in a cell becomes `<br>` and a bar is escaped, so that no character of a cell is lost.
    """
    kept = [[_cell(cell) for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    width = max((index + 1 for row in kept for index, cell in enumerate(row) if cell), default=0)
    if not width:
        return ""
    if width == 1:
        return "\n".join(row[0].replace("<br>", "\n").replace("\\|", "|") for row in kept)
    lines = [_line([*row, *[""] * width][:width]) for row in kept]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    lines = (line.strip(" \t\r") for line in text.strip().splitlines())
    return "<br>".join(line for line in lines if line).replace("|", "\\|")


def filled(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Rows of one width without the columns that are empty in all of them, as spans and narrow grids leave them."""
    columns = [column for column in zip_longest(*rows, fillvalue="") if any(map(str.strip, column))]
    return [list(row) for row in zip(*columns, strict=True)]


def raised(before: str, text: str) -> str:
    """A superscript after `before`: an exponent or a mark must not read on as digits of a number."""
    stuck = _RAISED.fullmatch(text.strip()) and before[-1:].isascii() and before[-1:].isalnum()
    return text.translate(_SUPERSCRIPTS) if stuck else text


class Grid:
    """Rows of a table whose cells may span several rows and columns: text is written once, where a cell begins."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self._taken: dict[int, int] = {}  # by column: the last row that a cell from above reaches

    def add(self, cells: Iterable[tuple[str, int, int]]) -> None:
        """A row of `(text, rows, columns)`."""
        row: list[str] = []
        number = len(self.rows)
        for text, height, width in cells:
            while self._taken.get(len(row), -1) >= number:
                row.append("")
            first = len(row)
            row += [text, *[""] * (min(width, _WIDEST - first) - 1)]
            if height > 1:
                self._taken |= dict.fromkeys(range(first, len(row)), number + height - 1)
        self.rows.append(row)


def headings(text: str) -> list[dict[str, Any]]:
    """Headings with their level and their place in the text."""
    return [
        {"level": len(match[1]), "text": match[2], "start": match.start(2), "end": match.end(2)}
        for match in _HEADING.finditer(text)
    ]


def trimmed(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Cells without empty rows and without the empty columns at the end."""
    kept = [list(row) for row in rows if any(row)]
    width = max((index + 1 for row in kept for index, cell in enumerate(row) if cell), default=0)
    return [[*row, *[""] * width][:width] for row in kept]
