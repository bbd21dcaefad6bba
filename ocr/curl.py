"""How lines of text run over a page: straight, skewed or curled.

The page is cut into strips across its lines; how far the ink of one strip has to be shifted to lie on that of its
neighbour is how far the lines rise from strip to strip. A straight page rises evenly.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kobunko.ocr.engines import Image

STRIPS = 24
REACH = 12  # pixels that neighbouring strips may be shifted, at a longest side of about 1000
LEAST_INK = 0.004  # share of dark pixels from which a strip says anything
ALIKE = 0.35  # correlation from which a shift is believed
DARK = 50  # grey levels below the paper

Profile = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """How lines run: `skew` in degrees (clockwise positive), and how far each strip stands out from that in pixels."""

    vertical: bool
    skew: float = 0.0
    bends: tuple[float, ...] = ()

    @property
    def bend(self) -> float:
        """How far lines bend at most, in pixels."""
        return max(self.bends) - min(self.bends) if self.bends else 0.0


def run_of_lines(image: Image) -> Run:
    """Measures an upright page along rows and along columns, and takes where more can be said."""
    along, down = (_measured(image, vertical=vertical) for vertical in (False, True))
    return max(along, down, key=lambda found: found[0])[1]


def _measured(image: Image, *, vertical: bool) -> tuple[int, Run]:
    """The number of strips that could be compared, and what they say."""
    step = max(1, max(image.shape[:2]) // 1000)
    grey = image[::step, ::step, 1].astype(np.float32)
    grey = grey.T if vertical else grey
    ink = grey < np.percentile(grey, 90) - DARK
    width = ink.shape[1] // STRIPS
    profiles = [ink[:, n * width : (n + 1) * width].mean(axis=1) for n in range(STRIPS)]
    shifts = [_shift(one, two) for one, two in pairwise(profiles)] if width else []
    known = [shift for shift in shifts if shift is not None]
    if len(known) < STRIPS // 2:
        return len(known), Run(vertical)
    even = float(np.median(known))
    smooth = ndimage.median_filter([even if shift is None else shift for shift in shifts], 5, mode="mirror")
    bends = np.concatenate([[0.0], np.cumsum(smooth - even)]) * step
    skew = float(np.degrees(np.arctan2(even, width)))
    return len(known), Run(vertical, -skew if vertical else skew, tuple(bends.tolist()))


def straightened(image: Image, run: Run) -> Image:
    """The image with every row (or column) of pixels moved so that its lines no longer bend."""
    if run.vertical:
        turned = straightened(image.transpose(1, 0, 2), replace(run, vertical=False))
        return np.ascontiguousarray(turned.transpose(1, 0, 2))
    height, width = image.shape[:2]
    rows = np.arange(height)[:, None] + np.round(bends_at(run, np.arange(width), width)).astype(int)[None, :]
    moved: Image = image[np.clip(rows, 0, height - 1), np.arange(width)]
    return moved


def bends_at(run: Run, places: NDArray[np.int_] | list[float], extent: int) -> NDArray[np.float64]:
    """How far lines stand out at places along them, in pixels."""
    middles = (np.arange(STRIPS) + 0.5) * (extent / STRIPS)
    return np.interp(places, middles, run.bends)


def _shift(one: Profile, two: Profile) -> float | None:
    """Pixels that the second profile lies below the first, to a fraction; None where that cannot be said."""
    if min(one.mean(), two.mean()) < LEAST_INK:
        return None
    scores = []
    for shift in range(-REACH, REACH + 1):
        first, second = one[REACH:-REACH], two[REACH + shift : len(two) - REACH + shift]
        scores.append(_correlation(first, second))
    best = int(np.argmax(scores))
    if scores[best] < ALIKE or best in (0, 2 * REACH):
        return None
    before, here, after = scores[best - 1 : best + 2]
    bend = before - 2 * here + after
    return best - REACH + (0.5 * (before - after) / bend if bend else 0.0)


def _correlation(one: Profile, two: Profile) -> float:
    one, two = one - one.mean(), two - two.mean()
    scale = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / scale if scale else 0.0
