"""The day on which a document says that it was made public: promulgated, decided, spoken, filed or put on the web."""

import re
from datetime import date
from itertools import islice
from typing import Any

from kobunko.wareki import parse_wareki

_OTHER = r"\s*(?:[（(][^（()）]{2,8}[)）]\s*)?"  # the year in the other reckoning: 2026年（令和8年）3月3日
DAY = (
    rf"(?:明治|大正|昭和|平成|令和)\s*[元\d〇一二三四五六七八九十]+\s*年{_OTHER}[^\s年月日]{{1,3}}\s*月\s*[^\s年月日]{{1,4}}\s*日"
    rf"|[12]\d{{3}}\s*(?:年{_OTHER}\d{{1,2}}\s*月\s*\d{{1,2}}\s*日|(?P<mark>[./-])\d{{1,2}}(?P=mark)\d{{1,2}}(?!\d))"
)
# A day that has a line to itself, as that of a release, a circular or an issue; after it a weekday or a number.
_ALONE = re.compile(
    rf"[（(［\[【]?(?:報道発表(?:資料)?|報道資料|プレスリリース)?\s*(?P<when>{DAY})\s*(?:[（(].{{1,20}}[）)])?[）)］\]】]?"
)
_IN_BRACKETS = re.compile(r"[（(].*?[)）]")
_TOP = 12  # lines of a document that its day stands in
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def published(structure: dict[str, Any]) -> str | None:
    """ISO date by the structure of a document; None where it states none. Of several parts the first one counts."""
    match structure.get("kind"):
        case "law":
            day = structure["law"].get("promulgation_date")
        case "proceedings":
            day = structure["meetings"][0].get("date")
        case "filing":
            named = (fact["value"] for fact in structure["facts"] if fact["element"].endswith(":FilingDateCoverPage"))
            day = next(named, None)
        case "page":
            day = structure.get("dates", {}).get("published")
        case "parts":
            found = (published(part["structure"]) for part in structure["parts"])
            day = next((one for one in found if one), None)
        case "judgment":
            day = structure["case"].get("date")
        case _:
            day = None
    return day if day and _ISO.fullmatch(str(day)) else None


def day_alone(line: str) -> date | None:
    match = _ALONE.fullmatch(line.lstrip("#- ").strip())
    return day_of(match["when"]) if match else None


def day_of(text: str) -> date | None:
    """A day as pages write it: 令和8年3月3日, 2026年3月3日, 2026.3.3, 2026/03/03."""
    if digits := re.fullmatch(r"(\d{4})[./-](\d+)[./-](\d+)", text):
        text = "{}年{}月{}日".format(*digits.groups())
    return parse_wareki(_IN_BRACKETS.sub("", text))


def stated(text: str) -> str | None:
    """ISO date of the one day that has a line to itself at the top of a document, as on a circular or a title page."""
    top = islice(filter(str.strip, text.split("\n")), _TOP)
    days = {day for line in top if (day := day_alone(line))}
    return days.pop().isoformat() if len(days) == 1 else None
