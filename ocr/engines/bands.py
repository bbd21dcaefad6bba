"""Small print on large sheets: lines that a detector finds too thin are looked for again, at the size of the image.

A whole sheet at full size would take gigabytes of memory, so it is cut into bands that run along its lines.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from kobunko.ocr.engines import Image, Quad

THIN = 13  # pixels across a line, as the detector saw it, below which parts of it may be missed
GAIN = 1.2  # times that the image is larger than what the detector saw, from which a second look is worth it
MARGIN = 3  # lines that a band shows beyond its ends


def is_small(image: Image, quads: Sequence[Quad], longest: int) -> bool:
    """Whether lines are thin for a detector that saw the image reduced to this longest side."""
    scale = max(image.shape) / longest
    return scale >= GAIN and len(quads) > 0 and _thickness(quads) < THIN * scale


def in_bands(image: Image, quads: Sequence[Quad], pixels: int, detect: Callable[[Image], list[Quad]]) -> list[Quad]:
    """The lines of an image, looked for in bands of about so many pixels; `quads` are the lines that are known.

    A line that runs across the bands is kept as it is known; another one belongs to the band that its middle is in.
    """
    tall = [bool(np.diff(np.ptp(quad, axis=0)) > 0) for quad in quads]
    vertical = 2 * sum(tall) > len(tall)
    kept = [quad for quad, is_tall in zip(quads, tall, strict=True) if is_tall != vertical]
    side = 0 if vertical else 1  # of a point: x, or y
    length = image.shape[1 - side]
    count = math.ceil(image.shape[0] * image.shape[1] / pixels)
    line = _thickness(quads)
    for number in range(count):
        low, high = length * number / count, length * (number + 1) / count
        start, end = max(0, int(low - MARGIN * line)), min(length, int(high + MARGIN * line))
        band = image[:, start:end] if vertical else image[start:end]
        for quad in detect(np.ascontiguousarray(band)):
            quad[:, side] += start
            if low - line / 2 <= _middle(quad)[side] < high + line / 2 and not any(_holds(one, quad) for one in kept):
                kept.append(quad)
    return kept


def _thickness(quads: Sequence[Quad]) -> float:
    return float(np.median([np.ptp(quad, axis=0).min() for quad in quads]))


def _middle(quad: Quad) -> Quad:
    middle: Quad = (quad.min(axis=0) + quad.max(axis=0)) / 2
    return middle


def _holds(quad: Quad, other: Quad) -> bool:
    """Whether the middle of a line lies in another one."""
    middle = _middle(other)
    return bool((quad.min(axis=0) <= middle).all() and (middle <= quad.max(axis=0)).all())
