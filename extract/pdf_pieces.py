"""Pieces of text in reading coordinates, and text with its places as it is put in order."""

from collections.abc import Iterable
from typing import NamedTuple

_STOPS, _BLANK = ("、", "。", "，", "．"), 0.5  # em of them that are blank
_MOST_LETTERS = 50  # of one piece that count for the usual size

Box = tuple[float, float, float, float]


class Printed(NamedTuple):
    """Text as it stands on the page in one place; `place` is in fractions of the page."""

    text: str
    place: Box
    block: int = 0
    kind: str = "text"
    size: float = 0.0


# Text with the places of what is printed; a plain string is what was put between: white space and table syntax.
Flow = list[str | Printed]


class Piece(NamedTuple):
    """Text with its place in reading coordinates (points); `size` is the size of its letters."""

    start: float
    end: float
    top: float
    bottom: float
    size: float
    text: str
    flow: tuple[str | Printed, ...]

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def is_table(self) -> bool:
        return "\n" in self.text

    @property
    def inked(self) -> float:
        """Where it ends without the blank half of a stop, which may hang over the column's end."""
        return self.end - _BLANK * self.size if self.text.rstrip()[-1:] in _STOPS else self.end

    def is_left_of(self, gutter: float) -> bool:
        return self.start + self.end < 2 * gutter


Row = list[Piece]


def flow_text(flow: Iterable[str | Printed]) -> str:
    return "".join(item if isinstance(item, str) else item.text for item in flow)


def usual_size(texts: Iterable[Piece | Printed]) -> float:
    """The median size of letters (points)."""
    letters: dict[float, int] = {}
    for item in texts:
        letters[item.size] = letters.get(item.size, 0) + min(len(item.text), _MOST_LETTERS)
    total, seen, lower = sum(letters.values()), 0, -1.0
    for size, count in sorted(letters.items()):
        seen += count
        if lower < 0 and seen > (total - 1) // 2:
            lower = size
        if seen > total // 2:
            return (lower + size) / 2
    return 0.0
