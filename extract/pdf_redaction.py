"""Failed redaction: dark text that can be copied from under dark boxes.

Drawing a black box over a name takes nothing out of a PDF. Such a text was meant for nobody, so the document is not
read at all. Candidates come from the drawing commands; what counts is the picture: a letter is covered where its place
shows one even colour.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pymupdf

from kobunko.extract.pdf_sheet import Box

_DARK = 0.25  # of white, of the box and of the letters
_OPAQUE = 0.95
_LEAST = 2  # letters under one box
_SMALLEST = 5.0  # points
_LARGEST = 0.3  # of the page, for images: larger ones are scans with their own layer
_EVEN = 24  # of 255; between the lightest and the darkest pixel of a covered letter
_SHRINK = 0.15  # of a letter's box, whose margin may show the neighbour
_ZOOM = 2
_PAINTED = 0x18


def covered_text(page: pymupdf.Page, drawings: Iterable[dict[str, Any]]) -> str:
    """Letters under dark boxes, images and annotations; empty where there are none."""
    boxes = [*_dark_fills(drawings), *_annotations(page), *_small_images(page)]
    if not boxes:
        return ""
    letters = [(box, text) for box, text in _dark_letters(page) if text.strip()]
    found = []
    for box in boxes:
        inside = [(letter, text) for letter, text in letters if _centre_in(letter, box)]
        if len(inside) >= _LEAST:
            found += _covered(page, box, inside)
    return "".join(found)


def _dark_fills(drawings: Iterable[dict[str, Any]]) -> list[Box]:
    return [
        path["rect"]
        for path in drawings
        if path.get("fill")
        and max(path["fill"]) < _DARK
        and (path.get("fill_opacity") or 0) >= _OPAQUE
        and _is_box(path["rect"])
    ]


def _annotations(page: pymupdf.Page) -> list[Box]:
    return [tuple(item.rect) for item in page.annots() if (fill := item.colors.get("fill")) and max(fill) < _DARK]


def _small_images(page: pymupdf.Page) -> list[Box]:
    if not page.get_images():
        return []
    most = _LARGEST * page.rect.width * page.rect.height
    boxes = [info["bbox"] for info in page.get_image_info()]
    return [box for box in boxes if _is_box(box) and (box[2] - box[0]) * (box[3] - box[1]) <= most]


def _is_box(box: Box) -> bool:
    return box[2] - box[0] >= _SMALLEST and box[3] - box[1] >= _SMALLEST


def _dark_letters(page: pymupdf.Page) -> list[tuple[Box, str]]:
    blocks = page.get_text("rawdict", flags=pymupdf.TEXT_PRESERVE_WHITESPACE)["blocks"]
    spans = (span for block in blocks for line in block.get("lines", ()) for span in line["spans"])
    return [
        (letter["bbox"], letter["c"])
        for span in spans
        if span["alpha"] and span["char_flags"] & _PAINTED and max(pymupdf.sRGB_to_pdf(span["color"])) < _DARK
        for letter in span["chars"]
    ]


def _centre_in(letter: Box, box: Box) -> bool:
    x, y = (letter[0] + letter[2]) / 2, (letter[1] + letter[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _covered(page: pymupdf.Page, box: Box, letters: Sequence[tuple[Box, str]]) -> list[str]:
    """The letters whose places are of one dark colour in the picture of the page."""
    clip = pymupdf.Rect(box) * page.rotation_matrix & page.rect
    if clip.is_empty:
        return []
    pixels = page.get_pixmap(matrix=pymupdf.Matrix(_ZOOM, _ZOOM), clip=clip, colorspace=pymupdf.csGRAY, alpha=False)
    gray = np.frombuffer(pixels.samples, dtype=np.uint8).reshape(pixels.height, pixels.stride)[:, : pixels.width]
    found = []
    for letter, text in letters:
        place = pymupdf.Rect(letter) * page.rotation_matrix
        down, across = place.height * _SHRINK, place.width * _SHRINK
        x0, x1 = ((value * _ZOOM) - pixels.x for value in (place.x0 + across, place.x1 - across))
        y0, y1 = ((value * _ZOOM) - pixels.y for value in (place.y0 + down, place.y1 - down))
        part = gray[max(int(y0), 0) : max(int(y1), 0), max(int(x0), 0) : max(int(x1), 0)]
        if part.size and int(part.max()) - int(part.min()) <= _EVEN and part.max() < 255 * _DARK * 2:
            found.append(text)
    return found if len(found) >= _LEAST else []
