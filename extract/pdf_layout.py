"""Reading order of a page's text, horizontal or vertical, by one set of rules.

A vertical page is a horizontal one turned by a quarter: its lines run down and follow each other from right to left,
and what columns are to horizontal text, tiers (段) are to vertical text. So pieces of text are put into reading
coordinates first (`start`–`end` along the line, `top`–`bottom` across the lines), and ordered once.
"""

import math
import re
import statistics
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

_MERGE = 0.8  # em; a wider gap in a line is white space that was set on purpose
_TAB = 2.0  # em; a wider one parts cells or columns
_GUTTER = 1.2  # em; white space between columns of prose
_COLUMN_ROWS = 4  # lines that both columns must have
_COLUMN_FILL = 0.6  # how much of a column's width its lines fill where it holds prose and not cells
_COLUMN_CHARACTERS = 8
_COLUMN_DISTINCT = 0.7  # of the lines; those of a list repeat each other
_FULL = 1.3  # em; a line that ends this near to its column's end goes on in the next
_FULL_WORDS = 6.0  # em; of a line of Latin words, which break earlier
_FULL_LINES = 2  # full lines that prove where a column ends
_NARROW = 10.0  # em; in narrower regions lines are names and headings, not sentences
_NARROW_CELL, _PADDED = 6.0, 1.8  # em; of cells, and what a full line leaves of a cell's width
_INDENT, _HANGING = 2.6, 3.2  # em; of a paragraph's first line, and of the lines below a numbered one
_ALIKE = 0.8  # of the larger one: sizes of the letters of two lines
_PITCH = 1.4  # of the usual distance of lines; more parts paragraphs
_NOTE, _HEADING = 0.93, 1.2  # of the usual size of letters
_STOPS, _BLANK = ("、", "。", "，", "．"), 0.5  # em of them that are blank
_MOST_LETTERS = 50  # of one piece that count for the usual size

_JAPANESE = "\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff10-\uff5a"
_GOES_ON = re.compile(f"[{_JAPANESE}、，・「『（]$")
_BEGINS = re.compile(
    r"^(?:[\s　○●◎・※□■◆①-⑳]|第[一二三四五六七八九十百千０-９\d]+[章節款条編]|[(（][^)）]{1,3}[)）]"
    r"|[0-9０-９]{1,3}[\s　.．、]|[ア-ンイロハニホヘト一二三四五六七八九十][\s　.．])"
)
_STARTS_JAPANESE = re.compile(f"^[{_JAPANESE}、。，」』）（「『]")
_STARTS_NUMBER = re.compile(r"^\d[\d,.]* ?[年月日万億兆人件条項号名社回時歳倍割点円％%]")
_STARTS_HIRAGANA = re.compile("^[\u3041-\u3093]")
_UNFINISHED = re.compile("[\u3041-\u3093、，]$")
# What a line may end with and the next one begin with where one sentence goes on without a blank.
_SOLID = (
    (_GOES_ON, _STARTS_JAPANESE),
    (_GOES_ON, _STARTS_NUMBER),
    (_GOES_ON, re.compile("^[A-Z][A-Za-z]")),
    (re.compile("[A-Za-z]$"), _STARTS_HIRAGANA),
    (re.compile(f"[{_JAPANESE}、] ?[A-Za-z]+$"), _STARTS_JAPANESE),
    (re.compile("[）」』】〉》]$"), _STARTS_HIRAGANA),
    (re.compile(r"\d$"), re.compile("^[年万億兆％%]")),  # 月 and 日 may be days of the week
    (re.compile(r"[年月] ?\d{1,2}$"), re.compile("^[月日]")),
)
_GOES_ON_SURELY = re.compile(".{14}[をはが、，]$")  # no paragraph ends so, however long the line is
_DATED = re.compile(r"^(?:明治|大正|昭和|平成|令和)?[\s　]*[元\d]{1,4}年")  # as lines of a list do
_LABEL = re.compile(
    r"^[\s　]*(?:[(（]?(?:[0-9０-９]{1,4}|[A-Za-zａ-ｚア-ンⅠ-ⅿ一二三四五六七八九十]{1,3})[)）.．、]?"
    r"|[•●○◎・※■□◆◇▪–*\uf0b7①-⑳])[\s　]*$"
)
_WORD_GOES_ON = re.compile(r"[A-Za-z,;]$")
_STARTS_WORD = re.compile(r"^[a-z]")
_HYPHENATED = re.compile(r"[a-z]-$")

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


def reading_flow(pieces: Iterable[Piece], ends: Container[int] = (), room: float = math.inf) -> Flow:
    """Pieces in reading order, one printed line a line unless a paragraph safely goes on.

    What belongs to one paragraph has one `block`; blocks are numbered from 0. `ends` are where the lines of the whole
    document end (points), which tell a full line on a page with few lines; `room` is the width of a cell, which does
    so in a table.
    """
    solid = [piece for piece in pieces if piece.text.strip()]
    if not solid:
        return []
    em = usual_size(solid) or 1.0
    rows = [_merged(row, _GUTTER * em, em) for row in _rows(solid)]
    flow: Flow = []
    block = -1
    before: list[Row] = []
    for region in ([_merged(row, _TAB * em, em) for row in region] for region in _regions(rows, em)):
        lines = _paragraphs(region, em, ends, room)
        if before and _goes_on_beside(before, region, em):
            lines[0] = (joining(before[-1][-1].text.rstrip(), region[0][0].text), region[0])
        before = region
        for joint, row in lines:
            block += joint == "\n"
            if flow:
                if joint == "-":
                    flow[-1] = _without_hyphen(flow[-1])
                flow.append("" if joint == "-" else joint)
            flow += _row_flow(row, block)
    return [item for item in flow if item]


def _without_hyphen(item: str | Printed) -> str | Printed:
    return item.removesuffix("-") if isinstance(item, str) else item._replace(text=item.text.removesuffix("-"))


def _row_flow(row: Row, block: int) -> Flow:
    flow: Flow = []
    for piece in row:
        if flow:
            flow.append("\n" if any(piece.is_table for piece in row) else "\t")
        flow += [_in_block(item, block) for item in _trimmed(piece.flow)]
    return flow


def _in_block(item: str | Printed, block: int) -> str | Printed:
    """Cells of a table have blocks of their own, which are negative."""
    if isinstance(item, str) or item.block < 0:
        return item
    return Printed(item.text, item.place, block, item.kind, item.size)


def _trimmed(flow: Sequence[str | Printed]) -> Flow:
    """Without blanks at its ends, but with the full-width one of an indent."""
    items = list(flow)
    first = items[0]
    if isinstance(first, Printed) and first.text[:1] == " ":
        items[0] = first._replace(text=first.text.lstrip(" "))
    last = items[-1]
    if isinstance(last, Printed) and last.text[-1:].isspace():
        items[-1] = last._replace(text=last.text.rstrip())
    return items


def _rows(pieces: list[Piece]) -> list[Row]:
    """Pieces that stand on one line, by where their middles lie."""
    rows: list[Row] = []
    tallest = pieces[0]  # of the last row
    for piece in sorted(pieces, key=lambda piece: (piece.middle, piece.start)):
        if rows and _side_by_side(tallest, piece) and not _stands_over(rows[-1], piece):
            rows[-1].append(piece)
            if piece.bottom - piece.top <= tallest.bottom - tallest.top:
                continue
        else:
            rows.append([piece])
        tallest = piece
    return [sorted(row, key=lambda piece: piece.start) if len(row) > 1 else row for row in rows]


def _side_by_side(one: Piece, other: Piece) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return overlap > 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def _stands_over(row: Row, piece: Piece) -> bool:
    """Whether one of a row stands over a piece, as narrow lines do whose letters reach into each other."""
    start, end = piece.start, piece.end
    return any(_covers(other, piece) for other in row if other.start < end and start < other.end)


def _covers(one: Piece, other: Piece) -> bool:
    """Smaller letters that reach into the others of a line are marks within it."""
    alike = min(one.size, other.size) > _ALIKE * max(one.size, other.size)
    return alike and min(one.end, other.end) - max(one.start, other.start) > 0.5 * min(one.size, other.size)


def _merged(row: Row, nearer: float, em: float) -> Row:
    """Neighbours that are nearer to each other than that (points) become one piece."""
    if len(row) == 1:
        return row
    runs = [[row[0]]]
    end = row[0].inked
    for piece in row[1:]:
        if piece.start - end < nearer and not piece.is_table and not runs[-1][-1].is_table:
            runs[-1].append(piece)
            end = max(end, piece.inked)
        else:
            runs.append([piece])
            end = piece.inked
    return [_as_one(run, em) for run in runs]


def _as_one(run: Row, em: float) -> Piece:
    """Pieces as one, with what stands for the gaps between them."""
    first = run[0]
    if len(run) == 1:
        return first
    flow, end = list(first.flow), first.end
    for before, piece in pairwise(run):
        flow += [_gap_text(before.text, piece.text, (piece.start - end) / em), *piece.flow]
        end = max(end, piece.end)
    top, bottom = min([piece.top for piece in run]), max([piece.bottom for piece in run])
    size = max(run, key=lambda piece: len(piece.text)).size
    return Piece(first.start, end, top, bottom, size, flow_text(flow), tuple(flow))


def _gap_text(before: str, after: str, gap: float) -> str:
    if gap >= _MERGE:
        return "　"
    words = before[-1:].isascii() and after[:1].isascii() and before[-1:] != " " and after[:1] != " "
    return " " if gap > 0.2 and words else ""


def _regions(rows: list[Row], em: float, known: float = math.inf) -> list[list[Row]]:
    """Rows in reading order, cut where columns begin and end; left columns before right ones.

    `known` is the gutter of columns above or below these rows.
    """
    found = _columns(rows, em, known)
    if found is None:
        return [rows] if rows else []
    first, last, gutter = found
    left = [side for row in rows[first:last] if (side := [piece for piece in row if piece.is_left_of(gutter)])]
    right = [side for row in rows[first:last] if (side := [piece for piece in row if not piece.is_left_of(gutter)])]
    return [
        *_regions(rows[:first], em, gutter),
        *_regions(left, em),
        *_regions(right, em),
        *_regions(rows[last:], em, gutter),
    ]


def _columns(rows: list[Row], em: float, known: float) -> tuple[int, int, float] | None:
    """The longest run of rows `[first:last]` with a gutter through all of them and prose on both sides."""
    gaps = Counter(
        round((a.inked + b.start) / 2 / em) * em
        for row in rows
        if len(row) > 1
        for a, b in pairwise(row)
        if b.start - a.inked >= _GUTTER * em
    )
    best: tuple[int, int, float] | None = None
    for gutter in sorted(gap for gap, count in gaps.items() if count >= _COLUMN_ROWS / 2):
        left, right = gutter - em / 4, gutter + em / 4
        crossed = [index for index, row in enumerate(rows) if any(p.start < left and p.inked > right for p in row)]
        least = _COLUMN_ROWS if abs(gutter - known) > em else _COLUMN_ROWS / 2
        for first, index in pairwise([-1, *crossed, len(rows)]):
            longer = best is None or index - first - 1 > best[1] - best[0]
            if longer and _is_prose(rows[first + 1 : index], gutter, least):
                best = (first + 1, index, gutter)
    if best is None:
        return None
    first, last, gutter = _between_headings(rows, *best)
    while not rows[first][0].is_left_of(gutter):  # a running head on the right
        first += 1
    return first, _end_of_prose(rows, first, last, gutter), gutter


def _between_headings(rows: list[Row], first: int, last: int, gutter: float) -> tuple[int, int, float]:
    """The longest part between headings: rows of large print on the left that stand alone at their height, and part
    what stands above and below on both sides."""
    beside = [row[0].is_left_of(gutter) and not row[-1].is_left_of(gutter) for row in rows[first:last]]
    both = [first + index for index, found in enumerate(beside) if found]
    headings = []
    for above, below in pairwise(both):
        least = _HEADING * max(piece.size for piece in (*rows[above], *rows[below]))
        for index in range(above + 1, below):
            if all(piece.is_left_of(gutter) and piece.size >= least for piece in rows[index]):
                headings.append(index)
    before, behind = max(pairwise([first - 1, *headings, last]), key=lambda part: part[1] - part[0])
    return before + 1, behind, gutter


def _end_of_prose(rows: list[Row], first: int, last: int, gutter: float) -> int:
    """Where columns end: short notes below them, which do not reach over the gutter, are notes of both."""
    most = _NOTE * _size_of_columns(rows[first:last])
    while last > first and all(piece.is_left_of(gutter) and piece.size < most for piece in rows[last - 1]):
        last -= 1
    return last


def _size_of_columns(rows: list[Row]) -> float:
    """The size of letters of lines beside each other."""
    return statistics.median([piece.size for row in rows if len(row) > 1 for piece in row])


def _is_prose(rows: list[Row], gutter: float, least: float) -> bool:
    """Whether on both sides of the gutter stand lines that fill their column, as cells of a table do not."""
    for side in (
        [left[-1] for row in rows if (left := [p for p in row if p.is_left_of(gutter)])],
        [right[0] for row in rows if (right := [p for p in row if not p.is_left_of(gutter)])],
    ):
        if len(side) < least:
            return False
        width = max(p.end for p in side) - min(p.start for p in side)
        if statistics.median(p.end - p.start for p in side) < _COLUMN_FILL * width:
            return False
        if statistics.median(len(p.text) for p in side) < _COLUMN_CHARACTERS:
            return False
        if len({p.text for p in side}) < _COLUMN_DISTINCT * len(side):
            return False
    return True


def _paragraphs(rows: Sequence[Row], em: float, known: Container[int], room: float) -> list[tuple[str, Row]]:
    """Lines of a region, each with what joins it to the one before: nothing, a blank, `-` (a hyphen falls), `\\n`."""
    in_cell = room < math.inf
    ends = [row[-1].end for row in rows]
    end = max(ends)
    wide = end - min(row[0].start for row in rows) >= (_NARROW_CELL if in_cell else _NARROW) * em
    proven = sum(end - other < _FULL * em for other in ends) >= _FULL_LINES
    pitch = _pitch(rows)
    lines = [("\n", rows[0])]
    for previous, row in pairwise(rows):
        short = end - previous[-1].end if proven else math.inf
        full = short < (_FULL_WORDS if previous[0].text.isascii() else _FULL) * em or _near(previous[-1].end, known)
        full = full or bool(_GOES_ON_SURELY.search(previous[-1].text))
        full = full or previous[-1].end - previous[0].start > room - _PADDED * em
        joined = wide and full and _follows(previous, row, em, pitch, in_cell=in_cell)
        joint = joining(previous[-1].text.rstrip(), row[0].text) if joined else "\n"
        lines.append(("\n" if in_cell and (joint or _DATED.match(row[0].text)) else joint, row))
    return lines


def _goes_on_beside(column: list[Row], following: list[Row], em: float) -> bool:
    """Whether the last line of a column is a full one, and the first of what stands right of it has no indent."""
    last, first = column[-1][-1], following[0][0]
    end, start = max(row[-1].end for row in column), min(row[0].start for row in following)
    beside = first.middle < last.middle and start > end and min(len(column), len(following)) >= _COLUMN_ROWS / 2
    alike = abs(first.size - last.size) < 0.15 * em
    return beside and alike and end - last.end < _FULL * em and first.start - start < 0.5 * em


def _near(end: float, known: Container[int]) -> bool:
    point = round(end)
    return point in known or point - 1 in known or point + 1 in known


def _follows(previous: Row, row: Row, em: float, pitch: float, *, in_cell: bool) -> bool:
    """Whether a line stands where the paragraph of the line before, which may have its number apart, would go on."""
    aside = previous[0].start + previous[-1].end - row[0].start - row[0].end
    return (
        len(row) == 1
        and (len(previous) == 1 or (len(previous) == 2 and bool(_LABEL.match(previous[0].text))))
        and (in_place(previous, row[0], em) or (in_cell and abs(aside) <= em))
        and row[0].middle - previous[-1].middle <= _PITCH * pitch
        and abs(row[0].size - previous[-1].size) < 0.15 * em
    )


def joining(before: str, after: str) -> str:
    """What joins a full line to the next one by their words: nothing, a blank, `-` (a hyphen falls), or `\\n`."""
    if any(ends.search(before) and starts.match(after) for ends, starts in _SOLID):
        return "\n" if _BEGINS.match(after) and not _STARTS_NUMBER.match(after) else ""
    if _STARTS_WORD.match(after):
        return "-" if _HYPHENATED.search(before) else " " if _WORD_GOES_ON.search(before) else "\n"
    return "\n"


def in_place(previous: Row, piece: Piece, em: float) -> bool:
    """Whether a line begins where the one before did, left of its indent, or below the text behind its number."""
    first, last = previous[0], previous[-1]
    shift = (piece.start - first.start) / em
    hangs = _BEGINS.match(first.text) or _UNFINISHED.search(last.text.rstrip()) or _STARTS_HIRAGANA.match(piece.text)
    return -_INDENT <= shift <= (_HANGING if hangs else 0.5) or abs(piece.start - last.start) <= 0.5 * em


def _pitch(rows: Sequence[Row]) -> float:
    distances = [b[0].middle - a[0].middle for a, b in pairwise(rows)]
    return statistics.median(distances) if distances else 0.0
