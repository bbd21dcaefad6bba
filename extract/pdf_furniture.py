"""Furniture of pages: running heads and feet, page numbers, printer's slugs. It is recognised over all pages at once.

A row at the edge of a page is furniture where nothing but furniture stands between it and the edge, and where it
recurs in its place on other pages, counts the pages, or is a slug. What recurs further inside is text. What stands
where the printer cuts the page off is furniture in any case.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from kobunko.extract.pdf_sheet import Sheet, Span, begins_column, is_upright

HEADER, FOOTER, NUMBER = "header", "footer", "page-number"
_EDGE = 0.14  # of the page's height, and of the width of vertical pages: as far inside furniture may stand
_SIDE = 0.08  # of the width of horizontal pages
_STEPS = 60  # of the height; what stands in the same one stands in the same place
_LEAST_PAGES = 3
_SHARE = 0.2  # of the document's pages, up to _ENOUGH pages
_ENOUGH = 8
_LONGEST = 80  # characters
_ROW_PIECES = 6
_NUMBER = re.compile(
    r"^[\s\-‐–—―ー−・~〜～\[(（〔【<〈.]*(?:p|P|P\.|p\.|第)?\s*(\d{1,4}|[ivxlc]{1,6}|[一二三四五六七八九十百〇]{1,5})"
    r"\s*(?:[/／]\s*\d{1,4}|頁|ページ|枚目)?[\s\-‐–—―ー−・~〜～\])）〕】>〉.]*$"
)
_DRESSED = re.compile(r"^\s*(?:[\-‐–—―−]\s*\d{1,4}\s*[\-‐–—―−]|\d{1,4}\s*/\s*\d{1,4}|\d{1,4}\s*(?:頁|ページ))\s*$")
_SLUG = re.compile(r"\.(?:smd|indd|ai|jtdc?|fmx?|docx?)\b|\d{2,4}[/.]\d\d?[/.]\d\d?\s+\d\d?:\d\d", re.IGNORECASE)
_PLATE = re.compile(r"^No\. ?\d", re.IGNORECASE)  # what a picture is called
_DIGITS = re.compile(r"\d+|(?<=.{6})[一二三四五六七八九十百〇]{2,}$")  # kanji: numbers behind a running head
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")

Key = tuple[str, int]


class _Edge(NamedTuple):
    """A span at the edge of its page, as it is compared with those of other pages.

    `exact` is its text and place, `key` the same with any number for any other; `offset` is how far a page number is
    ahead of the page's place in the file, None where it is no number.
    """

    text: str
    exact: Key
    key: Key
    offset: int | None
    kind: str  # HEADER or FOOTER, should it be furniture and no number


def furniture(sheets: Sequence[Sheet]) -> list[dict[int, str]]:
    """For each page, `id(span) → kind` of its furniture."""
    pages = [_edge_rows(sheet) for sheet in sheets]
    known = [
        {id(span): _edge(span, sheet) for side in sides for row in side for span in row}
        for sheet, sides in zip(sheets, pages, strict=True)
    ]
    seen: Counter[Key] = Counter()
    offsets: Counter[tuple[int, int | None]] = Counter()
    for edges in known:
        seen.update({key for edge in edges.values() for key in (edge.key, edge.exact)})
        offsets.update({(edge.key[1], edge.offset) for edge in edges.values()})
    least = _least(len(sheets))
    found = []
    for sheet, edges, sides in zip(sheets, known, pages, strict=True):
        kinds = {number: _kind(edge, seen, offsets, least) for number, edge in edges.items()}
        outer = [id(span) for side in sides for row in _furnished(side, kinds) for span in row]
        found.append({number: kinds[number] for number in outer} | _cut_off(sheet))
    return found


def _cut_off(sheet: Sheet) -> dict[int, str]:
    """Text outside of the trimmed page."""
    if not sheet.trim:
        return {}
    left, top, right, bottom = sheet.trim
    middles = ((span, (span.box[0] + span.box[2]) / 2, (span.box[1] + span.box[3]) / 2) for span in sheet.spans)
    outside = ((span, y) for span, x, y in middles if not (left <= x <= right and top <= y <= bottom))
    return {id(span): HEADER if y < (top + bottom) / 2 else FOOTER for span, y in outside}


def _furnished(rows: Iterable[list[Span]], kinds: Mapping[int, str]) -> Iterator[list[Span]]:
    """Rows from an edge inward, up to the first with text in it."""
    return takewhile(lambda row: all(kinds[id(span)] for span in row), rows)


def _least(pages: int) -> int:
    return 2 if pages == 2 else max(_LEAST_PAGES, min(_ENOUGH, round(_SHARE * pages)))


def _kind(edge: _Edge, seen: Counter[Key], offsets: Counter[tuple[int, int | None]], least: int) -> str:
    """Kind of a span at the edge; empty where it is text."""
    if _PLATE.match(edge.text):
        return ""
    if _NUMBER.match(edge.text):
        counts = edge.offset == 0 or (edge.offset is not None and offsets[edge.key[1], edge.offset] >= least)
        if counts or _DRESSED.match(edge.text):
            return NUMBER
        return edge.kind if seen[edge.exact] >= least else ""
    if len(edge.text) <= _LONGEST and (seen[edge.key] >= least or _SLUG.search(edge.text)):
        return edge.kind
    return ""


def _edge(span: Span, sheet: Sheet) -> _Edge:
    text = unicodedata.normalize("NFKC", span.text).strip()
    top, bottom = sheet.frame[1], sheet.frame[3]
    height = ((span.box[1] + span.box[3]) / 2 - top) / ((bottom - top) or 1)
    solid, place = "".join(text.split()), round(height * _STEPS)
    match = _NUMBER.match(text)
    digits = match[1].translate(_KANJI_DIGITS) if match else ""
    offset = int(digits) - sheet.number if digits.isdecimal() else None
    kind = HEADER if height < 0.5 else FOOTER
    return _Edge(text, (solid, place), (_DIGITS.sub("#", solid), place), offset, kind)


def _edge_rows(sheet: Sheet) -> list[list[list[Span]]]:
    """Rows of text from each edge inward: from the top, the bottom, the left and the right."""
    x0, y0, x1, y1 = sheet.frame
    spans = [span for span in sheet.spans if span.cell is None]
    if vertical := sum(len(span.text) if span.down else -len(span.text) for span in spans) > 0:
        columns = [span for span in spans if span.down or is_upright(span)]
        spans = [span for span in spans if not begins_column(span, columns)]
    high = _EDGE * (y1 - y0)
    sides = [
        _rows([(span.box[1] - y0, span.box[3] - y0, span) for span in spans], high),
        _rows([(y1 - span.box[3], y1 - span.box[1], span) for span in spans], high),
    ]
    wide = (_EDGE if vertical else _SIDE) * (x1 - x0)
    return [
        *sides,
        _rows([(span.box[0] - x0, span.box[2] - x0, span) for span in spans], wide),
        _rows([(x1 - span.box[2], x1 - span.box[0], span) for span in spans], wide),
    ]


def _rows(extents: Sequence[tuple[float, float, Span]], far: float) -> list[list[Span]]:
    """Rows of spans from an edge inward as long as they lie within `far` of it.

    `extents` are where each span begins and ends, measured from the edge.
    """
    near_ones = [item for item in extents if item[0] <= far]
    rows: list[list[Span]] = []
    reach = 0.0
    for near, end, span in sorted(near_ones, key=lambda item: item[:2]):
        if rows and (near + end) / 2 < reach:
            rows[-1].append(span)
        else:
            rows.append([span])
            reach = end
        if end > far:
            return rows[:-1]
    if len(near_ones) < len(extents):
        return rows
    return list(takewhile(lambda row: len(row) <= _ROW_PIECES, rows))
