"""Excel workbooks: each sheet a page under its name, its cells as they are shown, then the text boxes drawn upon it."""

import io
import posixpath
import re
import warnings
from collections.abc import Sequence
from datetime import datetime, time
from itertools import takewhile
from typing import Any

import openpyxl
from lxml import etree

from kobunko.extract.archive import Archive
from kobunko.extract.markdown import filled, table, trimmed
from kobunko.extract.reading import text_page
from kobunko.records import Page

_UNCOMPUTED = re.compile(rb"(?:</f>|<f/>|<f [^>]*/>)(?:<v\s*/>|<v></v>)?</c>")
_PERCENT = re.compile(r"[#0,]*0(?:\.(0+))?%")
_DRAWING, _RELATION = "/drawing", "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_BOX = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}sp"
_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PIECES = (f"{_TEXT}t", f"{_TEXT}br")


def read_workbook(archive: Archive, body: bytes) -> tuple[list[Page], dict[str, Any], dict[str, Any]]:
    """Pages, metadata and structure; of merged cells only the first holds a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of print areas and extensions, which hold no text
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    pages: list[Page] = []
    tables: list[dict[str, Any]] = []
    sheets: list[Any] = book.worksheets
    for number, sheet in enumerate(sheets, 1):
        sheet.reset_dimensions()
        cells = trimmed(_from_first_column([[_shown(cell) for cell in row] for row in sheet.iter_rows()]))
        found = [*([_written(cells)] if cells else []), *_boxes(archive, sheet._worksheet_path.lstrip("/"))]
        pages.append(text_page(number, "\n".join([f"## {sheet.title}", *found]) if found else "", "markup"))
        tables += [{"page": number, "box": None, "cells": cells}] if cells else []
    hidden = [sheet.title for sheet in sheets if sheet.sheet_state != "visible"]
    metadata: dict[str, Any] = {"sheets": book.sheetnames, "hidden_sheets": hidden}
    if count := _without_value(archive):
        metadata["formulas_without_value"] = count
    return pages, metadata, {"kind": "sheet", "tables": tables}


def _from_first_column(rows: Sequence[list[str]]) -> list[list[str]]:
    """Rows without the empty columns at their left, which are a margin."""
    first = min((index for row in rows for index, cell in enumerate(row) if cell), default=0)
    return [row[first:] for row in rows]


def _written(cells: Sequence[Sequence[str]]) -> str:
    """The table as Markdown; rows of one cell above it are its title and notes, and are lines."""
    above = list(takewhile(lambda row: sum(map(bool, row)) < 2, cells))
    return "\n".join(part for part in (*("".join(row) for row in above), table(filled(cells[len(above) :]))) if part)


def _shown(cell: Any) -> str:
    """What a cell shows of its value, as far as that changes what the value says."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, cell.number_format.split(";")[0])
        case datetime() if value.time() == time():
            return value.date().isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(value: float, form: str) -> str:
    """A number with its percent sign and its leading zeros, in the 15 digits that Excel has."""
    if percent := _PERCENT.fullmatch(form):
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    if isinstance(value, float) and not value.is_integer():
        return str(float(f"{value:.15g}"))
    return f"{int(value):0{len(form)}d}" if form.strip("0") == "" else str(int(value))


def _without_value(archive: Archive) -> int:
    """Cells whose formula was never computed by the program that wrote them: what they show is not in the file."""
    sheets = [archive.read(name) or b"" for name in archive.members if name.startswith("xl/worksheets/sheet")]
    return sum(len(_UNCOMPUTED.findall(body)) for body in sheets)


def _boxes(archive: Archive, sheet: str) -> list[str]:
    """Texts of the boxes and shapes on a sheet, in the order in which they were drawn."""
    folder, name = posixpath.split(sheet)
    relations = _parsed(archive, f"{folder}/_rels/{name}.rels")
    found: list[str] = []
    for relation in relations.iter(_RELATION) if relations is not None else ():
        if relation.get("Type", "").endswith(_DRAWING):
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
            drawing = _parsed(archive, target)
            found += [_box_text(box) for box in drawing.iter(_BOX)] if drawing is not None else []
    return [text for text in found if text.strip()]


def _box_text(box: etree._Element) -> str:
    paragraphs = (
        "".join("\n" if piece.tag == f"{_TEXT}br" else piece.text or "" for piece in paragraph.iter(*_PIECES))
        for paragraph in box.iter(f"{_TEXT}p")
    )
    return "\n".join(paragraphs).strip("\n")


def _parsed(archive: Archive, name: str) -> etree._Element | None:
    body = archive.read(name) if name in archive.members else None
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True)) if body else None
