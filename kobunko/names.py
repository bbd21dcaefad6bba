"""Names that people know a document by: law id and number, case number, filing id, in one form for comparing.

`令和五年（行ヒ）第三百六十六号` and `令和5(行ヒ)366` are the same case.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from kobunko.records import Document

LAW_ID = re.compile(r"(?<![0-9A-Z])([1-5]\d{2}[A-Z]{1,2}[0-9A-Z]{9,10}|321CONSTITUTION)(?![0-9A-Z])")
LAW_REVISION = re.compile(LAW_ID.pattern.removesuffix(r"(?![0-9A-Z])") + r"_(\d{4})(\d{2})(\d{2})_[0-9A-Z]+")
_FILING = re.compile(r"edinet-fsa\.go\.jp/.*?\b(S[0-9A-Z]{7})\b")
_CASE_NUMBER = re.compile(r'"case_number": ?"([^"]+)"')  # structures of laws are too long to be parsed for it
_NAMED = {"law_num", "law_id", "law_revision_id", "case_number", "docID", "secCode", "edinetCode"}
_DIGITS = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile(r"(?<=第)[〇一二三四五六七八九十百千]+|[〇一二三四五六七八九十百千]+(?=[年号])|元(?=年)")
_PLAIN = re.compile(r"[\s年第号()・,、]")


def name_key(name: str) -> str:
    """The form in which names are compared."""
    normal = unicodedata.normalize("NFKC", name)
    return _PLAIN.sub("", _NUMERAL.sub(lambda found: str(number_of(found[0])), normal)).upper()


def number_of(kanji: str) -> int:
    """Value of a kanji numeral below 10,000, positional or not; 元 (of 元年) is 1."""
    if kanji == "元":
        return 1
    if not any(unit in kanji for unit in _UNITS):
        return int("".join(str(_DIGITS[sign]) for sign in kanji))
    total = digit = 0
    for sign in kanji:
        if sign in _UNITS:
            total += (digit or 1) * _UNITS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def names_of(
    source_key: str, source_version: str, url: str, metadata: Mapping[str, Any], structure: str = ""
) -> list[str]:
    """Comparable names of a document, from what its source and the file itself say of it.

    `structure` is the JSON of what was found in its text, where a judgment has the number in its head.
    """
    found = {name_key(source_key), *(match[1] for match in _FILING.finditer(url))}
    for text in (source_key, source_version, url):
        found.update(match[1] for match in LAW_ID.finditer(text))
        found.update(match[0] for match in LAW_REVISION.finditer(text))
    found.update(name_key(value) for value in (*_values(metadata), *_CASE_NUMBER.findall(structure)))
    return sorted(name for name in found if 3 < len(name) < 200)


def _values(value: Any) -> Iterator[str]:
    """Strings under the keys that hold names, wherever they stand in the metadata."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _NAMED and isinstance(inner, str) and inner:
                yield inner
                yield from inner.split("、") if "、" in inner else ()
            else:
                yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)


def law_id(document: Document) -> str:
    """Id of the law that a document holds, as its source or its URL tells; empty where neither does."""
    told = f"{document.source_key} {document.source_version} {document.url}"
    return match[1] if (match := LAW_ID.search(told)) else ""


def in_force_from(revision: str, metadata: Mapping[str, Any] | None = None) -> date | None:
    """When a revision of a law comes into force, from what holds its id or what the source says; None if unknown."""
    said = (metadata or {}).get("amendment_enforcement_date")
    if isinstance(said, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
        return date.fromisoformat(said)
    if not (match := LAW_REVISION.search(revision)):
        return None
    try:
        return date(int(match[2]), int(match[3]), int(match[4]))
    except ValueError:  # 21171231 stands for a day that is not decided, and is a date; others are mistakes
        return None
