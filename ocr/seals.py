"""Red seals: stamped over text, they hide it from the recogniser, though not from the red channel of the image.

Only the places that look like a seal are changed, because other things are printed in red on purpose.
"""

import numpy as np
from scipy import ndimage

from kobunko.ocr.engines import Image
from kobunko.ocr.lines import Box

REDDER = 45  # grey levels by which red exceeds green and blue
NEAR = 60  # parts of the longest side: red strokes nearer than one of them belong to one seal
SMALLEST, LARGEST = 1 / 45, 1 / 5  # of the longest side that a seal measures
ROUND = 0.6  # shorter to longer side of a seal, at least
INKED = (0.08, 0.75)  # share of a seal's box that is red


def find_seals(image: Image) -> list[Box]:
    """Boxes of red seals, in pixels."""
    height, width = image.shape[:2]
    step = max(1, max(height, width) // 1000)
    small = image[::step, ::step].astype(np.int16)
    red = small[:, :, 0] - np.maximum(small[:, :, 1], small[:, :, 2]) > REDDER
    if not red.any():
        return []
    longest = max(red.shape)
    regions, _ = ndimage.label(ndimage.maximum_filter(red, max(3, longest // NEAR)))
    found: list[Box] = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(regions), 1):
        inside = (regions[rows, columns] == number) & red[rows, columns]
        high, wide = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        top, left, bottom, right = (float(v) for v in (high[0], wide[0], high[-1] + 1, wide[-1] + 1))
        size, narrow = max(bottom - top, right - left), min(bottom - top, right - left)
        inked = float(inside[high[0] : high[-1] + 1, wide[0] : wide[-1] + 1].mean())
        if SMALLEST <= size / longest <= LARGEST and narrow >= ROUND * size and INKED[0] <= inked <= INKED[1]:
            x, y = columns.start, rows.start
            found.append((step * (x + left), step * (y + top), step * (x + right), step * (y + bottom)))
    return found


def without_seals(image: Image, seals: list[Box]) -> Image:
    """The image with the red channel alone where the seals are: their ink is as bright as paper there."""
    if not seals:
        return image
    image = image.copy()
    for left, top, right, bottom in seals:
        place = (slice(max(0, int(top) - 3), int(bottom) + 3), slice(max(0, int(left) - 3), int(right) + 3))
        image[place] = image[place][:, :, :1]
    return image
