"""A PDF page as it is set: its spans of text, its grids, and what is counted of its letters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # what finds grids takes long to load, and pages that OCR has read have none here
    from kobunko.extract.pdf_tables import Grid

_LONGEST_LABEL = 12  # letters
_UPRIGHT = 2.2  # em; wider horizontal text is no 縦中横
_NUMBER_GAP = 2.5  # em between a number and the column that it begins
_NUMBER = 3  # letters of a number that is set into its column

Box = tuple[float, float, float, float]
Cell = tuple[int, int]  # the page's grid, and the merged cell in it


class Span(NamedTuple):
    """A line as the file sets it, in points from the top left of the page turned upright.

    `down` where its text runs down the page; `place` is the box in fractions of the page as a reader sees it.
    """

    box: Box
    size: float
    text: str
    down: bool
    place: Box
    cell: Cell | None = None

    @property
    def is_label(self) -> bool:
        """Whether it is a short stack of letters in a horizontal page, as narrow cells and headings have them."""
        return self.down and 1 < len(self.text) <= _LONGEST_LABEL


@dataclass(frozen=True, slots=True)
class Letters:
    """How many letters a page's layer has, how many are painted invisibly, and how its fonts do.

    `lost` counts by font the letters without a meaning, `misfits` the kanji that a font of signs pretends to have.
    """

    all: int
    hidden: int
    fonts: Counter[str]
    lost: Counter[str]
    misfits: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the file sets on one page, turned upright: its text, its ruled grids, and `frame`, the page itself.

    `trim` is where the printer cuts the page, None where that is at its edges or beyond.
    `places` are those of the grids, in fractions of the page as a reader sees it; `panels` are boxes that hold text.
    """

    number: int
    frame: Box
    trim: Box | None
    spans: list[Span]
    tables: "list[Grid]"
    places: list[Box]
    letters: Letters
    panels: Sequence[Box] = ()

    @property
    def text(self) -> str:
        """The letters in the file's order, for statistics."""
        return "\n".join(span.text for span in self.spans)


def is_upright(span: Span) -> bool:
    """Whether a horizontal piece is short enough to be set into a column."""
    return not span.down and span.box[2] - span.box[0] <= _UPRIGHT * span.size


def begins_column(number: Span, columns: Iterable[Span]) -> bool:
    """Whether a number stands right above a column, as its first letter."""
    if not (is_upright(number) or (number.down and len(number.text.strip()) <= _NUMBER)):
        return False
    middle, foot = (number.box[0] + number.box[2]) / 2, number.box[3]
    return any(
        column.box[0] <= middle <= column.box[2]
        and -0.5 * number.size <= column.box[1] - foot <= _NUMBER_GAP * number.size
        for column in columns
    )
