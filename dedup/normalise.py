"""The matching key: the form of a text in which duplicates are looked for. Published text is never touched by it.

Two texts have the same key if they differ only in layout (white space, punctuation, rules of tables), in full- and
half-width forms or case, in running heads and page numbers, or in characters that OCR takes for one another. A line
that ends within a cell of a table (`<br>`) is layout too: a list and its print break it at different places.
"""

import re
from collections import Counter
from collections.abc import Sequence
from unicodedata import normalize

from kobunko.records import PageSpan

KEY_VERSION = 3

# Characters that look alike in print, each with the one that stands for all of them.
_ALIKE = (
    "ー一",
    "カ力",
    "エ工",
    "ロ口",
    "ニ二",
    "ハ八",
    "タ夕",
    "ト卜",
    "ヘへ",
    "ベべ",
    "ペぺ",
    "リり",
    "0oо",
    "1liı",
    "末未",
    "日曰",
    "σς",
)
_SMALL = ("あぁいぃうぅえぇおぉつっやゃゆゅよょわゎ", "アァイィウゥエェオォツッヤャユュヨョワヮカヵケヶ")
_FOLD = {ord(other): group[0] for group in _ALIKE for other in group[1:]} | {
    ord(small): "カ" if small == "ヵ" else large
    for row in _SMALL
    for large, small in zip(row[::2], row[1::2], strict=True)
}
_NO_LETTER = re.compile(r"[\W_]+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:p|page|頁)?\W*(?:\d{1,4}|[ivxl]{1,6})(?:\W*[/／]\W*\d{1,4})?\W*(?:頁|ページ)?\W*", re.I
)
_DIGITS = re.compile(r"\d+")
_EDGE = 2  # lines at the head and at the foot of a page that may be furniture


def matching_key(text: str, pages: Sequence[PageSpan] = ()) -> str:
    """The key of a text; `pages` say where its pages stand, so that what recurs on them can be left out.

    A text without any letter or number is its own key, but for white space.
    """
    plain = without_layout(text, pages)
    return folded(plain) or normalize("NFKC", "".join(normalize("NFKC", plain).split()))


def folded(text: str) -> str:
    """Letters and numbers of a text in the one form that stands for all that look like it."""
    plain = normalize("NFKC", normalize("NFKC", text).lower())
    return normalize("NFKC", _NO_LETTER.sub("", plain).translate(_FOLD))


def without_layout(text: str, pages: Sequence[PageSpan]) -> str:
    """The text less ends of lines in cells, page numbers, and lines at the edge of most pages, their numbers apart."""
    return _without_furniture(text, pages).replace("<br>", "")


def _without_furniture(text: str, pages: Sequence[PageSpan]) -> str:
    if len(pages) < 3:
        return text
    lines = [text[page.start : page.end].split("\n") for page in pages]
    edges = Counter(line for page in lines for line in {_masked(page[place]) for place in _edge(page)})
    often = {line for line, count in edges.items() if line and 2 * count > len(pages)}
    for page in lines:
        for place in _edge(page):
            if _PAGE_NUMBER.fullmatch(page[place]) or _masked(page[place]) in often:
                page[place] = ""
    return "\n".join("\n".join(page) for page in lines)


def _edge(page: Sequence[str]) -> set[int]:
    return {place for place in (*range(_EDGE), *range(len(page) - _EDGE, len(page))) if 0 <= place < len(page)}


def _masked(line: str) -> str:
    return _DIGITS.sub("0", normalize("NFKC", "".join(line.split())))
