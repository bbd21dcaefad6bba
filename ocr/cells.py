"""Long straight rules on a page image, and the cells of ruled tables: the white regions that rules close in.

Regions instead of crossing points, because they survive skew, merged cells and rules of any thickness; where a rule
is broken, two cells become one and the page is read by its rows there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kobunko.ocr.engines import Image, Quad
from kobunko.ocr.lines import Box

RULE = 30  # a rule is at least this part of the image's longest side; no stroke of a character is
NEIGHBOURHOOD = 41  # pixels around, with whose mean a pixel is compared
DARKER = 20  # grey levels below that mean from which a pixel is ink
BRIDGE = 5  # pixels: rules are thickened so far that gaps at their corners close
SMALLEST = 8  # pixels of width and height of a cell
COVERED = 0.8  # of a line that cells must hold to part it
LONG = 0.3  # of the page's width that a rule between tiers of vertical writing has at least
FILLED = 0.6  # of its box a region must fill to be a cell, which skew tilts, and not what surrounds cells

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn on an upright page, in pixels: closed cells (empty ones too) and rules from side to side."""

    cells: list[Box]
    rules: list[Box]


def find_drawn(image: Image) -> Drawn:
    grey = np.ascontiguousarray(image[:, :, 1])
    ink = cv2.subtract(cv2.blur(grey, (NEIGHBOURHOOD, NEIGHBOURHOOD)), grey) > DARKER
    length = max(grey.shape) // RULE
    across, down = _long_runs(ink, length, along=1), _long_runs(ink, length, along=0)
    long = [box for box in _regions(across) if box[2] - box[0] >= LONG * grey.shape[1]]
    return Drawn(_cells(across | down), long)


def _regions(mask: Mask) -> list[Box]:
    regions, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return [_box(rows, columns) for rows, columns in ndimage.find_objects(regions)]


def _cells(rules: Mask) -> list[Box]:
    height, width = rules.shape
    regions, _ = ndimage.label(~ndimage.maximum_filter(rules, BRIDGE))
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), 1):
        inside = min(rows.start, columns.start) > 0 and rows.stop < height and columns.stop < width
        large = min(rows.stop - rows.start, columns.stop - columns.start) >= SMALLEST
        if inside and large and np.mean(regions[rows, columns] == number) >= FILLED:
            found.append(_box(rows, columns))
    return found


def _box(rows: slice, columns: slice) -> Box:
    return float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)


def _long_runs(ink: Mask, length: int, along: int) -> Mask:
    """Ink in straight runs of a length along an axis; a run may step aside by a pixel, as on a skewed page."""
    thick = ndimage.maximum_filter1d(ink, 3, axis=1 - along)
    kept = ndimage.minimum_filter1d(thick, length, axis=along)
    return ndimage.maximum_filter1d(kept, length, axis=along) & thick


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
