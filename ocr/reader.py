"""From page images to recognised lines: many pages at a time, on a CPU as on a GPU.

A window of pages goes through orientation, detection and recognition together; the lines of all its pages are
recognised in one go. With a GPU the steps run ahead of each other in threads, so that it does not wait for the CPU:
images of the next window are made and searched for lines while the lines of this one are read.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from kobunko.ocr.ahead import running_ahead
from kobunko.ocr.cells import Drawn, find_drawn, parted
from kobunko.ocr.curl import Run, run_of_lines, straightened
from kobunko.ocr.engines import Engine, Image, Quad
from kobunko.ocr.glyphs import lie_on_their_side
from kobunko.ocr.lines import Box, Line, characters, confidence
from kobunko.ocr.paper import contrast, is_flat, like_scanned
from kobunko.ocr.reading import CURLED, Reading
from kobunko.ocr.seals import find_seals, without_seals

SURE = 0.90  # an orientation that is at least so certain is believed
UPRIGHT = 0.80  # mean score from which a reading is taken as upright without trying others
GOOD = 0.95  # mean score from which vertical lines with the look of a scan are not read without it
SURER = 0.05  # by which they must be surer without it
JAPANESE = 0.2  # of the characters in rows of Japanese, from which it is looked how they stand
TALL = 1.5  # height to width from which a quad is a vertical line


@dataclass(slots=True)
class _Sheet:
    """A page on its way: turned by `angle` and straightened, with the places of its lines."""

    original: Image
    seals: list[Box]
    angle: int
    other: int  # an angle that is to be tried if this one reads badly
    image: Image = field(init=False)
    run: Run = field(init=False)
    drawn: Drawn = field(init=False)
    quads: list[Quad] = field(default_factory=list)
    texts: list[tuple[str, float]] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        pairs = zip(self.texts, self.quads, strict=True)
        return [Line(text, score, _bounds(quad)) for (text, score), quad in pairs if text.strip()]

    def __post_init__(self) -> None:
        self.image = np.ascontiguousarray(np.rot90(self.original, self.angle // 90))
        self.run = run_of_lines(self.image)
        if self.run.bend > CURLED * max(self.image.shape):
            self.image = straightened(self.image, self.run)
        self.drawn = find_drawn(self.image)


class Reader:
    """Reads page images with an engine. `window` pages are under way together; `ahead` lets the steps overlap."""

    def __init__(self, engine: Engine, window: int, *, ahead: bool) -> None:
        self._engine = engine
        self._window = window
        self._ahead = running_ahead if ahead else iter
        self._searching = threading.Lock()  # a turned page is searched again while the next window is

    def read(self, images: Iterable[Image]) -> Iterator[Reading]:
        """One reading for each image, in their order."""
        for sheets in self._ahead(map(self._sheets, self._ahead(_windows(images, self._window)))):
            self._recognise(sheets)
            others = self._otherwise(sheets, [sheet.other if _score(sheet) < UPRIGHT else 0 for sheet in sheets])
            sheets = [max(pair, key=_score) for pair in zip(sheets, others, strict=True)]
            sheets = self._otherwise(sheets, [-90 if self._lies(sheet) else 0 for sheet in sheets])
            yield from map(self._reading, sheets)

    def _sheets(self, images: Sequence[Image]) -> list[_Sheet]:
        """The pages, turned as far as the classifier is sure, with the places of their lines."""
        seals = [find_seals(image) for image in images]
        clean = [without_seals(image, found) for image, found in zip(images, seals, strict=True)]
        with self._searching:
            turns = self._engine.orientations(clean)
        sheets = [
            _Sheet(image, found, angle if sure >= SURE else 0, angle if sure < SURE else 0)
            for image, found, (angle, sure) in zip(clean, seals, turns, strict=True)
        ]
        self._search(sheets)
        return sheets

    def _otherwise(self, sheets: Sequence[_Sheet], turns: Sequence[int]) -> list[_Sheet]:
        """The sheets, those read once more that are to be turned further."""
        found = [
            _Sheet(sheet.original, sheet.seals, (sheet.angle + turn) % 360, 0) if turn else sheet
            for sheet, turn in zip(sheets, turns, strict=True)
        ]
        again = [sheet for sheet, turn in zip(found, turns, strict=True) if turn]
        self._search(again)
        self._recognise(again)
        return found

    def _lies(self, sheet: _Sheet) -> bool:
        """Whether a page that was laid on its side shows Japanese characters on their side."""
        rows = [line for line in sheet.lines if line.width > TALL * line.height and not line.text.isascii()]
        if sheet.angle % 180 == 0 or characters(rows) < JAPANESE * characters(sheet.lines):
            return False
        longest = sorted(rows, key=lambda line: len(line.text), reverse=True)
        return lie_on_their_side(self._engine, self._engine.cut(sheet.image, [_quad(line.box) for line in longest]))

    def _search(self, sheets: Sequence[_Sheet]) -> None:
        if sheets:
            with self._searching:
                found = self._engine.detect([sheet.image for sheet in sheets])
            for sheet, quads in zip(sheets, found, strict=True):
                sheet.quads = [part for quad in quads for part in parted(quad, sheet.drawn.cells)]

    def _recognise(self, sheets: Sequence[_Sheet]) -> None:
        """Reads the lines of several pages together; vertical lines of a clean page with the look of a scan, and
        where that is read badly as they are too."""
        grainy = [_columns_without_grain(sheet) for sheet in sheets]
        self._read_crops(sheets, [self._crops(sheet, width) for sheet, width in zip(sheets, grainy, strict=True)])
        doubtful = [sheet for sheet, width in zip(sheets, grainy, strict=True) if width and _score(sheet) < GOOD]
        first = [sheet.texts for sheet in doubtful]
        self._read_crops(doubtful, [self._crops(sheet, 0) for sheet in doubtful])
        for sheet, texts in zip(doubtful, first, strict=True):
            pairs = zip(texts, sheet.texts, strict=True)
            sheet.texts = [plain if plain[1] > scanned[1] + SURER else scanned for scanned, plain in pairs]

    def _read_crops(self, sheets: Sequence[_Sheet], crops: Sequence[list[Image]]) -> None:
        texts = iter(self._engine.recognise([crop for of_sheet in crops for crop in of_sheet]))
        for sheet in sheets:
            sheet.texts = [next(texts) for _ in sheet.quads]

    def _crops(self, sheet: _Sheet, column: float) -> list[Image]:
        """Images of a page's lines; where the width of its columns is given, with the look of a scan."""
        if not column:
            return self._engine.cut(sheet.image, sheet.quads)
        image, scale = like_scanned(sheet.image, column)
        return self._engine.cut(image, [quad * scale for quad in sheet.quads])

    def _reading(self, sheet: _Sheet) -> Reading:
        height, width = sheet.image.shape[:2]
        return Reading(
            sheet.lines,
            sheet.drawn.cells,
            sheet.drawn.rules,
            [_turned(seal, sheet.angle, *sheet.original.shape[:2]) for seal in sheet.seals],
            width,
            height,
            sheet.angle,
            sheet.run.skew,
            sheet.run.bend / max(height, width),
            contrast(sheet.image),
            self._engine.name,
        )


def _score(sheet: _Sheet) -> float:
    return confidence(sheet.lines)


def _columns_without_grain(sheet: _Sheet) -> float:
    """Pixels across the columns of a page of vertical lines that is too clean; 0 for any other page."""
    sides = [_sides(quad) for quad in sheet.quads]
    tall = [wide for wide, high in sides if high > TALL * wide]
    return float(np.median(tall)) if 2 * len(tall) > len(sides) and is_flat(sheet.image) else 0.0


def _windows(images: Iterable[Image], size: int) -> Iterator[list[Image]]:
    images = iter(images)
    while window := list(islice(images, size)):
        yield window


def _sides(quad: Quad) -> tuple[float, float]:
    """Width and height of a line's quad."""
    return float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))


def _bounds(quad: Quad) -> Box:
    left, top = quad.min(axis=0).tolist()
    right, bottom = quad.max(axis=0).tolist()
    return left, top, right, bottom


def _quad(box: Box) -> Quad:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float32)


def _turned(box: Box, angle: int, height: int, width: int) -> Box:
    """A box on an image of this size after the image was turned counter-clockwise."""
    left, top, right, bottom = box
    if angle == 90:
        return top, width - right, bottom, width - left
    if angle == 180:
        return width - right, height - bottom, width - left, height - top
    if angle == 270:
        return height - bottom, left, height - top, right
    return box
