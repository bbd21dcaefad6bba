"""What was found on one page image, before anybody puts it in order."""

from dataclasses import dataclass

from kobunko.ocr.lines import Box, Line, confidence

CURLED = 0.003  # of the longest side that lines bend, from which they are straightened


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found on one page image, in no particular order; all boxes in pixels of the upright image."""

    lines: list[Line]
    cells: list[Box]
    rules: list[Box]
    seals: list[Box]
    width: int
    height: int
    rotation: int  # degrees counter-clockwise that the image was turned by
    skew: float  # degrees, clockwise
    curl: float  # how far lines bend, as a share of the longest side
    contrast: float  # grey levels between paper and ink
    engine: str

    @property
    def confidence(self) -> float:
        """Mean score of the recogniser by characters; 0 where nothing was found."""
        return confidence(self.lines)
