"""What a release holds of a document's text: the text with its masks, or nothing and the reason.

The reason comes from `kobunko.policy`; masks are those of personal data and, where texts are passed on, the parts that
belong to somebody else. The text that is hashed, counted and divided into pages is always the one with its masks.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kobunko.masking import Mask, masked
from kobunko.policy import Profile, Rights, passes_on, withheld
from kobunko.records import PageSpan, from_row, to_row

_RIGHTS = (  # in the order of the fields of `Rights`
    "licence.license",
    "licence.redistribute",
    "licence.train",
    "licence.opt_out",
    "third_party.effect",
    "privacy.action",
    "licence.part",
)
COLUMNS = (*_RIGHTS, "third_party.spans", "privacy.masks")
THIRD_PARTY = "［第三者の著作物］"


@dataclass(frozen=True, slots=True)
class MaskedText:
    text: str
    pages: list[dict[str, Any]]
    sha256: str
    characters: int


def reasons(chunk: pa.Table, profile: Profile) -> list[str]:
    """For each document of a chunk with `COLUMNS` why its text is left out; empty where it is not."""
    columns = (chunk[name].to_pylist() for name in _RIGHTS)
    return [_reason(profile, *facts) for facts in zip(*columns, strict=True)]


@lru_cache(maxsize=4096)  # a few judgements stand for all documents of a source
def _reason(
    profile: Profile, licence: str, redistribute: str, train: str, opt_out: str, other: str, act: str, part: str
) -> str:
    return withheld(Rights(licence, redistribute, train, bool(json.loads(opt_out or "[]")), other, act, part), profile)


def masks(chunk: pa.Table, profile: Profile) -> dict[int, list[Mask]]:
    """What is masked in the texts of a chunk with `COLUMNS`, by row; most texts have no mask."""
    found: dict[int, list[Mask]] = defaultdict(list)
    lengths = pc.fill_null(pc.list_value_length(chunk["privacy.masks"]), 0)
    for row in pc.indices_nonzero(lengths).to_pylist():
        found[row] += [from_row(Mask, item) for item in chunk["privacy.masks"][row].as_py()]
    if passes_on(profile):
        spans = chunk["third_party.spans"]
        for row in pc.indices_nonzero(pc.fill_null(pc.not_equal(spans, "[]"), False)).to_pylist():
            found[row] += _third_parties(spans[row].as_py())
    return {row: found[row] for row in sorted(found) if found[row]}


def _third_parties(spans: str) -> list[Mask]:
    found = json.loads(spans or "[]")
    return [Mask(s["start"], s["end"], "third-party", THIRD_PARTY) for s in found if s["effect"] == "span"]


def mask(text: str, pages: Sequence[Mapping[str, Any]], found: Sequence[Mask]) -> MaskedText:
    clean, moved = masked(text, [from_row(PageSpan, page) for page in pages], found)
    return MaskedText(clean, [to_row(page) for page in moved], hashlib.sha256(clean.encode()).hexdigest(), len(clean))
