"""Whether a PDF page's text layer can be trusted, or the page has to be read from its image, or is blank.

First the evidence is measured page by page, then it is judged with what is known of the fonts of the whole file: a
font that loses letters on one page is not trusted on another. Every verdict has a reason code and its figures.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kobunko.extract.japanese import letters_per_word, rare_share
from kobunko.extract.pdf_ink import (
    hides_letters,
    images,
    in_lines,
    ink,
    lettered_marks,
    marks_inside,
    room_for_marks,
    unread_marks,
)
from kobunko.extract.pdf_painting import Painting
from kobunko.extract.pdf_sheet import Sheet

_BLANK_INK = 0.0004  # share of the page; dust on a scanned empty page stays below
_SPARSE = 200  # characters; a page with more is not held against its ink
_LEAST_MARKS = 40
_MARKS_PER_CHARACTER = 1.5
_PICTURE = 0.02  # of the page; smaller images hold no text
_MOSTLY = 0.5  # of the page; images of more are not looked at one by one
_STRIP = 0.04  # of the page's height; a higher image is no part of a line
_INLINE = 40  # marks of letters in images within lines of text
_PICTURE_MARKS = 40  # in rows, as letters stand

_LOST = re.compile("[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029]|\\(cid:\\d+\\)|GLYPH<\\d+>")
_CONTROL = re.compile("[\x01-\x08\x0e-\x1f]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LATIN_1 = re.compile("[\xa1-\xff]")
_FOREIGN = re.compile("[\u0530-\u10ff\u1200-\u1dff]")
_SUSPECT = re.compile(f"{_LOST.pattern}|[\xa1-\xff\u0530-\u10ff\u1200-\u1dff\ue000-\uf8ff]")  # any of the above
_BLANKS = re.compile("[ \n\t\r\u3000\xa0]+")
_LOST_SHARE, _LEAST_LOST = 0.01, 3
_PRIVATE_SHARE = 0.2
_MOJIBAKE_SHARE = 0.25
_FOREIGN_SHARE, _FOREIGN_SCRIPTS = 0.1, 4  # one foreign script is a translation, four at once are wrong glyph tables
_BROKEN_FONT = 0.2  # of a font's letters in the file
_HIDDEN = 0.5  # of a page's letters; then the layer is the work of somebody's OCR
_RARE = 0.15  # of the kanji; honest texts stay below, old spelling comes near
_SOUP = 0.5  # of the kanji; no text has so many rare ones
_WORD = 1.25  # Japanese letters per word; prose of any age has more, soup has less


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured on a page. `ink` is None where nothing asked for a picture of the whole, `word` where nothing
    asked for words."""

    characters: int
    hidden: int
    fonts: Counter[str]
    broken: str
    rare: float
    word: float | None
    ink: float | None
    unread: int | None
    picture: float
    picture_marks: int
    inline: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`method` and `reason` of the page, and the figures that led to them."""

    method: str
    reason: str
    figures: dict[str, float] = field(default_factory=dict)


def evidence(painting: Painting, sheet: Sheet) -> Evidence:
    text = sheet.text
    characters, hidden = sheet.letters.all, sheet.letters.hidden
    all_pictures = images(painting)
    pictures = [box for box in all_pictures if (box[2] - box[0]) * (box[3] - box[1]) >= _PICTURE]
    strips = [box for box in all_pictures if box[3] - box[1] <= _STRIP]
    if room_for_marks(painting, strips) >= _INLINE:
        strips = in_lines(strips, sheet.spans)
    can_hold = room_for_marks(painting, strips) >= _INLINE
    rare = rare_share(text)
    cover = sum((box[2] - box[0]) * (box[3] - box[1]) for box in pictures)
    least = _too_many_marks(characters) if characters else 1
    sparse = characters < _SPARSE and (bool(pictures) or hides_letters(painting, least))
    black = ink(painting) if sparse or cover > _MOSTLY else ink(painting, pictures) if pictures else None
    boxes = [span.place for span in sheet.spans]
    return Evidence(
        characters=characters,
        hidden=hidden,
        fonts=sheet.letters.fonts,
        broken=broken_encoding(text) or ("pi-font" if sheet.letters.misfits else ""),
        rare=rare,
        word=letters_per_word(text) if rare > _RARE or hidden > _HIDDEN * characters else None,
        ink=float(black.mean()) if sparse and black is not None else None if characters else 0.0,
        unread=unread_marks(black, boxes) if black is not None and 0 < characters < _SPARSE else None,
        picture=min(cover, 1.0),
        inline=marks_inside(painting, boxes, strips) if can_hold else 0,
        picture_marks=lettered_marks(black, boxes, pictures) if black is not None and characters else 0,
    )


def broken_fonts(sheets: Sequence[Sheet]) -> set[str]:
    """Fonts of the file that lose a large share of their letters."""
    total: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for sheet in sheets:
        total.update(sheet.letters.fonts)
        lost.update(sheet.letters.lost)
    return {name for name, count in lost.items() if count >= _LEAST_LOST and count >= _BROKEN_FONT * total[name]}


def judge(found: Evidence, bad_fonts: set[str]) -> Verdict:
    """The verdict on a page, given the fonts of its file that lose letters."""
    figures = _figures(found)
    if not found.characters:
        blank = found.ink is not None and found.ink < _BLANK_INK
        return Verdict("none", "blank", figures) if blank else Verdict("ocr", "no-text-layer", figures)
    if found.broken:
        return Verdict("ocr", "broken-encoding", figures | {found.broken: 1})
    if count := sum(found.fonts[name] for name in bad_fonts):
        return Verdict("ocr", "broken-font", figures | {"letters_of_broken_fonts": count})
    if found.rare > _SOUP or (found.word is not None and found.word < _WORD):
        hidden = found.hidden > _HIDDEN * found.characters
        return Verdict("ocr", "poor-hidden-layer" if hidden else "implausible-text", figures)
    if found.unread is not None and found.unread > _too_many_marks(found.characters):
        return Verdict("ocr", "few-characters-for-ink", figures)
    if found.inline >= _INLINE:
        return Verdict("ocr", "letters-as-images", figures)
    if found.picture_marks >= _PICTURE_MARKS:
        return Verdict("embedded", "text-beside-images", figures)
    hidden = found.hidden > _HIDDEN * found.characters
    return Verdict("embedded", "hidden-layer" if hidden else "text-layer", figures)


def _too_many_marks(characters: int) -> float:
    """How many marks of letters a page may bear beside so many characters of its layer."""
    return max(_LEAST_MARKS, _MARKS_PER_CHARACTER * characters)


def _figures(found: Evidence) -> dict[str, float]:
    """What is worth keeping: the number of characters always, the others where they say something."""
    values: Mapping[str, float | None] = {
        "characters": found.characters,
        "hidden": found.hidden or None,
        "rare_kanji": round(found.rare, 3) or None,
        "letters_per_word": None if found.word is None else round(found.word, 2),
        "ink": None if found.ink is None else round(found.ink, 5),
        "unread_marks": found.unread,
        "image_cover": round(found.picture, 3) or None,
        "image_marks": found.picture_marks or None,
        "letters_in_lines": found.inline or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def broken_encoding(text: str) -> str:
    """In what way the characters cannot be what is printed: lost, private, or of scripts that never stand together.

    Empty where nothing speaks against them.
    """
    if not _SUSPECT.search(text):
        return ""
    solid = _BLANKS.sub("", text)
    lost = len(_LOST.findall(solid))
    foreign = _FOREIGN.findall(solid)
    if _CONTROL.search(solid) or (lost >= _LEAST_LOST and lost >= _LOST_SHARE * len(solid)):
        return "lost_characters"
    if len(_PRIVATE.findall(solid)) > _PRIVATE_SHARE * len(solid):
        return "private_characters"
    if len(_LATIN_1.findall(solid)) > _MOJIBAKE_SHARE * len(solid):
        return "mojibake"
    if len(foreign) > _FOREIGN_SHARE * len(solid) and len({ord(c) >> 7 for c in foreign}) >= _FOREIGN_SCRIPTS:
        return "mixed_scripts"
    return ""
