"""Which printed lines are one paragraph: they are joined as the sentence goes on, and no others are."""

import math
import re
import statistics
from collections.abc import Container, Sequence
from itertools import pairwise

from kobunko.extract.pdf_pieces import Piece, Row

_FULL = 1.3  # em; a line that ends this near to its column's end goes on in the next
_FULL_WORDS = 6.0  # em; of a line of Latin words, which break earlier
_FULL_LINES = 2  # full lines that prove where a column ends
_NARROW = 10.0  # em; in narrower regions lines are names and headings, not sentences
_NARROW_CELL, _PADDED = 6.0, 1.8  # em; of cells, and what a full line leaves of a cell's width
_INDENT, _HANGING = 2.6, 3.2  # em; of a paragraph's first line, and of the lines below a numbered one
_PITCH = 1.4  # of the usual distance of lines; more parts paragraphs
_AROUND, _SAME, _LEAST_LETTERS = 8, 0.3, 15  # lines; em between ends that are the same; letters of such a line
_LEAST = 2  # lines of columns of which the second may go on with the sentence of the first

_JAPANESE = "\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff10-\uff5a"
_GOES_ON = re.compile(f"[{_JAPANESE}、，・「『（]$")
_BEGINS = re.compile(
    r"^(?:[\s　○●◎・※□■◆①-⑳]|第[一二三四五六七八九十百千０-９\d]+[章節款条編]|[(（][^)）]{1,3}[)）]"
    r"|[0-9０-９]{1,3}[\s　.．、]|[ア-ンイロハニホヘト一二三四五六七八九十][\s　.．])"
)
_LETTERED = re.compile(r"^[A-Za-zＡ-Ｚａ-ｚ][\s　.．、)）]")
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
_AWAITS = re.compile("(?:[のなと]|(?<!ため)に)$")
# A particle or what ends a word, and no word that begins a sentence.
_ENDING = re.compile(
    "^(?!ただし|また|なお|その|それ|しか|した|すな|すべ|さら|もっ|もし|よっ|とく|とり|では|でき|でも|くらし|いか|いま)"
    "(?:[をにはがのでとへもやるれたてさしすせけくうつっいりまよこきじ]|な(?![おん]))"
)
_DATED = re.compile(r"^(?:明治|大正|昭和|平成|令和)?[\s　]*[元\d]{1,4}年")  # as lines of a list do
_DIGITS, _BLANK = "[元〇一二三四五六七八九十\\d]{1,4}", r"[\s　]*"
_DATE = re.compile(
    rf"^\W*\w{{0,4}}?{_BLANK}{_DIGITS}{_BLANK}年{_BLANK}{_DIGITS}{_BLANK}月{_BLANK}{_DIGITS}{_BLANK}日\W*$"
)
_NUMBER, _COUNTED = re.compile(r"\d$"), re.compile(r"^[\d\W年月日時分秒万億兆円人名条項号回歳倍割点丁番地階]")
_URL, _URL_GOES_ON = re.compile(r"(?:https?://|www\.)[!-~]+$"), re.compile(r"^(?!http|www)[!-~]*[./][!-~]*$")
_LABEL = re.compile(
    r"^[\s　]*(?:[(（]?(?:[0-9０-９]{1,4}|[A-Za-zａ-ｚア-ンⅠ-ⅿ一二三四五六七八九十]{1,3})[)）.．、]?"
    r"|[•●○◎・※■□◆◇▪–*\uf0b7①-⑳])[\s　]*$"
)
_WORD_GOES_ON = re.compile(r"[A-Za-z,;]$")
_STARTS_WORD = re.compile(r"^[a-z]")
_HYPHENATED = re.compile(r"[a-z]-$")


def paragraphs(rows: Sequence[Row], em: float, known: Container[int], room: float) -> list[tuple[str, Row]]:
    """Lines of a region, each with what joins it to the one before: nothing, a blank, `-` (a hyphen falls), `\\n`."""
    in_cell = room < math.inf
    ends = [row[-1].end for row in rows]
    end = max(ends)
    wide = end - min(row[0].start for row in rows) >= (_NARROW_CELL if in_cell else _NARROW) * em
    proven = sum(end - other < _FULL * em for other in ends) >= _FULL_LINES
    pitch = _pitch(rows)
    lines = [("\n", rows[0])]
    for place, (previous, row) in enumerate(pairwise(rows)):
        short = end - previous[-1].end if proven else math.inf
        full = short < (_FULL_WORDS if previous[0].text.isascii() else _FULL) * em or _near(previous[-1].end, known)
        full = full or bool(_GOES_ON_SURELY.search(previous[-1].text))
        full = full or _is_one_sentence(previous, row, _alike(ends, place, em), longest=previous[-1].end == end)
        full = full or previous[-1].end - previous[0].start > room - _PADDED * em
        joined = wide and full and _follows(previous, row, em, pitch, in_cell=in_cell)
        lines.append((_joint(previous[-1].text.rstrip(), row[0].text, joined, in_cell=in_cell), row))
    return lines


def goes_on_beside(column: list[Row], following: list[Row], em: float) -> bool:
    """Whether the last line of a column is a full one, and the first of what stands right of it has no indent."""
    last, first = column[-1][-1], following[0][0]
    end, start = max(row[-1].end for row in column), min(row[0].start for row in following)
    beside = first.middle < last.middle and start > end and min(len(column), len(following)) >= _LEAST
    alike = abs(first.size - last.size) < 0.15 * em
    return beside and alike and end - last.end < _FULL * em and first.start - start < 0.5 * em


def _alike(ends: Sequence[float], place: int, em: float) -> int:
    """How many other lines near one end where it does, as in a paragraph that is narrower than its page."""
    near = ends[max(place - _AROUND, 0) : place + _AROUND + 1]
    return sum(abs(other - ends[place]) < _SAME * em for other in near) - 1


def _is_one_sentence(previous: Row, row: Row, alike: int, longest: bool) -> bool:
    """Whether two lines can hardly be items of a list, or a heading and its text."""
    before, after = previous[-1].text.strip(), row[0].text.strip()
    if len(before) < _LEAST_LETTERS or not (alike or longest):
        return False
    number = before[-1:].isdecimal() and after[:1].isdecimal()
    last = alike > 0 and after.endswith("。") and not _STARTS_HIRAGANA.match(after)
    return bool(number or last or _AWAITS.search(before) or _ENDING.match(after))


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


def _joint(before: str, after: str, joined: bool, *, in_cell: bool) -> str:
    if _URL.search(before) and _URL_GOES_ON.match(after.strip()):
        return ""
    if not joined or _DATE.match(before) or _DATE.match(after):
        return "\n"
    joint = joint_of(before, after)
    item = joint or _DATED.match(after) or (_NUMBER.search(before) and not _COUNTED.match(after))
    return "\n" if in_cell and item else joint


def joint_of(before: str, after: str) -> str:
    """What stands between a full line and the next one: nothing, a blank, `-` (a hyphen falls), or `\\n`."""
    if any(ends.search(before) and starts.match(after) for ends, starts in _SOLID):
        return "\n" if _BEGINS.match(after) and not _STARTS_NUMBER.match(after) else ""
    if _STARTS_WORD.match(after):
        return "-" if _HYPHENATED.search(before) else " " if _WORD_GOES_ON.search(before) else "\n"
    return "\n"


def in_place(previous: Row, piece: Piece, em: float) -> bool:
    """Whether a line begins where the one before did, left of its indent, or below the text behind its number."""
    first, last = previous[0], previous[-1]
    shift = (piece.start - first.start) / em
    hangs = (
        _BEGINS.match(first.text)
        or _LETTERED.match(first.text)
        or _UNFINISHED.search(last.text.rstrip())
        or _STARTS_HIRAGANA.match(piece.text)
    )
    return -_INDENT <= shift <= (_HANGING if hangs else 0.5) or abs(piece.start - last.start) <= 0.5 * em


def _pitch(rows: Sequence[Row]) -> float:
    distances = [b[0].middle - a[0].middle for a, b in pairwise(rows)]
    return statistics.median(distances) if distances else 0.0
