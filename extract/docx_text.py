"""Lines of a Word document, read from its XML: python-docx leaves out text boxes, ruby and footnotes."""

import re
from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn
from lxml import etree

from kobunko.extract.docx_styles import Styles
from kobunko.extract.markdown import filled, raised, table

Element = etree._Element
Cells = list[list[str]]

_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_WINGDINGS = {0x6C: "●", 0x6E: "■", 0x6F: "□", 0xA1: "○", 0xA8: "□", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES = ("/footnotes", "/endnotes")
_FURNITURE = ("header", "footer")


def body_lines(document: Any) -> tuple[list[str], list[Cells]]:
    """Paragraphs and tables in document order, then the notes; and the cells of each table that is not in another."""
    styles, tables = Styles(document), list[Cells]()
    lines = list(_blocks(document.element.body, styles, tables))
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_NOTES):
            lines += _blocks(etree.fromstring(relation.target_part.blob), styles)
    return [line for line in lines if line.strip()], tables


def furniture_lines(document: Any) -> dict[str, list[str]]:
    """Lines of the running headers and footers, each once; Word keeps one of each kind for every section."""
    styles = Styles(document)
    found: dict[str, list[str]] = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in _FURNITURE and not relation.is_external:
            own = found.setdefault(f"{kind}s", [])
            lines = _blocks(etree.fromstring(relation.target_part.blob), styles)
            own += [line for line in lines if line.strip() and line not in own]
    return {kind: lines for kind, lines in sorted(found.items()) if lines}


def _blocks(container: Element, styles: Styles, tables: list[Cells] | None = None) -> Iterator[str]:
    """Lines in order; the cells of tables that are not in another go to `tables`."""
    for child in container.iterchildren():
        if child.tag == qn("w:p"):
            yield from _paragraph(child, styles, tables)
        elif child.tag == qn("w:tbl"):
            rows = list(_rows(child, styles))
            if tables is not None:
                tables.append(rows)
            yield table(filled(rows))
        elif isinstance(child.tag, str) and child.tag != qn("w:sectPr"):
            yield from _blocks(child, styles, tables)


def _paragraph(paragraph: Element, styles: Styles, tables: list[Cells] | None) -> Iterator[str]:
    """The paragraph with the mark of its heading or list, then the text boxes that are anchored in it."""
    boxes: list[Element] = []
    text = _run(paragraph, boxes)
    mark = styles.mark(paragraph) if text.strip() else ""
    yield mark + text
    for box in boxes:
        yield from _blocks(box, styles, tables)


def _run(element: Element, boxes: list[Element]) -> str:
    pieces: list[str] = []
    for child in element.iterchildren():
        if child.tag == qn("w:t"):
            pieces.append(child.text or "")
        elif child.tag == qn("w:sym"):
            pieces.append(_symbol(child.get(qn("w:char"), "")))
        elif child.tag in _BREAKS:
            pieces.append(_BREAKS[child.tag])
        elif child.tag == qn("w:txbxContent"):
            boxes.append(child)
        elif child.tag == qn("w:rt"):
            continue
        elif child.tag == qn("w:rubyBase"):
            reading = child.getparent().find(qn("w:rt"))  # type: ignore[union-attr]
            base = _run(child, boxes)
            pieces.append(f"{base}（{_run(reading, boxes)}）" if reading is not None else base)
        elif child.tag != _FALLBACK and isinstance(child.tag, str) and child.tag != qn("w:pPr"):
            text = _run(child, boxes)
            pieces.append(raised("".join(pieces[-1:]), text) if _is_raised(child) else text)
    return "".join(pieces)


def _is_raised(run: Element) -> bool:
    align = run.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")
    return align is not None and align.get(qn("w:val")) == "superscript"


def _symbol(code: str) -> str:
    """A letter of a font of symbols, by its number: boxes and ticks of Wingdings, U+FFFD for what nobody can tell."""
    number = int(code, 16) if re.fullmatch("[0-9A-Fa-f]{1,4}", code) else 0xF000
    return _WINGDINGS.get(number & 0xFF, "\ufffd") if number >= 0xF000 else chr(number)


def _rows(found: Element, styles: Styles) -> Iterator[list[str]]:
    return (_row(row, styles) for row in found.iter(qn("w:tr")) if _table_of(row) is found)


def _row(row: Element, styles: Styles) -> list[str]:
    """Cells of a row; a cell that goes on from the row above is empty, a wide one is followed by empty ones."""
    cells: list[str] = []
    for cell in row.iter(qn("w:tc")):
        if _row_of(cell) is not row:
            continue
        merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
        span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        width = int(span.get(qn("w:val"), "1")) if span is not None else 1
        cells += ["" if goes_on else "\n".join(_blocks(cell, styles)), *[""] * min(width - 1, 200)]
    return cells


def _table_of(row: Element) -> Element | None:
    return next(row.iterancestors(qn("w:tbl")), None)


def _row_of(cell: Element) -> Element | None:
    return next(cell.iterancestors(qn("w:tr")), None)
