"""Cells of ruled tables on a page image: the white regions that long straight rules close in.

Regions instead of crossing points, because they survive skew, merged cells and rules of any thickness; where a rule
is broken, two cells become one and the page is read by its rows there.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kobunko.ocr.lines import Box
from kobunko.ocr.paper import Image

RULE = 30  # a rule is at least this part of the image's longest side; no stroke of a character is
NEIGHBOURHOOD = 41  # pixels around, with whose mean a pixel is compared
DARKER = 20  # grey levels below that mean from which a pixel is ink
BRIDGE = 5  # pixels: rules are thickened so far that gaps at their corners close
SMALLEST = 12  # pixels of width and height of a cell
FILLED = 0.6  # of its box a region must fill to be a cell, which skew tilts, and not what surrounds cells

Mask = NDArray[np.bool_]


def find_cells(image: Image) -> list[Box]:
    """Boxes (left, top, right, bottom, in pixels) of the closed cells of an upright page, empty ones included."""
    grey = image[:, :, 1].astype(np.float32)
    ink = grey < ndimage.uniform_filter(grey, NEIGHBOURHOOD) - DARKER
    length = max(grey.shape) // RULE
    rules = _long_runs(ink, length, along=1) | _long_runs(ink, length, along=0)
    regions, _ = ndimage.label(~ndimage.maximum_filter(rules, BRIDGE))
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), 1):
        inside = min(rows.start, columns.start) > 0 and rows.stop < grey.shape[0] and columns.stop < grey.shape[1]
        large = min(rows.stop - rows.start, columns.stop - columns.start) >= SMALLEST
        if inside and large and np.mean(regions[rows, columns] == number) >= FILLED:
            found.append((float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)))
    return found


def _long_runs(ink: Mask, length: int, along: int) -> Mask:
    """Ink in straight runs of a length along an axis; a run may step aside by a pixel, as on a skewed page."""
    thick = ndimage.maximum_filter1d(ink, 3, axis=1 - along)
    kept = ndimage.minimum_filter1d(thick, length, axis=along)
    return ndimage.maximum_filter1d(kept, length, axis=along) & thick
