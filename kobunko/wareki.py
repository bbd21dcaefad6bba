"""Dates in Japanese eras and numbers in kanji, as laws, courts and ministries write them."""

import re
import unicodedata
from datetime import date

ERAS = (
    ("令和", date(2019, 5, 1)),
    ("平成", date(1989, 1, 8)),
    ("昭和", date(1926, 12, 25)),
    ("大正", date(1912, 7, 30)),
    ("明治", date(1868, 1, 25)),
)
_GREGORIAN = date(1873, 1, 1)  # 明治6年; earlier dates are of the lunar calendar
_DIGITS = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")} | {
    "零": "0",
    "元": "1",
    "壱": "1",
    "壹": "1",
    "弐": "2",
    "貳": "2",
    "参": "3",
    "參": "3",
    "廿": "2十",
    "卅": "3十",
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}
_N = r"[0-9元〇零一二三四五六七八九十百千廿卅]+"
_WRITTEN = re.compile(
    rf"(?:(?P<era>令和|平成|昭和|大正|明治)\s*(?P<year>{_N})|(?P<western>[12一二][0-9〇一二三四五六七八九]{{3}}))\s*年"
    rf"\s*(?P<month>{_N})\s*月\s*(?P<day>{_N})\s*日"
)


def number(text: str) -> int | None:
    """The whole number that a text writes: 百二十三, 二〇二六, 壱万弐千, １２, 元; None where it is no number."""
    plain = "".join(_DIGITS.get(letter, letter) for letter in unicodedata.normalize("NFKC", text).replace(",", ""))
    if not re.fullmatch(r"[0-9十拾百千万億兆]+", plain):
        return None
    total = section = 0
    digits = ""
    for letter in plain:
        if letter in _SMALL:
            section += int(digits or "1") * _SMALL[letter]
        elif letter in _LARGE:
            total += (section + int(digits or "0") or 1) * _LARGE[letter]
            section = 0
        else:
            digits += letter
            continue
        digits = ""
    return total + section + int(digits or "0")


def to_era(day: date) -> tuple[str, int]:
    """Era and year in it: 2026-06-16 is 令和, 8."""
    for era, first in ERAS:
        if day >= first:
            return era, day.year - first.year + 1
    raise ValueError(f"{day} lies before Meiji")


def from_era(era: str, year: int, month: int, day: int) -> date:
    """Raises ValueError for what is no date of the Gregorian calendar, lunar dates (to 明治5年) included."""
    found = date(dict(ERAS)[era].year + year - 1, month, day)
    if found < _GREGORIAN:
        raise ValueError(f"{era}{year}年{month}月{day}日 is a date of the lunar calendar")
    return found


def parse_wareki(text: str) -> date | None:
    """The first date in a text: era or western year, digits of full width, kanji numbers and 元年 included."""
    for found in _WRITTEN.finditer(unicodedata.normalize("NFKC", text)):
        year, month, day = (number(found[name] or found["western"]) or 0 for name in ("year", "month", "day"))
        try:
            return from_era(found["era"], year, month, day) if found["era"] else date(year, month, day)
        except ValueError:
            continue
    return None
