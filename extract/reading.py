"""What every reader returns for one file, and the kinds of page there are."""

from dataclasses import dataclass, field
from typing import Any

from kobunko.records import Page

HORIZONTAL, VERTICAL, MIXED, NONE = "horizontal", "vertical", "mixed", "none"


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read. Pages are numbered from 1 within the file; `metadata` and `structure` are plain JSON data."""

    format: str
    pages: list[Page]
    title: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    structure: dict[str, Any] = field(default_factory=dict)


def text_page(number: int, text: str, reason: str, writing: str = HORIZONTAL) -> Page:
    """A page whose text is in the file itself; without any text it is a blank page."""
    if not text.strip():
        return blank_page(number)
    return Page(number, text, "embedded", reason, None, writing, part_page=number)


def ocr_page(number: int, reason: str, writing: str = NONE) -> Page:
    """A page that has to be read from its image; `writing` is what is already known of it."""
    return Page(number, "", "ocr", reason, None, writing, part_page=number)


def blank_page(number: int) -> Page:
    return Page(number, "", "none", "blank", None, NONE, part_page=number)
