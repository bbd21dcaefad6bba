"""Which way characters stand, from how well single ones are read as they are and turned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from kobunko.ocr.engines import Image
from kobunko.ocr.glyphs import lie_on_their_side


@dataclass
class Reads:
    """A recogniser that finds these texts and scores for characters as they are, then for the turned ones."""

    found: list[tuple[str, float]]

    def recognise(self, crops: Sequence[Image]) -> list[tuple[str, float]]:
        assert len(crops) == len(self.found)
        return self.found


@pytest.mark.parametrize(
    ("upright", "turned", "lying"),
    [
        # Of the characters of a fax, only a bad one is read alike both ways, and better turned.
        ([("港", 1.0)] * 11 + [("每", 0.55)], [("快", 0.3)] * 11 + [("每", 0.67)], False),
        ([("租", 0.9), ("0", 0.6), ("関", 0.8)] * 4, [("租", 1.0), ("の", 1.0), ("関", 1.0)] * 4, True),
    ],
)
def test_few_characters_decide_nothing(
    upright: list[tuple[str, float]], turned: list[tuple[str, float]], lying: bool
) -> None:
    row = np.full((40, 200, 3), 255, np.uint8)
    for place in (10, 70, 130):
        row[5:35, place : place + 32] = 0
    engine: Any = Reads([*upright, *turned])
    assert lie_on_their_side(engine, [row] * 4) is lying
