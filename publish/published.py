"""What a release holds of a document's text: the text with its masks, or nothing and the reason.

The reason comes from `kobunko.policy`; masks are those of personal data and, where texts are passed on, the parts that
belong to somebody else. The text that is hashed, counted and divided into pages is always the one with its masks.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kobunko.masking import Mask, masked
from kobunko.policy import Profile, Rights, passes_on, withheld
from kobunko.records import PageSpan, from_row, to_row

COLUMNS = (
    "licence.license",
    "licence.redistribute",
    "licence.part",
    "licence.train",
    "licence.opt_out",
    "third_party.effect",
    "third_party.spans",
    "privacy.action",
    "privacy.masks",
)
THIRD_PARTY = "［第三者の著作物］"


@dataclass(frozen=True, slots=True)
class MaskedText:
    text: str
    pages: list[dict[str, Any]]
    sha256: str
    characters: int


def reasons(chunk: pa.Table, profile: Profile) -> list[str]:
    """For each document of a chunk with `COLUMNS` why its text is left out; empty where it is not."""
    return [withheld(_rights(row), profile) for row in chunk.select(COLUMNS).to_pylist()]


def _rights(row: Mapping[str, Any]) -> Rights:
    return Rights(
        license=row["licence.license"],
        redistribute=row["licence.redistribute"],
        train=row["licence.train"],
        opt_out=bool(json.loads(row["licence.opt_out"] or "[]")),
        third_party=row["third_party.effect"],
        action=row["privacy.action"],
        part=row["licence.part"],
    )


def masks(chunk: pa.Table, profile: Profile) -> list[list[Mask]]:
    """For each document of a chunk with `COLUMNS` what is masked in its text."""
    spans = chunk["third_party.spans"].to_pylist() if passes_on(profile) else [None] * chunk.num_rows
    personal = chunk["privacy.masks"].to_pylist()
    return [
        [from_row(Mask, item) for item in mine or ()] + _third_parties(theirs)
        for mine, theirs in zip(personal, spans, strict=True)
    ]


def _third_parties(spans: str | None) -> list[Mask]:
    found = json.loads(spans or "[]")
    return [Mask(s["start"], s["end"], "third-party", THIRD_PARTY) for s in found if s["effect"] == "span"]


def mask(text: str, pages: Sequence[Mapping[str, Any]], found: Sequence[Mask]) -> MaskedText:
    clean, moved = masked(text, [from_row(PageSpan, page) for page in pages], found)
    return MaskedText(clean, [to_row(page) for page in moved], hashlib.sha256(clean.encode()).hexdigest(), len(clean))
