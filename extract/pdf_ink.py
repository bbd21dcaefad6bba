"""What is printed on a PDF page, seen as pixels: ink, marks of the size of letters, and images."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pymupdf
from scipy import ndimage

from kobunko.extract.pdf_spans import Box, Span, places

_DPI = 150
_DARK = 190  # of 255; darker pixels are ink: the thin strokes of small print are grey
_MARK_PIXELS = (4, 50)  # height and width of what may be a letter
_EDGE = 0.02  # of the page's sides, where scanners leave their black borders
_LINE_GAP = 1.2  # heights between two letters of a line
_ALIKE = 0.6  # of the higher one: heights of two letters of a line
_NEIGHBOURS = ndimage.generate_binary_structure(2, 1)  # pixels of one mark touch by their sides
_MOST_PIXELS = 12_000_000  # letters of posters are large

Ink = npt.NDArray[np.bool_]


class Picture:
    """A page as it is shown. MuPDF reads its commands once, when something is looked at for the first time."""

    def __init__(self, page: pymupdf.Page) -> None:
        self._page = page

    @cached_property
    def _rect(self) -> pymupdf.Rect:
        rect: pymupdf.Rect = self._page.rect
        return rect

    @cached_property
    def _commands(self) -> pymupdf.DisplayList:
        commands: pymupdf.DisplayList = self._page.get_displaylist()
        return commands

    def ink(self) -> Ink:
        """Dark pixels of the page; one of unusual size is rendered more coarsely."""
        dark = self._dark(self._rect)
        down, across = int(dark.shape[0] * _EDGE), int(dark.shape[1] * _EDGE)
        dark[:down], dark[dark.shape[0] - down :], dark[:, :across], dark[:, dark.shape[1] - across :] = (False,) * 4
        return dark

    def images(self) -> list[Box]:
        """Boxes of the images on the page, in fractions of it."""
        if not self._page.get_images():
            return []
        place = places(self._rect, self._page.rotation_matrix if self._page.rotation else None)
        return [place(info["bbox"]) for info in self._image_info()]

    def marks_inside(self, boxes: Sequence[Box], pictures: Sequence[Box]) -> int:
        """How many marks of letters stand in small pictures, outside of the text layer's boxes."""
        width, height = self._rect.width, self._rect.height
        count = 0
        for picture in pictures:
            x0, y0, x1, y1 = picture
            dark = self._dark(pymupdf.Rect(x0 * width, y0 * height, x1 * width, y1 * height))
            count += len(_marks(_without(dark, [inner for box in boxes if (inner := _part(box, picture))])))
        return count

    def _image_info(self) -> list[dict[str, Any]]:
        if self._page.rotation:  # PyMuPDF gives them unturned, the commands are turned
            return list(self._page.get_image_info())
        return list(pymupdf.TextPage(self._commands.get_textpage(pymupdf.TEXT_PRESERVE_IMAGES)).extractIMGINFO())

    def _dark(self, clip: pymupdf.Rect) -> Ink:
        dpi = min(_DPI, int((_MOST_PIXELS * 72 * 72 / max(self._rect.width * self._rect.height, 1)) ** 0.5))
        zoom = max(dpi, 1) / 72
        pixels = self._commands.get_pixmap(pymupdf.Matrix(zoom, zoom), pymupdf.csGRAY, alpha=0, clip=clip)
        gray = np.frombuffer(pixels.samples, dtype=np.uint8).reshape(pixels.height, pixels.stride)[:, : pixels.width]
        dark: Ink = gray < _DARK
        return dark


def hides_letters(page: pymupdf.Page, least: float) -> bool:
    """Whether so many letters may be painted on the page by other means than as text: in images, or as drawings."""
    others = {kind for kind, *_ in page.get_bboxlog() if not kind.endswith("-text")}
    if not others <= {"fill-path", "stroke-path"}:
        return True
    return bool(others) and sum(len(path["items"]) for path in page.get_cdrawings()) >= least


def unread_marks(dark: Ink, boxes: Sequence[Box]) -> int:
    """How many marks of the size of a letter stand outside of the text layer's boxes (fractions of the page)."""
    return len(_marks(_without(dark, boxes)))


def lettered_marks(dark: Ink, boxes: Sequence[Box], pictures: Sequence[Box]) -> int:
    """How many marks in pictures stand beside another of their height, as the letters of a line do."""
    rest = _without(dark, boxes)
    count = 0
    for box in pictures:
        top, bottom, left, right = _pixels(rest, box)
        marks = sorted(_marks(rest[top:bottom, left:right]), key=lambda mark: mark[1].start)
        count += sum(any(_beside(mark, other) for other in marks[i + 1 : i + 60]) for i, mark in enumerate(marks))
    return count


def in_lines(pictures: Sequence[Box], spans: Sequence[Span]) -> list[Box]:
    """Pictures that fill a gap in a line of text, as high as the line."""
    return [box for box in pictures if any(_in_line(box, span.place) for span in spans if not span.down)]


def _part(box: Box, whole: Box) -> Box | None:
    """What lies of a box in another one, in fractions of that; None where nothing does."""
    x0, y0, x1, y1 = max(box[0], whole[0]), max(box[1], whole[1]), min(box[2], whole[2]), min(box[3], whole[3])
    if x0 >= x1 or y0 >= y1:
        return None
    width, height = whole[2] - whole[0], whole[3] - whole[1]
    return (x0 - whole[0]) / width, (y0 - whole[1]) / height, (x1 - whole[0]) / width, (y1 - whole[1]) / height


def _in_line(picture: Box, text: Box) -> bool:
    high, text_high = picture[3] - picture[1], text[3] - text[1]
    overlap = min(picture[3], text[3]) - max(picture[1], text[1])
    gap = max(text[0] - picture[2], picture[0] - text[2])
    return (
        _ALIKE * text_high <= high <= text_high / _ALIKE and overlap >= 0.8 * min(high, text_high) and gap <= text_high
    )


def _beside(mark: tuple[slice, slice], other: tuple[slice, slice]) -> bool:
    height, other_height = mark[0].stop - mark[0].start, other[0].stop - other[0].start
    high, low = max(height, other_height), min(height, other_height)
    overlap = min(mark[0].stop, other[0].stop) - max(mark[0].start, other[0].start)
    gap = other[1].start - mark[1].stop
    alike = low >= _ALIKE * high and overlap >= 0.7 * low
    return bool(alike and -0.2 * high <= gap <= _LINE_GAP * high)


def _without(dark: Ink, boxes: Sequence[Box]) -> Ink:
    rest = dark.copy()
    for box in boxes:
        top, bottom, left, right = _pixels(rest, box)
        rest[max(top - 1, 0) : bottom + 2, max(left - 1, 0) : right + 2] = False
    return rest


def _pixels(dark: Ink, box: Box) -> tuple[int, int, int, int]:
    height, width = dark.shape
    return int(box[1] * height), int(box[3] * height), int(box[0] * width), int(box[2] * width)


def _marks(dark: Ink) -> list[tuple[slice, slice]]:
    down, across = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not down.size:
        return []
    labels, _ = ndimage.label(dark[down[0] : down[-1] + 1, across[0] : across[-1] + 1], _NEIGHBOURS)
    low, high = _MARK_PIXELS
    return [
        (rows, columns)
        for rows, columns in ndimage.find_objects(labels)
        if low <= rows.stop - rows.start <= high and low <= columns.stop - columns.start <= high
    ]
