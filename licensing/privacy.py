"""The stage `privacy`: what is personal in a document, and what a release has to mask or to leave out.

Masks hold places and kinds, never the data. A 個人番号 may not be kept by anybody: such a document is quarantined.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kobunko.ids import json_sha256, sha256_hex
from kobunko.licensing.folding import fold
from kobunko.licensing.hosts import Persons, host_rule
from kobunko.licensing.names import MODEL, find_names
from kobunko.licensing.numbers import Datum, find_numbers
from kobunko.licensing.rulebook import read
from kobunko.masking import Mask, masked
from kobunko.records import column
from kobunko.stage import Resources, Stage

NAME = "［氏名］"
PERSONAL, ANONYMISED, NON_PERSONAL = "personal", "anonymised", "non-personal"


@dataclass(frozen=True, slots=True)
class PrivacyInput:
    source: str
    url: str
    text: str = column("text.text")


@dataclass(frozen=True, slots=True)
class Privacy:
    """`masks` are places in the text; `counts` is JSON: kind → how many were found, kept ones included.

    `masked_sha256` is that of the text with its masks, None where there are none: so a release need not read the text.
    `action`: keep · mask · quarantine. `data_class` of the text with its masks applied, after the classes of the
    national data strategy: personal (people are named in it, by office or by law) · anonymised (what was personal is
    masked, or was pseudonymised at the source) · non-personal (nothing personal was found).
    """

    masks: list[Mask]
    counts: str
    action: str
    data_class: str
    masked_sha256: str | None


def private(text: str, persons: Persons) -> Privacy:
    """What is personal in a text, where the source's policy about persons is `persons`."""
    found = list(_found(text, persons))
    quarantined = any(item.act == "quarantine" for item in found)
    masks = masks_of(found, persons)
    action = "quarantine" if quarantined else "mask" if masks else "keep"
    return Privacy(
        masks=masks,
        counts=json.dumps(dict(sorted(Counter(item.kind for item in found).items()))),
        action=action,
        data_class=_data_class(persons, action, found),
        masked_sha256=sha256_hex(masked(text, masks).encode()) if masks else None,
    )


def _found(text: str, persons: Persons) -> Iterator[Datum]:
    seen: set[tuple[str, str, int]] = set()
    for item in find_numbers(fold(text)):
        ends = {(item.kind, "start", item.start), (item.kind, "end", item.end)}
        if seen.isdisjoint(ends):  # else another rule has found the same already
            seen |= ends
            yield item
    if persons == "masked":
        acts = {"private": "mask", "office": "keep", "unknown": "keep"}
        for name in find_names(text):
            yield Datum(name.start, name.end, f"name-{name.role}", acts[name.role], NAME)  # type: ignore[arg-type]


def masks_of(found: Sequence[Datum], persons: Persons) -> list[Mask]:
    """Masks in order; of two that overlap the one whose rule is surer stays, and rules come in that order."""
    taken: list[Mask] = []
    covered = bytearray(max((item.end for item in found), default=0))
    for item in found:
        wanted = item.act in ("mask", "quarantine") or (item.act == "policy" and persons == "masked")
        if wanted and covered.find(1, item.start, item.end) < 0:
            covered[item.start : item.end] = b"\1" * (item.end - item.start)
            taken.append(Mask(item.start, item.end, item.kind, item.replacement))
    return sorted(taken, key=lambda mask: mask.start)


def _data_class(persons: Persons, action: str, found: list[Datum]) -> str:
    named = any(item.kind in ("name-office", "name-unknown") for item in found)
    if action == "quarantine" or persons == "kept" or named:
        return PERSONAL
    return ANONYMISED if action == "mask" or persons == "masked" else NON_PERSONAL


def make(**_: Any) -> Callable[[PrivacyInput], Privacy]:
    def privacy(document: PrivacyInput) -> Privacy:
        return private(document.text, host_rule(document.source, document.url).persons)

    return privacy


def privacy_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[PrivacyInput, Privacy]:
    """The stage after `text`. The model of names is loaded only where a source's policy asks for it."""
    return Stage(
        name="privacy",
        version=5,
        make=make,
        reads=PrivacyInput,
        writes=Privacy,
        params={"rules": json_sha256(read("hosts")), "names": MODEL},
        resources=Resources(wall_s=600),
        after=after,
        batch=4,
    )
