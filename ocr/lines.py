"""Lines of text as the recogniser finds them, and what their shapes say about the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

TALL = 1.4  # height to width from which a box of several characters is a vertical line

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as found, and where on the upright image."""

    text: str
    confidence: float
    box: Box

    @property
    def width(self) -> float:
        return max(1.0, self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        return max(1.0, self.box[3] - self.box[1])

    @property
    def is_tall(self) -> bool:
        return self.height > TALL * self.width


Row = list[list[Line]]  # the pieces (cells) of one row; the lines of a piece are one text that was broken


def characters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def vertical_share(lines: Sequence[Line]) -> float:
    """Share of characters that stand in tall boxes, among boxes of several characters; 0 without lines."""
    several = [line for line in lines if len(line.text) > 1] or lines
    return characters([line for line in several if line.is_tall]) / max(1, characters(several))


def confidence(lines: Sequence[Line]) -> float:
    """Mean score of the recogniser by characters; 0 where nothing was found."""
    return sum(line.confidence * len(line.text) for line in lines) / max(1, characters(lines))


def thickness(lines: Sequence[Line]) -> float:
    """Typical height of a row or width of a column, in pixels: the size of the characters and a little more."""
    return median(min(line.width, line.height) for line in lines)


def stack(lines: Sequence[Line], axis: int) -> list[list[Line]]:
    """Groups lines whose extents along an axis overlap by more than half of the thinner one: rows (1), columns (0)."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.box[axis] + line.box[axis + 2], line.box)):
        low, high = line.box[axis], line.box[axis + 2]
        for group in groups[-3:]:
            first = group[0].box
            overlap = min(high, first[axis + 2]) - max(low, first[axis])
            if overlap > 0.5 * min(high - low, first[axis + 2] - first[axis]):
                group.append(line)
                break
        else:
            groups.append([line])
    return groups
