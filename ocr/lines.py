"""Lines of text as the recogniser finds them, what their shapes say about the page, and cutting a page between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    def thickness(self) -> float:
        return min(self.width, self.height)

    @property
    def is_tall(self) -> bool:
        return self.height > TALL * self.width

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


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
    return median(line.thickness for line in lines)


def around(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def levelled(lines: Sequence[Line], angle: float, width: float, height: float) -> list[Line]:
    """Lines as they would stand on the page if it were not skewed by `angle` (degrees, clockwise positive)."""
    return [replace(line, box=levelled_box(line.box, angle, width, height)) for line in lines]


def levelled_box(box: Box, angle: float, width: float, height: float) -> Box:
    """A box turned about the middle of the page; the bounds of a slanting rectangle shrink to the rectangle."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = (box[0] + box[2] - width) / 2, (box[1] + box[3] - height) / 2
    x, y = width / 2 + x * cos + y * sin, height / 2 - x * sin + y * cos
    wide, high = box[2] - box[0], box[3] - box[1]
    least, slant = min(wide, high) / 3, cos * cos - sin * sin
    wide, high = (
        max(least, (wide * cos - high * abs(sin)) / slant),
        max(least, (high * cos - wide * abs(sin)) / slant),
    )
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


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


def split(lines: Sequence[Line], axis: int, least: float) -> list[list[Line]]:
    """Cuts a region at every empty band across it that is at least so wide, in order along the axis."""
    cuts = [sum(gap) / 2 for gap in gaps(lines, axis) if gap[1] - gap[0] >= least]
    return cut_at(lines, axis, cuts)


def cut_at(lines: Sequence[Line], axis: int, cuts: Sequence[float]) -> list[list[Line]]:
    """The lines between places along an axis; a line that lies over a cut goes where its middle is."""
    pieces: list[list[Line]] = [[] for _ in range(len(cuts) + 1)]
    for line in lines:
        pieces[sum(line.centre[axis] > cut for cut in cuts)].append(line)
    return [piece for piece in pieces if piece]


def gaps(lines: Sequence[Line], axis: int) -> list[tuple[float, float]]:
    """Empty bands between the lines' extents along an axis."""
    found, reach = [], None
    for low, high in sorted((line.box[axis], line.box[axis + 2]) for line in lines):
        if reach is not None and low > reach:
            found.append((reach, low))
        reach = high if reach is None else max(reach, high)
    return found
