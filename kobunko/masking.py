"""Masks: what is taken out of a text before it is published, and the text without it."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Mask:
    """`text[start:end]` becomes `replacement`, which says what stood there: `［電話番号］`."""

    version: ClassVar[int] = 1
    start: int
    end: int
    kind: str
    replacement: str


def masked(text: str, masks: Sequence[Mask]) -> str:
    """The text with its masks applied.

    Masks may come in any order; where two overlap, one mask from the first to the last character takes their place,
    typed as the one that begins first.
    """
    parts: list[str] = []
    done = 0
    for mask in _disjoint(masks):
        parts += [text[done : mask.start], mask.replacement]
        done = mask.end
    return "".join([*parts, text[done:]])


def moved(positions: Sequence[int], masks: Sequence[Mask]) -> list[int]:
    """Where positions of a text are in the masked one; those inside of a mask move to its end."""
    applied = _disjoint(masks)
    ends = [mask.end for mask in applied]
    gains = [0, *accumulate(len(mask.replacement) - (mask.end - mask.start) for mask in applied)]

    def place(position: int) -> int:
        before = bisect.bisect_right(ends, position)
        if before < len(applied) and applied[before].start < position:
            position, before = applied[before].end, before + 1
        return position + gains[before]

    return [place(position) for position in positions]


def _disjoint(masks: Sequence[Mask]) -> list[Mask]:
    result: list[Mask] = []
    for mask in sorted(masks, key=lambda mask: (mask.start, -mask.end)):
        if result and mask.start < result[-1].end:
            result[-1] = replace(result[-1], end=max(result[-1].end, mask.end))
        else:
            result.append(mask)
    return result
