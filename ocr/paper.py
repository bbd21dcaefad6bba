"""The look of scanned paper for images that are too clean.

On a vertical line that is black on flat white, as born-digital and bitonal pages are, the recogniser leaves out what
its training pages left out: 、。「」ー っ. With the grain of a scanner, less contrast and 25-pixel columns it reads
them: on a born-digital page 5.8 → 0.7 % of the characters were wrong, on a screen-resolution one 3.5 → 2.4 %, and
bitonal scans got their punctuation back. Rows of horizontal text do not gain.
"""

import numpy as np
from PIL import Image as Picture

from kobunko.ocr.engines import Image

COLUMN = 25  # pixels across a column: wider ones are scaled down, because grain works at the recogniser's own scale
CONTRAST = 0.6
MIDDLE = 120  # grey level around which the contrast is reduced
GRAIN = 8  # standard deviation, in grey levels
FLAT = 0.5  # share of equal neighbours from which an image has no grain of its own


def is_flat(image: Image) -> bool:
    """Whether most pixels equal their neighbour: drawn, bitonal or cleaned, not photographed."""
    green = image[:, :, 1]
    return float(np.mean(green[:, 1:] == green[:, :-1])) > FLAT


def like_scanned(image: Image, thickness: float) -> tuple[Image, float]:
    """The image with grain, and the factor by which it was scaled; `thickness` is that of its columns in pixels.

    The grain comes from a generator with a fixed seed: the same image always gives the same result.
    """
    scale = min(1.0, COLUMN / thickness)
    if scale < 1:
        picture = Picture.fromarray(image)
        smaller = (round(picture.width * scale), round(picture.height * scale))
        image = np.asarray(picture.resize(smaller, Picture.Resampling.BICUBIC))
    grain = np.random.default_rng(0).normal(0, GRAIN, image.shape[:2]).astype(np.float32)
    grey = image * np.float32(CONTRAST)  # as large as four pages: changed in place
    grey += np.float32(MIDDLE * (1 - CONTRAST))
    grey += grain[:, :, None]
    return np.clip(grey, 0, 255, out=grey).astype(np.uint8), scale


def contrast(image: Image) -> float:
    """Grey levels between the paper and the darkest ink of a page that is not blank."""
    grey = image[::2, ::2, 1]
    paper, ink = np.percentile(grey, (90, 0.5))
    return float(paper - ink)
