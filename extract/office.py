"""Word, Excel and PowerPoint files in the Office Open XML formats."""

import io
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import docx
import pptx
from docx.opc.exceptions import PackageNotFoundError
from lxml import etree

from kobunko.errors import Reject
from kobunko.extract.archive import Archive
from kobunko.extract.controls import clean
from kobunko.extract.docx_text import body_lines, furniture_lines
from kobunko.extract.markdown import headings, table
from kobunko.extract.reading import Reading, text_page
from kobunko.extract.workbook import read_workbook
from kobunko.records import Page

# Pages, metadata of the format, and structure.
Read = tuple[list[Page], dict[str, Any], dict[str, Any]]

_BROKEN = (
    BadZipFile,
    KeyError,
    ValueError,
    etree.XMLSyntaxError,
    ParseError,
    PackageNotFoundError,
    TypeError,
    AttributeError,
)
_SAME_HEIGHT = 91_440  # a tenth of an inch, in EMU: nobody sets boxes side by side more exactly by hand
_CORE = "docProps/core.xml"
_PROPERTIES = ("subject", "keywords", "category", "created", "modified")
_MAIN_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}


def office_format(archive: Archive) -> str:
    """docx, xlsx, pptx or nothing, by the main part that the package holds."""
    return next((kind for part, kind in _MAIN_PARTS.items() if part in archive.members), "")


def read_office(archive: Archive, body: bytes, kind: str) -> Reading:
    """Raises `corrupt-office` for a package that its own library cannot open and `no-text` for an empty one."""
    try:
        title, properties = _properties(archive)
        if kind == "xlsx":
            pages, metadata, structure = read_workbook(archive, body)
        else:
            pages, metadata, structure = {"docx": _docx, "pptx": _pptx}[kind](body)
    except _BROKEN as error:
        raise Reject("corrupt-office", f"{kind}: {error}") from error
    if not any(page.text for page in pages):
        raise Reject("no-text", f"{kind} without text")
    return Reading(kind, pages, title, properties | metadata, structure)


def _docx(body: bytes) -> Read:
    document = docx.Document(io.BytesIO(body))
    lines, tables = body_lines(document)
    text = "\n".join(lines)
    structure = {
        "kind": "document",
        "headings": headings(clean(text)[0]),
        "tables": [_table(1, cells) for cells in tables],
    } | furniture_lines(document)
    return [text_page(1, text, "markup")], {}, structure


def _pptx(body: bytes) -> Read:
    """Each slide a page, its shapes from top to bottom; speaker's notes after them."""
    show = pptx.Presentation(io.BytesIO(body))
    pages = []
    tables: list[dict[str, Any]] = []
    for number, slide in enumerate(show.slides, 1):
        cells: list[list[list[str]]] = []
        found = [text for shape in _in_order(slide.shapes) for text in _shape_text(shape, cells)]
        tables += [_table(number, rows) for rows in cells]
        if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
            found.append(notes.text)
        pages.append(text_page(number, "\n".join(text for text in found if text.strip()), "markup"))
    return pages, {}, {"kind": "slides", "tables": tables}


def _in_order(shapes: Any) -> list[Any]:
    """From top to bottom; what begins at about the same height is read from left to right."""
    rows: list[list[Any]] = []
    for shape in sorted(shapes, key=lambda shape: shape.top or 0):
        if rows and (shape.top or 0) - (rows[-1][0].top or 0) <= _SAME_HEIGHT:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left or 0)]


def _shape_text(shape: Any, tables: list[list[list[str]]]) -> Iterator[str]:
    """Text of a shape and of the shapes inside of it; cells of tables are added to `tables`."""
    if hasattr(shape, "shapes"):
        for inner in _in_order(shape.shapes):
            yield from _shape_text(inner, tables)
    elif getattr(shape, "has_table", False):
        tables.append([[cell.text for cell in row.cells] for row in shape.table.rows])
        yield table(tables[-1])
    elif shape.has_text_frame:
        yield shape.text_frame.text


def _table(page: int, cells: list[list[str]]) -> dict[str, Any]:
    return {"page": page, "box": None, "cells": cells}


def _properties(archive: Archive) -> tuple[str, dict[str, Any]]:
    """Title and what else the file says of itself; the names of its authors are nobody's business.

    Read from the package itself: the libraries put the present time where a file names no date.
    """
    body = archive.read(_CORE) if _CORE in archive.members else None
    if not body:
        return "", {}
    core = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    texts = {etree.QName(child).localname: (child.text or "").strip() for child in core.iterchildren(etree.Element)}
    return texts.get("title", ""), {name: texts[name] for name in _PROPERTIES if texts.get(name)}
