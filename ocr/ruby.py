"""Ruby: small kana beside the characters whose reading they give, as 漢字（かんじ） in the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kobunko.ocr.lines import Line

SMALL = 0.65  # of the thickness of the line beside it
NEAR = 0.5  # of that line's thickness that lies between them, at most
_KANA = re.compile("[ぁ-ゖァ-ヺー・ ]+")
_KANJI = re.compile("[一-鿿々〆ヶ]+")


@dataclass(frozen=True, slots=True)
class Ruby:
    """A reading, its base line, and after which character of that line it is told."""

    line: Line
    base: Line
    after: int


def find_ruby(lines: Sequence[Line]) -> list[Ruby]:
    """Readings to the right of vertical lines and above horizontal ones; where the kanji is not clear there is none."""
    found = []
    for line in lines:
        if _KANA.fullmatch(line.text):
            for base in lines:
                place = _place(line, base) if line.thickness <= SMALL * base.thickness else None
                if place is not None:
                    found.append(Ruby(line, base, place))
                    break
    return found


def _place(line: Line, base: Line) -> int | None:
    """Where in the base's text the characters end that the ruby stands beside."""
    along = 1 if base.is_tall else 0
    away = line.box[0] - base.box[2] if base.is_tall else base.box[1] - line.box[3]
    low, high = base.box[along], base.box[along + 2]
    beside = low - base.thickness < line.box[along] and line.box[along + 2] < high + base.thickness
    if not beside or not -NEAR * base.thickness <= away <= NEAR * base.thickness:
        return None
    pitch = (high - low) / len(base.text)
    start, end = (line.box[along] - low) / pitch, (line.box[along + 2] - low) / pitch
    for run in _KANJI.finditer(base.text):
        if run.start() < end and start < run.end():
            return min(run.end(), max(run.start() + 1, round(end)))
    return None
