"""A page's text cut into pieces: lines that have a box, what stands between them, and what is to be marked."""

from dataclasses import dataclass
from itertools import pairwise

from kobunko.web.service import PageText

SCALE = 1000  # of the drawing over the picture, whose coordinates are thousandths of the page


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text. `line` numbers the lines with a box from 1; 0 is text without one."""

    text: str
    line: int
    marked: bool
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0


def segments(page: PageText, start: int, end: int) -> list[Segment]:
    """The whole text of the page in order. Characters `start` to `end` (of the document) are marked."""
    found: list[Segment] = []
    position = page.start
    number = 0
    for line in sorted(page.lines, key=lambda item: item["start"]):
        if line["start"] < position or line["end"] <= line["start"] or line["end"] > page.end:
            continue  # left out of the text, or a box that shares its characters with the one before
        found += _plain(page, position, line["start"], start, end)
        number += 1
        place = {"x": line["x0"], "y": line["y0"], "width": line["x1"] - line["x0"], "height": line["y1"] - line["y0"]}
        box = {name: round(SCALE * max(0.0, value), 2) for name, value in place.items()}
        text = page.text[line["start"] - page.start : line["end"] - page.start]
        found.append(Segment(text, number, line["start"] < end and line["end"] > start, **box))
        position = line["end"]
    return found + _plain(page, position, page.end, start, end)


def _plain(page: PageText, first: int, last: int, start: int, end: int) -> list[Segment]:
    """Text without a box, cut where the mark begins and ends."""
    cuts = sorted({first, last, *(cut for cut in (start, end) if first < cut < last)})
    return [Segment(page.text[a - page.start : b - page.start], 0, start <= a and b <= end) for a, b in pairwise(cuts)]
