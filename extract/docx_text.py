"""Lines of a Word document, read from its XML: python-docx leaves out text boxes, ruby and footnotes."""

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn
from lxml import etree

from kobunko.extract.markdown import table

Element = etree._Element

_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES = ("/footnotes", "/endnotes")


def body_lines(document: Any) -> tuple[list[str], list[list[list[str]]]]:
    """Paragraphs and tables in document order, then the notes; and the cells of each table that is not in another."""
    body = document.element.body
    lines = list(_blocks(body))
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_NOTES):
            lines += _blocks(etree.fromstring(relation.target_part.blob))
    tables = [
        list(_rows(found)) for found in body.iter(qn("w:tbl")) if next(found.iterancestors(qn("w:tbl")), None) is None
    ]
    return [line for line in lines if line.strip()], tables


def _blocks(container: Element) -> Iterator[str]:
    for child in container.iterchildren():
        if child.tag == qn("w:p"):
            yield from _paragraph(child)
        elif child.tag == qn("w:tbl"):
            yield table(_rows(child))
        elif isinstance(child.tag, str) and child.tag != qn("w:sectPr"):
            yield from _blocks(child)


def _paragraph(paragraph: Element) -> Iterator[str]:
    """The paragraph with its heading mark, then the text boxes that are anchored in it."""
    boxes: list[Element] = []
    text = _run(paragraph, boxes)
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = (style.get(qn("w:val")) or "").lower() if style is not None else ""
    level = name.removeprefix("heading")
    yield ("#" * int(level) + " " if name.startswith("heading") and level in "123456" and level else "") + text
    for box in boxes:
        yield from _blocks(box)


def _run(element: Element, boxes: list[Element]) -> str:
    pieces: list[str] = []
    for child in element.iterchildren():
        if child.tag == qn("w:t"):
            pieces.append(child.text or "")
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
            pieces.append(_run(child, boxes))
    return "".join(pieces)


def _rows(found: Element) -> Iterator[list[str]]:
    return (_row(row) for row in found.iter(qn("w:tr")) if _table_of(row) is found)


def _row(row: Element) -> list[str]:
    """Cells of a row; a cell that goes on from the row above is empty, a wide one is followed by empty ones."""
    cells: list[str] = []
    for cell in row.iter(qn("w:tc")):
        if _row_of(cell) is not row:
            continue
        merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
        span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        width = int(span.get(qn("w:val"), "1")) if span is not None else 1
        cells += ["" if goes_on else "\n".join(_blocks(cell)), *[""] * min(width - 1, 200)]
    return cells


def _table_of(row: Element) -> Element | None:
    return next(row.iterancestors(qn("w:tbl")), None)


def _row_of(cell: Element) -> Element | None:
    return next(cell.iterancestors(qn("w:tr")), None)
