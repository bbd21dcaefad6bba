"""Long straight rules on a page image, and the cells of ruled tables: the white regions that rules close in.

Regions instead of crossing points, because they survive skew, merged cells and rules of any thickness; where a rule
is broken, two cells become one and the page is read by its rows there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from kobunko.ocr.engines import Image, Quad
from kobunko.ocr.lines import Box

RULE = 30  # a rule is at least this part of the image's longest side; no stroke of a character is
NEIGHBOURHOOD = (41, 41)  # pixels around, with whose mean a pixel is compared
DARKER = 20  # grey levels below that mean from which a pixel is ink
BRIDGE = (5, 5)  # pixels: rules are thickened so far that gaps at their corners close
SMALLEST = 8  # pixels of width and height of a cell
COVERED = 0.8  # of a line that cells must hold to part it
LONG = 0.3  # of the page's width that a rule between tiers of vertical writing has at least
FILLED = 0.6  # of its box a region must fill to be a cell, which skew tilts, and not what surrounds cells


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn on an upright page, in pixels: closed cells (empty ones too) and rules from side to side."""

    cells: list[Box]
    rules: list[Box]


def find_drawn(image: Image) -> Drawn:
    grey = np.ascontiguousarray(image[:, :, 1])
    ink = cv2.threshold(cv2.subtract(cv2.blur(grey, NEIGHBOURHOOD), grey), DARKER, 1, cv2.THRESH_BINARY)[1]
    length = max(grey.shape) // RULE
    # A rule may step aside by a pixel, as on a skewed page.
    across = _long_runs(cv2.dilate(ink, np.ones((3, 1), np.uint8)), (length, 1))
    down = _long_runs(cv2.dilate(ink, np.ones((1, 3), np.uint8)), (1, length))
    rules = [box for box, _ in _regions(across) if box[2] - box[0] >= LONG * grey.shape[1]]
    return Drawn(_cells(cv2.bitwise_or(across, down)), rules)


def _long_runs(ink: MatLike, size: tuple[int, int]) -> MatLike:
    """Ink that a bar of this width and height fits into."""
    return cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8))


def _cells(rules: MatLike) -> list[Box]:
    height, width = rules.shape
    found = []
    for box, filled in _regions(1 - cv2.dilate(rules, np.ones(BRIDGE, np.uint8)), connectivity=4):
        left, top, right, bottom = box
        inside = min(left, top) > 0 and right < width and bottom < height
        if inside and min(right - left, bottom - top) >= SMALLEST and filled >= FILLED:
            found.append(box)
    return found


def _regions(mask: MatLike, connectivity: int = 8) -> list[tuple[Box, float]]:
    """Boxes of connected regions, and the share of its box that each fills."""
    _, _, regions, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    return [
        ((float(x), float(y), float(x + width), float(y + height)), area / (width * height))
        for x, y, width, height, area in regions[1:].tolist()  # the first one is what is no region
    ]


def parted(quad: Quad, cells: Sequence[Box]) -> list[Quad]:
    """A line that was found across neighbouring cells, as one line for each of them."""
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    height, middle = float(bottom - top), float(top + bottom) / 2
    if right - left < 2 * height:
        return [quad]
    inside = [
        (max(cell[0], float(left)), min(cell[2], float(right)))
        for cell in sorted(cells)
        if cell[1] < middle < cell[3] and min(cell[2], right) - max(cell[0], left) > height
    ]
    if len(inside) < 2 or sum(end - start for start, end in inside) < COVERED * (right - left):
        return [quad]
    return [np.array([(a, top), (b, top), (b, bottom), (a, bottom)], dtype=np.float32) for a, b in inside]
