"""What is printed on a PDF page, seen as pixels: ink, marks of the size of letters, and images."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pymupdf
from scipy import ndimage

from kobunko.extract.pdf_painting import Ink, Painting
from kobunko.extract.pdf_sheet import Box, Span
from kobunko.extract.pdf_spans import places

_PAGE: Box = 0.0, 0.0, 1.0, 1.0
_MARK_PIXELS = (4, 50)  # height and width of what may be a letter
_EDGE = 0.02  # of the page's sides, where scanners leave their black borders
_NEXT_LINE = 2.0  # heights of a line between two lines
_LINE_GAP = 1.2  # heights between two letters of a line
_ALIKE = 0.6  # of the higher one: heights of two letters of a line
_NEIGHBOURS = ndimage.generate_binary_structure(2, 1)  # pixels of one mark touch by their sides
_AT_ONCE = 100_000  # pictures times lines that are compared at a time
_MARKS_PER_SQUARE = 4  # of a line's height; the letters of dense print fall apart into three


def ink(painting: Painting, parts: Sequence[Box] = (_PAGE,)) -> Ink:
    """Dark pixels of the page without its edges; where parts are given, of these alone (fractions of the page)."""
    width, height = painting.rect.width, painting.rect.height
    clips = [pymupdf.Rect(x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in parts]
    dark = painting.dark_within(clips)
    down, across = int(dark.shape[0] * _EDGE), int(dark.shape[1] * _EDGE)
    dark[:down], dark[dark.shape[0] - down :], dark[:, :across], dark[:, dark.shape[1] - across :] = (False,) * 4
    return dark


def images(painting: Painting) -> list[Box]:
    """Boxes of the images on the page, in fractions of it."""
    place = places(painting.rect, painting.page.rotation_matrix if painting.page.rotation else None)
    return [place(box) for box in painting.images()]


def marks_inside(painting: Painting, boxes: Sequence[Box], pictures: Sequence[Box]) -> int:
    """How many marks of letters stand in small pictures, outside of the text layer's boxes."""
    width, height = painting.rect.width, painting.rect.height
    count = 0
    for picture in pictures:
        x0, y0, x1, y1 = picture
        dark = painting.dark(pymupdf.Rect(x0 * width, y0 * height, x1 * width, y1 * height))
        count += len(_marks(_without(dark, [inner for box in boxes if (inner := _part(box, picture))])))
    return count


def room_for_marks(painting: Painting, pictures: Sequence[Box]) -> float:
    """How many marks one row of letters in each picture can have, as high as the picture."""
    shape: float = painting.rect.width / (painting.rect.height or 1)
    squares: float = sum((x1 - x0) * shape / ((y1 - y0) or 1) for x0, y0, x1, y1 in pictures)
    return _MARKS_PER_SQUARE * squares


def hides_letters(painting: Painting, least: float) -> bool:
    """Whether so many letters may be painted on the page by other means than as text: in images, or as drawings."""
    pictures, paths = painting.drawn()
    if pictures or paths >= least or not paths:
        return bool(pictures or paths)
    return sum(len(path["items"]) for path in painting.page.get_cdrawings()) >= least


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
    """Pictures that stand in for letters: as high as a line of text, in it or as a whole line over or under it."""
    lines = [span.place for span in spans if not span.down]
    if not pictures or not lines:
        return []
    step = max(_AT_ONCE // len(lines), 1)
    parts = [_in_line(pictures[first : first + step], lines) for first in range(0, len(pictures), step)]
    return [box for box, found in zip(pictures, np.concatenate(parts), strict=True) if found]


def _part(box: Box, whole: Box) -> Box | None:
    """What lies of a box in another one, in fractions of that; None where nothing does."""
    x0, y0, x1, y1 = max(box[0], whole[0]), max(box[1], whole[1]), min(box[2], whole[2]), min(box[3], whole[3])
    if x0 >= x1 or y0 >= y1:
        return None
    width, height = whole[2] - whole[0], whole[3] - whole[1]
    return (x0 - whole[0]) / width, (y0 - whole[1]) / height, (x1 - whole[0]) / width, (y1 - whole[1]) / height


def _in_line(pictures: Sequence[Box], lines: Sequence[Box]) -> npt.NDArray[np.bool_]:
    """For each picture, whether it stands in for letters of one of the lines."""
    left, top, right, bottom = np.array(pictures).T[:, :, None]
    x0, y0, x1, y1 = np.array(lines).T[:, None]
    high, text_high = bottom - top, y1 - y0
    down, across = np.maximum(y0 - bottom, top - y1), np.maximum(x0 - right, left - x1)
    alike = (_ALIKE * text_high <= high) & (high <= text_high / _ALIKE) & (down <= _NEXT_LINE * text_high)
    beside = (down < 0) & (-down >= 0.8 * np.minimum(high, text_high)) & (across <= text_high)
    below = (down >= 0) & (abs(left - x0) <= 0.5 * text_high) & (abs(right - x1) <= 2 * text_high)
    found: npt.NDArray[np.bool_] = (alike & (beside | below)).any(axis=1)
    return found


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
