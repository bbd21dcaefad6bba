"""Which way the characters of lines stand: a vertical page that was turned for its few Latin lines, or for nothing,
shows rows of characters that lie on their side.

A recogniser that was trained with vertical lines reads both alike; single characters it reads better upright.
"""

from collections.abc import Sequence

import numpy as np

from kobunko.ocr.engines import Engine, Image

LINES = 6  # longest lines that are asked
GLYPHS = 4  # characters of each
ALIKE = 0.1  # of the characters that are read alike both ways; on a page that stands right a bad one or two may be
INK = 60  # grey levels below the paper


def lie_on_their_side(engine: Engine, crops: Sequence[Image]) -> bool:
    """Whether the characters of rows are turned counter-clockwise by 90 degrees."""
    glyphs = [glyph for crop in crops[:LINES] for glyph in _glyphs(crop)[:GLYPHS]]
    if not glyphs:
        return False
    turned = [np.ascontiguousarray(np.rot90(glyph, -1)) for glyph in glyphs]
    found = engine.recognise([*glyphs, *turned])
    pairs = zip(found[: len(glyphs)], found[len(glyphs) :], strict=True)
    votes = [two[1] > one[1] for one, two in pairs if one[0] == two[0] != ""]
    return 2 * sum(votes) > len(votes) > ALIKE * len(glyphs)


def _glyphs(crop: Image) -> list[Image]:
    """Pieces of a row between gaps that are about as wide as high, padded to a square."""
    height = crop.shape[0]
    grey = crop[:, :, 1].astype(np.int16)
    inked = (grey < np.percentile(grey, 90) - INK).any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(np.int8)))
    found = []
    for start, end in edges.reshape(-1, 2):
        if 0.55 * height < end - start < 1.1 * height:
            paper = np.full((height, max(0, (height - (end - start)) // 2), 3), int(np.median(crop)), np.uint8)
            found.append(np.concatenate([paper, crop[:, start:end], paper], axis=1))
    return found
