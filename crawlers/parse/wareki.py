"""Dates in Japanese eras, as the courts' site writes and asks for them."""

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
_WRITTEN = re.compile(r"(令和|平成|昭和|大正|明治)\s*(元|\d+)\s*年\s*(\d+)\s*月\s*(\d+)\s*日")


def to_era(day: date) -> tuple[str, int]:
    """Era and year in it: 2026-06-16 is 令和, 8."""
    for era, first in ERAS:
        if day >= first:
            return era, day.year - first.year + 1
    raise ValueError(f"{day} lies before Meiji")


def from_era(era: str, year: int, month: int, day: int) -> date:
    return date(dict(ERAS)[era].year + year - 1, month, day)


def parse_wareki(text: str) -> date | None:
    """The first era date in a text, full-width digits and 元年 included."""
    found = _WRITTEN.search(unicodedata.normalize("NFKC", text))
    if not found:
        return None
    era, year, month, day = found.groups()
    try:
        return from_era(era, 1 if year == "元" else int(year), int(month), int(day))
    except ValueError:
        return None
