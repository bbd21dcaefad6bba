"""Sets official Japanese documents as PDF: horizontal pages, vertical pages, and the scan of a sheet of paper.

A source text has one paragraph a line. A line may begin with a mark: `# ` title in the centre, `^ ` centred, `> ` at
the right, `|a|b|` a row of a ruled table. The font is the CJK font that PyMuPDF brings along: no system font is needed.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pymupdf
from PIL import Image

FONT = pymupdf.Font("japan")
A4 = (595.0, 842.0)
DATE = "D:20261001090000+09'00'"
NOT_AT_LINE_START = "、。，．）」』】・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
TURNED = "（）「」『』【】〔〕ー―…〜－＝"  # turned by a quarter in vertical writing
UPPER_RIGHT = "、。"
SMALL = "ぁぃぅぇぉっゃゅょァィゥェォッャュョ"


@dataclass(frozen=True)
class Style:
    """Measures of a horizontal page, in points and characters."""

    size: float = 10.5
    leading: float = 18.5
    columns: int = 42  # full-width characters a line
    lines: int = 37  # lines a page
    top: float = 82
    number: str = ""  # page number at the foot, e.g. "- {} -"

    @property
    def left(self) -> float:
        return (A4[0] - self.columns * self.size) / 2


NOTICE = Style()
JUDGMENT = Style(size=12, leading=25, columns=37, lines=26, top=95, number="- {} -")


def horizontal(source: str, title: str, style: Style = NOTICE) -> bytes:
    document = pymupdf.open()
    _fill(document, source, style)
    return _bytes(document, title)


def vertical(source: str, title: str) -> bytes:
    """Columns from right to left, each character in its own cell: upright, or turned as vertical writing asks."""
    size, pitch, rows = 12.0, 23.0, 50
    right, top = A4[0] - 80, 90.0
    columns = [line for paragraph in source.splitlines() for line in _wrap(paragraph, rows * size, size)]
    per_page = int((right - 60) / pitch) + 1
    document = pymupdf.open()
    for start in range(0, len(columns), per_page):
        page = document.new_page(width=A4[0], height=A4[1])
        upright = pymupdf.TextWriter(page.rect)
        for column, line in enumerate(columns[start : start + per_page]):
            for row, character in enumerate(line):
                _cell(page, upright, character, right - column * pitch, top + row * size, size)
        upright.write_text(page)
    return _bytes(document, title)


def scan(source: str, title: str, seed: int) -> bytes:
    """A sheet of paper as a copier gives it: 200 dpi, grey, slightly askew and speckled, and no text layer."""
    sheet = pymupdf.open()
    _fill(sheet, source, Style(size=12, leading=23, columns=36, lines=28))
    document = pymupdf.open()
    noise = np.random.default_rng(seed)
    for paper in sheet.pages():
        pixels = paper.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        grey = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
        askew = grey.rotate(float(noise.uniform(0.3, 0.7)), Image.Resampling.BICUBIC, fillcolor=255)
        speckled = np.asarray(askew, dtype=np.float32) * 0.9 + 14 + noise.normal(0, 5, askew.size[::-1])
        picture = io.BytesIO()
        Image.fromarray(np.clip(speckled, 0, 255).astype(np.uint8)).save(picture, "JPEG", quality=60, dpi=(200, 200))
        page = document.new_page(width=A4[0], height=A4[1])
        page.insert_image(page.rect, stream=picture.getvalue())
    return _bytes(document, title)


def _fill(document: pymupdf.Document, source: str, style: Style) -> None:
    rows = list(_rows(source, style))
    for start in range(0, len(rows), style.lines):
        page = document.new_page(width=A4[0], height=A4[1])
        writer = pymupdf.TextWriter(page.rect)
        for row, (kind, line) in enumerate(rows[start : start + style.lines]):
            base = style.top + row * style.leading
            if kind == "|":
                _table_row(page, writer, line, base, style)
            elif line:
                _line(writer, kind, line, base, style)
        if style.number:
            number = style.number.format(start // style.lines + 1)
            writer.append((A4[0] / 2 - FONT.text_length(number, style.size) / 2, A4[1] - 50), number, FONT, style.size)
        writer.write_text(page)


def _rows(source: str, style: Style) -> Iterator[tuple[str, str]]:
    """Lines of the page with their mark; long paragraphs broken."""
    for paragraph in source.splitlines():
        if paragraph.startswith(("# ", "^ ", "> ")):
            yield paragraph[0], paragraph[2:]
        elif paragraph.startswith("|"):
            yield "|", paragraph
        else:
            yield from (("", line) for line in _wrap(paragraph, style.columns * style.size, style.size))


def _wrap(paragraph: str, width: float, size: float) -> list[str]:
    """Breaks a paragraph by width; a mark that may not begin a line hangs at the end of the one before."""
    lines = [""]
    for character in paragraph:
        full = FONT.text_length(lines[-1] + character, size) > width + 0.01
        if full and not (character in NOT_AT_LINE_START and FONT.text_length(lines[-1], size) < width + size / 2):
            lines.append("")
        lines[-1] += character
    return lines


def _line(writer: pymupdf.TextWriter, kind: str, line: str, base: float, style: Style) -> None:
    size = style.size * 1.3 if kind == "#" else style.size
    length = FONT.text_length(line, size)
    x = {
        "": style.left,
        ">": A4[0] - style.left - length,
    }.get(kind, (A4[0] - length) / 2)
    writer.append((x, base), line, FONT, size)


def _table_row(page: pymupdf.Page, writer: pymupdf.TextWriter, line: str, base: float, style: Style) -> None:
    cells = line.strip("|").split("|")
    width = (A4[0] - 2 * style.left) / len(cells)
    for column, cell in enumerate(cells):
        x, top = style.left + column * width, base - style.leading * 0.72
        page.draw_rect(pymupdf.Rect(x, top, x + width, top + style.leading), width=0.5)
        writer.append((x + 5, base), cell, FONT, style.size * 0.95)


def _cell(page: pymupdf.Page, upright: pymupdf.TextWriter, character: str, x: float, y: float, size: float) -> None:
    """Sets one character into the cell whose upper left corner is at x, y."""
    base = pymupdf.Point(x, y + size * 0.86)
    if character in TURNED:
        turned = pymupdf.TextWriter(page.rect)
        turned.append(base, character, FONT, size)
        centre = pymupdf.Point(x + size / 2, y + size / 2)
        turned.write_text(page, morph=(centre, pymupdf.Matrix(-90)))
        return
    if character in UPPER_RIGHT:
        base += (size * 0.62, -size * 0.58)
    elif character in SMALL:
        base += (size * 0.1, -size * 0.1)
    upright.append(base, character, FONT, size)


def _bytes(document: pymupdf.Document, title: str) -> bytes:
    document.set_metadata(
        {"title": title, "producer": "demo", "creator": "kobunko.demo", "creationDate": DATE, "modDate": DATE}
    )
    document.subset_fonts()
    return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))
