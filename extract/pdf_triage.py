"""Whether a PDF page's text layer can be trusted, or the page has to be read from its image, or is blank."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pymupdf
from scipy import ndimage

from kobunko.extract.pdf_spans import Sheet

_DPI = 150
_DARK = 190  # of 255; darker pixels are ink: the thin strokes of small print are grey
_BLANK_INK = 0.0004  # share of the page; dust on a scanned empty page stays below
_SPARSE = 200  # characters; a page with more is not held against its image
_LEAST_MARKS = 40
_MARKS_PER_CHARACTER = 1.5
_MARK_PIXELS = (4, 50)  # height and width of what may be a letter
_EDGE = 0.02  # of the page's sides, where scanners leave their black borders

_LOST = re.compile("[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029]|\\(cid:\\d+\\)")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LATIN_1 = re.compile("[\xa1-\xff]")
_FOREIGN = re.compile("[\u0530-\u10ff\u1200-\u1dff]")
_LOST_SHARE, _LEAST_LOST = 0.01, 3
_PRIVATE_SHARE = 0.2
_MOJIBAKE_SHARE = 0.25
_FOREIGN_SHARE, _FOREIGN_SCRIPTS = 0.1, 4  # one foreign script is a translation, four at once are wrong glyph tables

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`method` and `reason` of the page."""

    method: str
    reason: str
    figures: dict[str, float] = field(default_factory=dict)


TRUSTED = Verdict("embedded", "text-layer")


def judge(page: pymupdf.Page, sheet: Sheet) -> Verdict:
    """Verdict on a page with the text of its layer and where that text stands (points, top left origin)."""
    text = sheet.text
    boxes = [span.place for span in sheet.spans]
    characters = len("".join(text.split()))
    if broken_encoding(text):
        return Verdict("ocr", "broken-encoding")
    if characters >= _SPARSE:
        return TRUSTED
    ink = _ink(page)
    if not characters:
        return Verdict("none", "blank") if ink.mean() < _BLANK_INK else Verdict("ocr", "no-text-layer")
    if _unread_marks(ink, boxes, page) > max(_LEAST_MARKS, _MARKS_PER_CHARACTER * characters):
        return Verdict("ocr", "few-characters-for-ink")
    return TRUSTED


def broken_encoding(text: str) -> bool:
    """Whether the characters cannot be what is printed: lost, private, or of scripts that never stand together."""
    solid = "".join(character for character in text if character not in " \n\t\r\u3000\xa0")
    if not solid:
        return False
    lost = len(_LOST.findall(solid))
    foreign = _FOREIGN.findall(solid)
    return (
        (lost >= _LEAST_LOST and lost >= _LOST_SHARE * len(solid))
        or len(_PRIVATE.findall(solid)) > _PRIVATE_SHARE * len(solid)
        or len(_LATIN_1.findall(solid)) > _MOJIBAKE_SHARE * len(solid)
        or (len(foreign) > _FOREIGN_SHARE * len(solid) and len({ord(c) >> 7 for c in foreign}) >= _FOREIGN_SCRIPTS)
    )


def _ink(page: pymupdf.Page) -> npt.NDArray[np.bool_]:
    pixels = page.get_pixmap(dpi=_DPI, colorspace=pymupdf.csGRAY, alpha=False)
    gray = np.frombuffer(pixels.samples, dtype=np.uint8).reshape(pixels.height, pixels.stride)[:, : pixels.width]
    ink: npt.NDArray[np.bool_] = gray < _DARK
    down, across = int(ink.shape[0] * _EDGE), int(ink.shape[1] * _EDGE)
    return ink[down : ink.shape[0] - down, across : ink.shape[1] - across]


def _unread_marks(ink: npt.NDArray[np.bool_], boxes: Sequence[Box], page: pymupdf.Page) -> int:
    """How many marks of the size of a letter stand outside of the text layer's boxes."""
    rest = ink.copy()
    scale = _DPI / 72
    width, height = page.rect.width * scale, page.rect.height * scale
    down, across = int(height * _EDGE), int(width * _EDGE)
    for x0, y0, x1, y1 in boxes:
        left, top = max(int(x0 * width) - across - 1, 0), max(int(y0 * height) - down - 1, 0)
        rest[top : max(int(y1 * height) - down + 2, 0), left : max(int(x1 * width) - across + 2, 0)] = False
    marks, _ = ndimage.label(rest)
    low, high = _MARK_PIXELS
    return sum(
        low <= rows.stop - rows.start <= high and low <= columns.stop - columns.start <= high
        for rows, columns in ndimage.find_objects(marks)
    )
