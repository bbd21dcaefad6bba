"""Parts of a document that belong to somebody else, found by the words that mark them (`rules/third_party.toml`).

The stage `third_party` gives spans with their page (and box, where the text has lines with places). The licence of a
document never covers them; what that means for a release is decided in `policy`.
"""

import functools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kobunko.licensing.folding import fold
from kobunko.licensing.rulebook import any_of, read
from kobunko.records import Line, PageSpan, column, hints
from kobunko.stage import Stage

Effect = Literal["document", "span", "figure", "credit"]
STRONGEST = ("document", "span", "figure", "credit", "none")
_NOTHING = re.compile(r"[0-9\-,.年月日]*")


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry of `rules/third_party.toml`, which says what the fields mean."""

    kind: str
    effect: Effect
    pattern: re.Pattern[str]
    until: str = ""
    lines: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """`text[start:end]` belongs to somebody else, or says that something on its `page` does.

    `phrase` is the mark, word for word; `box` is `[x0, y0, x1, y1]` in fractions of the page, or None.
    """

    start: int
    end: int
    page: int
    kind: str
    effect: Effect
    phrase: str
    box: list[float] | None = None


@functools.cache
def _marks() -> tuple[tuple[Mark, ...], re.Pattern[str], re.Pattern[str]]:
    """The marks, what names the State, and what names somebody else whatever stands beside it."""
    data = read("third_party")
    marks = []
    for entry in data["mark"]:
        pattern = any_of(entry["patterns"])
        if entry.get("lines"):
            pattern = re.compile(pattern.pattern, re.MULTILINE)
        known = {name: entry[name] for name in ("kind", "effect", "until", "lines") if name in entry}
        marks.append(Mark(pattern=pattern, sources=tuple(entry.get("sources", ())), **known))
    return tuple(marks), re.compile(data["government"]["pattern"]), re.compile(data["government"]["private"])


def third_parties(
    text: str, pages: Sequence[PageSpan], source: str = "", publisher: str = "", lines: Sequence[Line] = ()
) -> list[Part]:
    """The parts in order. Marks of the State, or of the publisher itself, are none."""
    marks, government, private = _marks()
    folds = {True: fold(text), False: fold(text, drop_space=True)}
    found = []
    for mark in marks:
        if mark.sources and source not in mark.sources:
            continue
        folded = folds[mark.lines]
        for match in mark.pattern.finditer(folded.text):
            owner = match.groupdict().get("owner")
            if owner is not None and (
                _NOTHING.fullmatch(owner)
                or (government.search(owner) and not private.search(owner.strip()))
                or (publisher and publisher in owner)
            ):
                continue
            start, end = folded.span(match.start(), match.end())
            phrase = text[start:end]
            last = len(text) if mark.until == "end" else end
            found.append(
                Part(start, last, _page(pages, start), mark.kind, mark.effect, phrase, _box(lines, start, end))
            )
    return sorted(found, key=lambda part: (part.start, part.end, part.kind))


def effect_of(parts: Sequence[Part]) -> str:
    """The strongest effect; `none` where nothing was found."""
    return min((part.effect for part in parts), key=STRONGEST.index, default="none")


def _page(pages: Sequence[PageSpan], position: int) -> int:
    return next((page.number for page in reversed(pages) if page.start <= position), 1)


def _box(lines: Sequence[Line], start: int, end: int) -> list[float] | None:
    mine = [line for line in lines if line.start < end and start < line.end]
    if not mine or len({line.page for line in mine}) > 1:
        return None
    return [
        min(line.x0 for line in mine),
        min(line.y0 for line in mine),
        max(line.x1 for line in mine),
        max(line.y1 for line in mine),
    ]


@dataclass(frozen=True, slots=True)
class ThirdPartyInput:
    source: str
    text: str = column("text.text")
    pages: list[PageSpan] = column("text.pages")


@dataclass(frozen=True, slots=True)
class ThirdPartyInputWithLines:
    source: str
    text: str = column("text.text")
    pages: list[PageSpan] = column("text.pages")
    lines: list[Line] = column("text.lines")


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """`spans` is a JSON list of `Part`; `effect` is the strongest of them: document · span · figure · credit · none."""

    spans: str
    effect: str


def make(publishers: dict[str, str]) -> Callable[[Any], ThirdParty]:
    def find(document: Any) -> ThirdParty:
        lines = getattr(document, "lines", ())
        publisher = publishers.get(document.source, "")
        parts = third_parties(document.text, document.pages, document.source, publisher, lines)
        return ThirdParty(
            spans=json.dumps([asdict(part) for part in parts], ensure_ascii=False), effect=effect_of(parts)
        )

    return find


def third_party_stage(after: tuple[Stage[Any, Any], ...], publishers: dict[str, str]) -> Stage[Any, ThirdParty]:
    """The stage after `text`; boxes come from the text's lines where it has them."""
    has_lines = any("lines" in hints(stage.writes) for stage in after if stage.name == "text")
    return Stage(
        name="third_party",
        version=2,
        make=make,
        reads=ThirdPartyInputWithLines if has_lines else ThirdPartyInput,
        writes=ThirdParty,
        params={"publishers": publishers},
        after=after,
        batch=16,
    )
