"""Masks: what is taken out of a text before it is published, and the text without it."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from kobunko.records import PageSpan


@dataclass(frozen=True, slots=True)
class Mask:
    """`text[start:end]` becomes `replacement`, which says what stood there: `［電話番号］`."""

    version: ClassVar[int] = 1
    start: int
    end: int
    kind: str
    replacement: str


def masked(text: str, pages: Sequence[PageSpan], masks: Sequence[Mask]) -> tuple[str, list[PageSpan]]:
    """The text with its masks applied, and its page spans moved accordingly.

    Masks may come in any order; where two overlap, one mask from the first to the last character takes their place,
    typed as the one that begins first. A page border inside a mask moves to the mask's end.
    """
    applied = _disjoint(masks)
    parts: list[str] = []
    done = 0
    for mask in applied:
        parts += [text[done : mask.start], mask.replacement]
        done = mask.end
    parts.append(text[done:])
    ends = [mask.end for mask in applied]
    gains = [0]
    for mask in applied:
        gains.append(gains[-1] + len(mask.replacement) - (mask.end - mask.start))

    def moved(position: int) -> int:
        before = bisect.bisect_right(ends, position)
        if before < len(applied) and applied[before].start < position:
            position, before = applied[before].end, before + 1
        return position + gains[before]

    return "".join(parts), [replace(page, start=moved(page.start), end=moved(page.end)) for page in pages]


def _disjoint(masks: Sequence[Mask]) -> list[Mask]:
    result: list[Mask] = []
    for mask in sorted(masks, key=lambda mask: (mask.start, -mask.end)):
        if result and mask.start < result[-1].end:
            result[-1] = replace(result[-1], end=max(result[-1].end, mask.end))
        else:
            result.append(mask)
    return result
