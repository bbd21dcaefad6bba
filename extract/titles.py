"""The title of a document that its file does not name, or names wrongly.

Word processors keep the title of the document that somebody once began with, so what a PDF or an office file says of
itself counts only if its pages say it too. Else the title is what stands out on the first page with text: the first
piece of its largest print, or, where all print is alike, a first paragraph that is no sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from unicodedata import normalize

from kobunko.records import Line, PageSpan

UNSURE = ("pdf", "image", "docx", "xlsx", "pptx", "doc", "xls", "ppt")  # whose own title may be somebody else's
_HEAD = 3000  # characters of a text in which it would say its title
_LONGEST = 200  # characters of a title
_STANDS_OUT = 1.15  # size of print, as a multiple of that of the page
_HEADS = 1.3  # the same for what stands over a figure that has larger print in it
_ALIKE = 0.85  # sizes of print that count as one
_TRIED = 6  # paragraphs from the top that may be the title
_FIRST = 20  # paragraphs; what stands out below so many is a legend, and so many without a sentence are a figure
_PIECES = 3  # paragraphs that a title is made of at most
_ONGOING = ("と", "の", "を", "に", "は", "及び", "並びに", "又は")
_NO_TITLE = re.compile(
    r"[\W\d]*|.*[、。]|[-・●○■※*].*|\d+[.](?!\d).*|[(]([a-z\d]{1,3}|\W)[)].*|.*については、.*|[(].*\d年\d+月\d+日.*[)]"
    r"|[(（]?(別[紙添表]|参考|資料|様式|注|訳文|仮訳|案|写|写し|目次|抄)[\W\d]*.{0,3}|主文|目次"
    r"|(明治|大正|昭和|平成|令和)?[元\d〇一二三四五六七八九十]+年[\d一二三四五六七八九十]+月([\d一二三四五六七八九十]+日)?.{0,6}"
    r"|.{0,12}第[\d〇一二三四五六七八九十百]+号(の\d+)?|.{1,14}(殿|様|御中|各位)"
)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    size: float  # of its print: the shorter side of its lines, in fractions of the page


def says(text: str, title: str) -> bool:
    """Whether a text begins with pages that say this title."""
    return _may_be_title(title) and _letters(title) in _letters(text[:_HEAD])


def headline(text: str, spans: Sequence[PageSpan], lines: Sequence[Line]) -> str:
    """The title that the first page with text shows; empty where nothing looks like one."""
    span = next((span for span in spans if span.end > span.start), None)
    if span is None:
        return ""
    own = [line for line in lines if line.page == span.number and line.kind != "table"]
    own = [line for line in own if text[line.start : line.end].strip()]
    return _largest(text, own) if own else _of_markdown(text[span.start : span.end])


def _largest(text: str, lines: Sequence[Line]) -> str:
    found = list(_paragraphs(text, lines))
    usual = median(size for paragraph in found for size in [paragraph.size] * len(paragraph.text))
    named = [paragraph for paragraph in found if _may_be_title(paragraph.text)]
    largest = max((paragraph.size for paragraph in named), default=0.0)
    stands_out = largest >= _STANDS_OUT * usual
    figure = len(found) >= _FIRST and not any("。" in paragraph.text for paragraph in found)
    if figure and not (stands_out and found[0].size >= _ALIKE * largest):
        heads = found[0] in named and found[0].size >= _HEADS * usual
        return _continued(found[:_PIECES], heads) if heads else ""
    tried = found if stands_out else found[:_TRIED]
    titles = (
        place for place, one in enumerate(tried) if one in named and (one.size >= _ALIKE * largest or not stands_out)
    )
    first = next(titles, _FIRST)
    return "" if first >= _FIRST else _continued(found[first : first + _PIECES], stands_out)


def _continued(pieces: Sequence[_Paragraph], stands_out: bool) -> str:
    """A title with what belongs to it: pieces of the same large print, and the rest of what a line's end cut off."""
    title = pieces[0].text
    for one in pieces[1:]:
        alike = stands_out and abs(one.size - pieces[0].size) <= 0.02 * one.size
        if not (alike or _is_cut(title)) or not _may_be_title(title + one.text):
            break
        title += one.text
    return title


def _is_cut(title: str) -> bool:
    opened = sum(title.count(one) for one in "（(「『【〔")
    return opened > sum(title.count(one) for one in "）)」』】〕") or title.endswith(_ONGOING)


def _paragraphs(text: str, lines: Sequence[Line]) -> Iterator[_Paragraph]:
    """Paragraphs, headings and cells in the order of the text."""
    blocks: dict[int, list[Line]] = {}
    for line in lines:
        blocks.setdefault(line.block, []).append(line)
    for block in sorted(blocks.values(), key=lambda block: block[0].start):
        words = text[min(line.start for line in block) : max(line.end for line in block)]
        joined = " ".join(re.sub(r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])", "", words).split())
        yield _Paragraph(joined, median(min(line.x1 - line.x0, line.y1 - line.y0) for line in block))


def _may_be_title(words: str) -> bool:
    plain = _letters(words)
    return 4 <= len(plain) <= _LONGEST and not _NO_TITLE.fullmatch(plain)


def _of_markdown(page: str) -> str:
    """The first heading or line; of a table a first row that holds one thing."""
    for row in page.split("\n")[:_TRIED]:
        cells = (
            list(dict.fromkeys(cell.strip() for cell in row.strip("|").split("|"))) if row.startswith("|") else [row]
        )
        told = [cell for cell in cells if cell.strip("# -")]
        if len(told) == 1 and not row.startswith("## ") and _may_be_title(words := told[0].strip("# ")):
            return words
    return ""


def _letters(words: str) -> str:
    return "".join(normalize("NFKC", words).split())
