"""The text of a PDF page as the file sets it: lines and pieces of lines with their places, turned upright."""

import functools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import pymupdf

from kobunko.extract.pdf_panels import is_diagram
from kobunko.extract.pdf_sheet import Box, Cell, Letters, Sheet, Span
from kobunko.extract.pdf_tables import Grid, Rules, grids, turned_rules, without_underlines

# Both without TEXT_CID_FOR_UNKNOWN_UNICODE: an unknown glyph must be U+FFFD, not an arbitrary letter.
_AS_TAGGED = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_PRESERVE_LIGATURES | pymupdf.TEXT_MEDIABOX_CLIP
_AS_PRINTED = _AS_TAGGED | pymupdf.TEXT_IGNORE_ACTUALTEXT
_REPEATED = re.compile("([\u3400-\u9fff])\\1\\1")  # three times the same kanji: no word has that
_STACKABLE = re.compile("[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff（）「」・ー]")
_STACK_LEAST = 3
_STACK_GAP = 0.4  # em between stacked letters
_MARK, _MARK_SIZE = re.compile("[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"), 0.65  # of the size of the line
_BOLD = 0.15  # em between a text and its copy that makes it bold
_LOST = re.compile("[\ufffd\x01-\x08\x0e-\x1f]")
_KANJI = re.compile("[\u3400-\u9fff]")
_PI_FONT = re.compile(r"PIStd|Symbol|Dingbat|Webding|Wingding|MathematicalPi", re.IGNORECASE)
_ALONG = (1.0, 0.0)  # the direction of a line of upright letters
_PAINTED = 0x18  # of MuPDF's character flags: filled or stroked; invisible text is neither


def sheet(page: pymupdf.Page, number: int, rules: Rules | None, panels: Sequence[Box] = ()) -> Sheet:
    """The page's text, upright where the whole page is turned. Text within a grid is cut at the borders of its cells.

    `rules` and `panels` are those that the file draws, none where no tables are wanted.
    """
    lines = _lines(page, letters=bool(rules))
    turn = _turn(lines)
    if rules:
        rules = without_underlines(rules, [line["bbox"] for line in lines if line["dir"] == _ALONG])
    boxes = [_turned_box(panel, turn) for panel in panels]
    drawn = grids(turned_rules(rules, turn)) if rules and rules.across else []
    tables = [grid for grid in drawn if not is_diagram(grid.box, boxes)]
    rect, rotation = page.rect, page.rotation_matrix if page.rotation else None
    place = places(rect, rotation)
    spans = _spans(lines, tables, turn, place)
    if marks := _marks(spans):
        spans = _spans(lines if rules else _lines(page, letters=True), tables, turn, place, marks)
    frame = _turned_box(tuple(rect * page.derotation_matrix if rotation else rect), turn)
    shown = [place(_turned_box(grid.box, -turn % 4)) for grid in tables]
    text = _stacked(_printed_once(spans))
    return Sheet(number, frame, _trim(page, turn), text, tables, shown, _letters(lines), boxes)


def _spans(
    lines: Sequence[dict[str, Any]],
    tables: Sequence[Grid],
    turn: int,
    place: Callable[[Box], Box],
    marks: Sequence[Box] = (),
) -> list[Span]:
    spans = []
    for line in lines:
        inside = line["spans"]
        size = inside[0]["size"] if len(inside) == 1 else max(_sizes(inside))
        x, y = _turned_vector(line["dir"], turn)
        down = bool(line["wmode"]) or (abs(y) > abs(x))
        for box, text, cell in _cut(line, tables, turn, marks) if tables or marks else [_whole(line)]:
            if text and not text.isspace():
                spans.append(Span(_turned_box(box, turn), size, text, down, place(box), cell))
    return spans


def _sizes(spans: Sequence[dict[str, Any]]) -> list[float]:
    """The sizes of what is printed; blanks may be larger."""
    return [span["size"] for span in spans if not span["text"].isspace()] or [span["size"] for span in spans]


def _marks(spans: Sequence[Span]) -> list[Box]:
    """Small numbers and letters that a file sets apart into gaps of longer lines, as those of parties (Ｘ₁)."""
    small = [span for span in spans if len(span.text) <= 2 and not span.down and _MARK.match(span.text)]
    least = min((mark.size for mark in small), default=math.inf) / _MARK_SIZE
    lines = [span for span in spans if span.size >= least and len(span.text) > 2 and not span.down]
    return [mark.box for mark in small if any(_is_set_into(mark, line) for line in lines)]


def _is_set_into(mark: Span, line: Span) -> bool:
    left, top, right, bottom = mark.box
    x0, y0, x1, y1 = line.box
    inside = x0 + line.size / 2 < left and right < x1 - line.size / 2 and y0 < (top + bottom) / 2 < y1
    return inside and mark.size <= _MARK_SIZE * line.size


def _trim(page: pymupdf.Page, turn: int) -> Box | None:
    if page.parent.xref_get_key(page.xref, "TrimBox")[0] == "null":
        return None
    trim, crop = page.trimbox, page.cropbox
    if trim.contains(crop):
        return None
    return _turned_box((trim.x0 - crop.x0, trim.y0 - crop.y0, trim.x1 - crop.x0, trim.y1 - crop.y0), turn)


def _lines(page: pymupdf.Page, letters: bool) -> list[dict[str, Any]]:
    """MuPDF's lines of spans, each with its `text`, and where they are asked for with its letters (`chars`).

    What a tag gives for a run in place of the font's letters (ActualText) is better where a font has one form for
    several letters. But of a run whose letters are set apart MuPDF repeats the first: there the font is believed.
    """
    lines = _raw_lines(page, letters, _AS_TAGGED)
    if repeated := _repeated(lines):
        printed = _raw_lines(page, letters, _AS_PRINTED)
        return printed if _repeated(printed) < repeated else lines
    return lines


def _repeated(lines: Sequence[dict[str, Any]]) -> int:
    return len(_REPEATED.findall("".join([span["text"].strip() for line in lines for span in line["spans"]])))


def _raw_lines(page: pymupdf.Page, letters: bool, flags: int) -> list[dict[str, Any]]:
    found = page.get_textpage(flags=flags)
    raw = found.extractRAWDICT() if letters else found.extractDICT()
    lines = [line for block in raw["blocks"] for line in block.get("lines", ())]
    if letters:
        for span in (span for line in lines for span in line["spans"]):
            span["text"] = "".join([letter["c"] for letter in span["chars"]])
    return lines


def _letters(lines: Sequence[dict[str, Any]]) -> Letters:
    texts: dict[str, list[str]] = defaultdict(list)  # by font
    hidden = misfits = 0
    for line in lines:
        for span in line["spans"]:
            texts[span["font"]].append(span["text"])
            if not (span["alpha"] and span["char_flags"] & _PAINTED):
                hidden += len("".join(span["text"].split()))
    fonts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for font, parts in texts.items():
        text = "".join("".join(parts).split())
        fonts[font] = len(text)
        if count := len(_LOST.findall(text)):
            lost[font] = count
        if _is_of_signs(font):
            misfits += len(_KANJI.findall(text))
    return Letters(fonts.total(), hidden, fonts, lost, misfits)


@functools.lru_cache(1024)
def _is_of_signs(font: str) -> bool:
    return bool(_PI_FONT.search(font))


def _whole(line: dict[str, Any]) -> tuple[Box, str, None]:
    spans = line["spans"]
    text = spans[0]["text"] if len(spans) == 1 else "".join([span["text"] for span in spans])
    indented = text[:2] == "  " and line["dir"] == _ALONG
    return _inked(line["bbox"], text, spans[0]["size"]) if indented else line["bbox"], text, None


def _inked(box: Box, text: str, size: float) -> Box:
    """The box without the blanks that word processors indent Japanese lines with, whose letters are as wide as high."""
    letters = text.lstrip(" ")
    narrow = sum(letter.isascii() for letter in letters)
    left, top, right, bottom = box
    start = min(right - size * (len(letters) - narrow / 2), left + size * (len(text) - len(letters)))
    return (max(left, start), top, right, bottom) if 4 * narrow <= len(letters) else box


def _cut(
    line: dict[str, Any], tables: Sequence[Grid], turn: int, marks: Sequence[Box]
) -> Iterator[tuple[Box, str, Cell | None]]:
    """The pieces of a line that stand in one cell each, or in none, and between the marks in it, with their boxes."""
    letters = [letter for span in line["spans"] for letter in span["chars"]]
    _, top, _, bottom = _turned_box(line["bbox"], turn)
    stops = [mark[0] for mark in marks if top <= (mark[1] + mark[3]) / 2 <= bottom]

    def place(letter: dict[str, Any]) -> tuple[Cell | None, int]:
        box = _turned_box(letter["bbox"], turn)
        return _cell(box, tables), sum(stop < (box[0] + box[2]) / 2 for stop in stops)

    for (cell, _), run in groupby(letters, key=place):
        part = list(run)
        yield _around([letter["bbox"] for letter in part]), "".join([letter["c"] for letter in part]), cell


def _cell(box: Box, tables: Sequence[Grid]) -> Cell | None:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for index, grid in enumerate(tables):
        if (number := grid.cell_at(x, y)) is not None:
            return index, number
    return None


def _around(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def places(rect: pymupdf.Rect, rotation: pymupdf.Matrix | None) -> Callable[[Box], Box]:
    """What turns boxes of the unturned page (points) into fractions of the page as it is shown, which is `rect`."""
    width, height = rect.width, rect.height

    def place(box: Box) -> Box:
        x0, y0, x1, y1 = pymupdf.Rect(box) * rotation if rotation else box
        return _share(x0, width), _share(y0, height), _share(x1, width), _share(y1, height)

    return place


def _share(value: float, whole: float) -> float:
    """A share with four decimals; `round` would take most of the time of a page."""
    return int(value / whole * 10_000 + 0.5) / 10_000 if 0 < value < whole else float(value >= whole)


def _printed_once(found: list[Span]) -> list[Span]:
    """Without the copies that are printed over a text, a little aside, to make it bold."""
    repeated = {text for text, count in Counter([span.text for span in found]).items() if count > 1}
    rows: dict[tuple[str, int], list[Span]] = defaultdict(list)
    copies: set[int] = set()
    for span in (span for span in found if span.text in repeated):
        row = round(span.box[1])
        near = [*rows.get((span.text, row - 1), ()), *rows[span.text, row], *rows.get((span.text, row + 1), ())]
        if any(_is_over(span, other) for other in near):
            copies.add(id(span))
        else:
            rows[span.text, row].append(span)
    return [span for span in found if id(span) not in copies] if copies else found


def _is_over(one: Span, other: Span) -> bool:
    most = _BOLD * one.size
    return abs(one.box[0] - other.box[0]) <= most and abs(one.box[1] - other.box[1]) <= most


def _stacked(found: list[Span]) -> list[Span]:
    """Joins letters that are set one by one below each other: vertical text of some programs, and what horizontal
    fonts do for vertical text and narrow cells."""
    columns: dict[tuple[bool, int], list[Span]] = defaultdict(list)
    for span in found:
        text = span.text.strip()
        if len(text) == 1 and (span.down or _STACKABLE.match(text)):
            columns[span.down, round((span.box[0] + span.box[2]) / 2)].append(span)
    merged: dict[int, Span] = {}
    gone: set[int] = set()
    for (down, _), column in columns.items():
        for run in _runs(sorted(column, key=lambda span: span.box[1])):
            if len(run) >= (2 if down else _STACK_LEAST):
                text = "".join(span.text.strip() for span in run)
                box, place = _around([span.box for span in run]), _around([span.place for span in run])
                merged[id(run[0])] = Span(box, run[0].size, text, True, place, run[0].cell)
                gone |= {id(span) for span in run[1:]}
    return [merged.get(id(span), span) for span in found if id(span) not in gone] if merged else found


def _runs(column: list[Span]) -> list[list[Span]]:
    runs: list[list[Span]] = []
    for span in column:
        if runs and span.cell == runs[-1][-1].cell and span.box[1] - runs[-1][-1].box[3] < _STACK_GAP * span.size:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _turn(lines: Sequence[dict[str, Any]]) -> int:
    """Quarter turns by which most of the page's horizontal letters lie on their side: 0, 1 (down), 2, 3 (up)."""
    if all(line["dir"] == _ALONG and not line["wmode"] for line in lines):
        return 0
    weight = [0, 0, 0, 0]
    upright = 0
    for line in lines:
        letters = sum(len(span["text"].strip()) for span in line["spans"])
        if line["wmode"]:
            upright += letters
        else:
            x, y = line["dir"]
            weight[(0 if x > 0 else 2) if abs(x) >= abs(y) else (1 if y > 0 else 3)] += letters
    turn = weight.index(max(weight))
    return turn if weight[turn] > upright else 0


def _turned_vector(vector: tuple[float, float], turn: int) -> tuple[float, float]:
    if not turn:
        return vector
    x, y = vector
    return [(x, y), (y, -x), (-x, -y), (-y, x)][turn]


def _turned_box(box: Box, turn: int) -> Box:
    if not turn:
        return box
    (a, b), (c, d) = _turned_vector(box[:2], turn), _turned_vector(box[2:], turn)
    return min(a, c), min(b, d), max(a, c), max(b, d)
