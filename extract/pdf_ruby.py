"""Ruby: small kana beside the text whose reading they give."""

import re
from collections.abc import Sequence

from kobunko.extract.pdf_sheet import Span

_KANA = re.compile("^[\u3041-\u30ffー・\\s　]+$")
_HAS_KANJI = re.compile("[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]")
_SMALL = 0.62  # of the size of the letters beside it
_NEAR = 0.6  # em of the base, between ruby and base
_OVERLAP = 0.5  # of the base's letter that ruby may reach into its line


def without_ruby(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """The page's text and, apart from it, its ruby."""
    bases = [span for span in spans if _HAS_KANJI.search(span.text)]
    largest = _SMALL * max((base.size for base in bases), default=0.0)
    small = [span for span in spans if span.size <= largest and _KANA.match(span.text)]
    ruby = {id(span) for span in small if any(_reads(span, base) for base in bases)}
    if not ruby:
        return list(spans), []
    return [span for span in spans if id(span) not in ruby], [span for span in spans if id(span) in ruby]


def _reads(ruby: Span, base: Span) -> bool:
    """Whether small kana stand right above horizontal kanji, or right of vertical ones."""
    if ruby.size > _SMALL * base.size or (ruby.down != base.down and len(ruby.text.strip()) > 1):
        return False
    x0, y0, x1, y1 = ruby.box
    if base.down:
        aside, along = x0 - base.box[2], (y0 + y1) / 2
        inside = base.box[1] - base.size / 2 <= along <= base.box[3] + base.size / 2
    else:
        aside, along = base.box[1] - y1, (x0 + x1) / 2
        inside = base.box[0] - base.size / 2 <= along <= base.box[2] + base.size / 2
    return inside and -_OVERLAP * base.size <= aside <= _NEAR * base.size
