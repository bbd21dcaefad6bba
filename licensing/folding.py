"""Text as the rules match it, with the way back: NFKC, and white space removed where a rule wants none.

Almost every character folds to one character, so a fold is a translation and a list of the few places where lengths
differ. That keeps it fast enough to run over everything.
"""

import bisect
import functools
import re
import unicodedata
from dataclasses import dataclass

_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is what is matched; `span` leads from a match back to the original, in characters."""

    text: str
    _starts: list[int]  # of every piece, in the folded text
    _origins: list[tuple[int, int]]  # of every piece: where it begins and how long it was (0: as long as now)
    _end: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the original that became `text[start:end]`; `end` is behind the last of them."""
        return self._place(start), (self._place(end - 1, after=True) if end > start else self._place(start))

    def _place(self, position: int, *, after: bool = False) -> int:
        if position >= len(self.text):
            return self._end
        piece = bisect.bisect_right(self._starts, position) - 1
        origin, length = self._origins[piece]
        if length:
            return origin + length if after else origin
        return origin + position - self._starts[piece] + after


@functools.cache
def _tables() -> tuple[dict[int, str], str]:
    """One-to-one folds, and the class of the characters whose fold has another length."""
    plain: dict[int, str] = {}
    odd = []
    for code in range(0x80, 0x10000):
        char = chr(code)
        fold = unicodedata.normalize("NFKC", char)
        if len(fold) != 1 or char in "ﾞﾟ":
            odd.append(char)
        elif fold != char:
            plain[code] = fold
    return plain | _HYPHENS, "".join(map(re.escape, odd))


@functools.cache
def _pieces(drop_space: bool) -> re.Pattern[str]:
    """Runs that change their length: half-width kana with its mark, ㈱ and the like, and white space."""
    odd = _tables()[1]
    return re.compile(rf"\s+|[ｦ-ﾝ][ﾞﾟ]|[{odd}]" if drop_space else rf"[ｦ-ﾝ][ﾞﾟ]|[{odd}]")


def fold(text: str, *, drop_space: bool = False) -> Folded:
    """NFKC of a text with odd hyphens as `-`. `drop_space` removes white space, which Japanese phrases have at will."""
    table = _tables()[0]
    parts: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int]] = []
    here = done = 0

    def add(piece: str, origin: int, length: int) -> None:
        nonlocal here
        if piece:
            parts.append(piece)
            starts.append(here)
            origins.append((origin, length))
            here += len(piece)

    for match in _pieces(drop_space).finditer(text):
        add(text[done : match.start()].translate(table), done, 0)
        run = match.group()
        new = "" if drop_space and run.isspace() else unicodedata.normalize("NFKC", run)
        add("".join(new.split()) if drop_space else new, match.start(), len(run))
        done = match.end()
    add(text[done:].translate(table), done, 0)
    return Folded("".join(parts), starts, origins, len(text))
