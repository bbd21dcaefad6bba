"""Paragraphs of pages that OCR has read, which it gives line by line: a full line goes on in the next one.

The rules are those for embedded text; places are less exact here.
"""

import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from kobunko.extract.page_joins import edge, piece_of
from kobunko.extract.pdf_paragraphs import in_place, joint_of
from kobunko.extract.pdf_pieces import Piece
from kobunko.masking import Mask, masked, moved
from kobunko.records import Line, Page

_FULL = 1.5  # em; a line that ends this near to where others end is a full one
_FULL_WORDS = 12  # letters; of a line of Latin words, which break earlier
_NARROW = 10.0  # em; in narrower regions lines are names and headings, not sentences
_ALIKE = 0.7  # of the larger one: the thickness of both lines
_HANGING = 3.2  # em; of the lines below a numbered one
_NUMBERED = re.compile(r"^(?:[0-9０-９]{1,3}|[(（][^)）]{1,3}[)）])\S")  # OCR sees no blank behind a number
_PITCH = 1.6  # of the usual distance of lines; more parts paragraphs

Printed = tuple[Line, Piece]


def in_paragraphs(page: Page) -> Page:
    """A page with the lines of its paragraphs joined."""
    if page.writing not in ("horizontal", "vertical"):
        return page
    lines = sorted(
        (line for line in page.lines if line.start < line.end and line.kind != "ruby"), key=lambda line: line.start
    )
    printed = [(line, piece_of(page, line)) for line in lines]
    texts = [piece for line, piece in printed if line.kind == "text"]
    joints = [joint for region in _regions(page, printed) for joint in _joints(region, texts)]
    if not joints:
        return page
    starts, ends = (
        moved(places, joints) for places in zip(*((line.start, line.end) for line in page.lines), strict=True)
    )
    placed = [replace(line, start=a, end=b) for line, a, b in zip(page.lines, starts, ends, strict=True)]
    return replace(page, text=masked(page.text, joints), lines=placed)


def _regions(page: Page, printed: Sequence[Printed]) -> Iterator[list[Printed]]:
    """Runs of lines of text, one below the other, each alone on its line."""
    region: list[Printed] = []
    for line, piece in printed:
        if region and not _is_below(page, region[-1], (line, piece)):
            yield region
            region = []
        region.append((line, piece))
    yield region


def _is_below(page: Page, above: Printed, below: Printed) -> bool:
    (before, one), (after, other) = above, below
    alone = page.text[before.end : after.start] == "\n" and before.kind == after.kind == "text"
    overlap = min(one.end, other.end) - max(one.start, other.start)
    beside = min(one.bottom, other.bottom) - max(one.top, other.top) > 0.5 * min(one.size, other.size)
    follows = other.middle < one.middle if page.writing == "vertical" else other.middle > one.middle
    return alone and follows and not beside and overlap > 0.5 * min(one.end - one.start, other.end - other.start)


def _joints(region: Sequence[Printed], page: Sequence[Piece]) -> Iterator[Mask]:
    """What takes the place of line ends within paragraphs; where few lines prove where they end, the page's do."""
    if len(region) < 2:
        return
    pieces = [piece for _, piece in region]
    em = statistics.median((piece.end - piece.start) / len(piece.text) for piece in pieces)
    end = edge(pieces, em)
    end = edge(page, em) if math.isinf(end) else end
    distances = [abs(b.middle - a.middle) for a, b in pairwise(pieces)]
    if end - min(piece.start for piece in pieces) < _NARROW * em:
        return
    pitch = _PITCH * statistics.median(distances)
    for ((line, one), (following, other)), distance in zip(pairwise(region), distances, strict=True):
        alike = min(one.size, other.size) > _ALIKE * max(one.size, other.size)
        full = one.end > end - (_FULL_WORDS if _is_latin(one.text) else _FULL) * em
        hangs = _NUMBERED.match(one.text) and 0 <= other.start - one.start <= _HANGING * em
        if full and alike and distance <= pitch and (hangs or in_place([one], other, em)):
            words = joint_of(one.text.rstrip(), other.text)
            if words != "\n":
                yield Mask(line.end - (words == "-"), following.start, "line end", words.strip("-"))


def _is_latin(text: str) -> bool:
    return sum(map(str.isascii, text)) > 0.8 * len(text)
