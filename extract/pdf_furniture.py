"""Furniture of pages: running heads and feet, page numbers, printer's slugs. It is recognised over all pages at once.

A row at the edge of a page is furniture where nothing but furniture stands between it and the edge, and where it
recurs in its place on other pages, counts the pages, or is a slug. What recurs further inside is text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from kobunko.extract.pdf_spans import Sheet, Span

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
    r"^[\s\-‐–—―ー−・~〜～\[(（〔【<〈.]*(?:p|P|P\.|p\.|No\.|第)?\s*(\d{1,4}|[ivxlc]{1,6}|[一二三四五六七八九十百〇]{1,5})"
    r"\s*(?:[/／]\s*\d{1,4}|頁|ページ|枚目)?[\s\-‐–—―ー−・~〜～\])）〕】>〉.]*$"
)
_DRESSED = re.compile(r"^\s*(?:[\-‐–—―−]\s*\d{1,4}\s*[\-‐–—―−]|\d{1,4}\s*/\s*\d{1,4}|\d{1,4}\s*(?:頁|ページ))\s*$")
_SLUG = re.compile(r"\.(?:smd|indd|ai|jtdc?|fmx?|docx?)\b|\d{2,4}[/.]\d\d?[/.]\d\d?\s+\d\d?:\d\d", re.IGNORECASE)
_KANJI_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")

Key = tuple[str, int]


def furniture(sheets: Sequence[Sheet]) -> list[dict[int, str]]:
    """For each page, `id(span) → kind` of its furniture."""
    edges = [_edge_rows(sheet) for sheet in sheets]
    seen: Counter[Key] = Counter()
    offsets: Counter[tuple[int, int | None]] = Counter()
    for sheet, rows in zip(sheets, edges, strict=True):
        spans = [span for side in rows for row in side for span in row]
        seen.update({key for span in spans for key in (_key(span, sheet), _exact_key(span, sheet))})
        offsets.update({(_key(span, sheet)[1], _offset(span, sheet)) for span in spans})
    least = _least(len(sheets))
    found = []
    for sheet, sides in zip(sheets, edges, strict=True):
        mine: dict[int, str] = {}
        for side in sides:
            for row in side:
                kinds = [_kind(span, sheet, seen, offsets, least) for span in row]
                if not all(kinds):
                    break
                mine |= {id(span): kind for span, kind in zip(row, kinds, strict=True)}
        found.append(mine)
    return found


def _least(pages: int) -> int:
    return 2 if pages == 2 else max(_LEAST_PAGES, min(_ENOUGH, round(_SHARE * pages)))


def _kind(span: Span, sheet: Sheet, seen: Counter[Key], offsets: Counter[tuple[int, int | None]], least: int) -> str:
    """Kind of a span at the edge; empty where it is text."""
    text = unicodedata.normalize("NFKC", span.text).strip()
    if _NUMBER.match(text):
        offset = _offset(span, sheet)
        counts = offset == 0 or (offset is not None and offsets[_key(span, sheet)[1], offset] >= least)
        if counts or _DRESSED.match(text):
            return NUMBER
        return _head_or_foot(span, sheet) if seen[_exact_key(span, sheet)] >= least else ""
    if len(text) <= _LONGEST and (seen[_key(span, sheet)] >= least or _SLUG.search(text)):
        return _head_or_foot(span, sheet)
    return ""


def _head_or_foot(span: Span, sheet: Sheet) -> str:
    return HEADER if _height(span, sheet) < 0.5 else FOOTER


def _edge_rows(sheet: Sheet) -> list[list[list[Span]]]:
    """Rows of text from each edge inward: from the top, the bottom, the left and the right."""
    x0, y0, x1, y1 = sheet.frame
    spans = [span for span in sheet.spans if span.cell is None]
    high = _EDGE * (y1 - y0)
    sides = [
        _rows(spans, lambda span: (span.box[1] - y0, span.box[3] - y0), high),
        _rows(spans, lambda span: (y1 - span.box[3], y1 - span.box[1]), high),
    ]
    vertical = sum(span.down for span in spans) > len(spans) / 2
    wide = (_EDGE if vertical else _SIDE) * (x1 - x0)
    return [
        *sides,
        _rows(spans, lambda span: (span.box[0] - x0, span.box[2] - x0), wide),
        _rows(spans, lambda span: (x1 - span.box[2], x1 - span.box[0]), wide),
    ]


def _rows(spans: Iterable[Span], extent: Callable[[Span], tuple[float, float]], far: float) -> list[list[Span]]:
    """Rows of spans from an edge inward as long as they lie within `far` of it; `extent` measures from the edge."""
    rows: list[list[Span]] = []
    reach = 0.0
    for near, end, span in sorted(((*extent(span), span) for span in spans), key=lambda item: item[:2]):
        if rows and (near + end) / 2 < reach:
            rows[-1].append(span)
        else:
            rows.append([span])
            reach = end
        if end > far:
            return rows[:-1]
    return list(takewhile(lambda row: len(row) <= _ROW_PIECES, rows))


def _height(span: Span, sheet: Sheet) -> float:
    top, bottom = sheet.frame[1], sheet.frame[3]
    return ((span.box[1] + span.box[3]) / 2 - top) / ((bottom - top) or 1)


def _key(span: Span, sheet: Sheet) -> Key:
    """Text and place of a span, with any number for any other."""
    text, place = _exact_key(span, sheet)
    return re.sub(r"\d+", "#", text), place


def _exact_key(span: Span, sheet: Sheet) -> Key:
    return "".join(unicodedata.normalize("NFKC", span.text).split()), round(_height(span, sheet) * _STEPS)


def _offset(span: Span, sheet: Sheet) -> int | None:
    """How far a page number is ahead of the page's place in the file; None where it is no number."""
    match = _NUMBER.match(unicodedata.normalize("NFKC", span.text).strip())
    digits = match[1].translate(_KANJI_DIGITS) if match else ""
    return int(digits) - sheet.number if digits.isdecimal() else None
