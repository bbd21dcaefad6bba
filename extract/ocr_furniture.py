"""Running heads, feet and page numbers of pages that OCR has read: they leave the text and stay among the lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kobunko.extract.pdf_furniture import NUMBER, furniture
from kobunko.extract.pdf_sheet import Letters, Sheet, Span
from kobunko.masking import Mask, masked, moved
from kobunko.records import Line, Page

_WIDTH, _HEIGHT = 595.0, 842.0  # points: OCR gives places in fractions of a page
_FRAME = (0.0, 0.0, _WIDTH, _HEIGHT)
_TALL = 1.5  # of its width: the height of a line that runs down the page
_NOTHING = Letters(0, 0, Counter(), Counter(), 0)


def without_furniture(pages: Sequence[Page]) -> list[Page]:
    """All pages, of those read by OCR the text without what recurs at their edges or numbers them."""
    read = [page for page in pages if page.method == "ocr" and page.lines]
    spans = [[_span(page, line) for line in page.lines] for page in read]
    sheets = [Sheet(page.number, _FRAME, None, some, [], [], _NOTHING) for page, some in zip(read, spans, strict=True)]
    freed = {}
    for page, some, found in zip(read, spans, furniture(sheets), strict=True):
        kinds = [found.get(id(span), line.kind) for span, line in zip(some, page.lines, strict=True)]
        left_out = {place: kind for place, kind in enumerate(kinds) if id(some[place]) in found or kind == NUMBER}
        freed[page.number] = _without(page, left_out)
    return [freed.get(page.number, page) for page in pages]


def _span(page: Page, line: Line) -> Span:
    box = (line.x0 * _WIDTH, line.y0 * _HEIGHT, line.x1 * _WIDTH, line.y1 * _HEIGHT)
    width, height = box[2] - box[0], box[3] - box[1]
    place, cell = (line.x0, line.y0, line.x1, line.y1), (0, 0) if line.kind == "table" else None
    return Span(box, min(width, height), page.text[line.start : line.end], height > _TALL * width, place, cell)


def _without(page: Page, kinds: Mapping[int, str]) -> Page:
    """A page without the text of lines by number, which keep it themselves and get another kind."""
    if not kinds:
        return page
    cuts = [_cut(page.text, page.lines[number]) for number in kinds]
    starts, ends = (
        moved(places, cuts) for places in zip(*((line.start, line.end) for line in page.lines), strict=True)
    )
    lines = []
    for number, (line, start, end) in enumerate(zip(page.lines, starts, ends, strict=True)):
        if number in kinds:
            line = replace(line, kind=kinds[number], text=page.text[line.start : line.end])
            end = start
        lines.append(replace(line, start=start, end=end))
    return replace(page, text=masked(page.text, cuts), lines=lines)


def _cut(text: str, line: Line) -> Mask:
    """A line with the white space that parts it from the next one, or from the one before where it is the last."""
    start, end = line.start, line.end
    if text[end : end + 1] in ("\n", "\t"):
        end += 1
    elif text[max(start - 1, 0) : start] in ("\n", "\t"):
        start -= 1
    return Mask(start, end, "furniture", "")
