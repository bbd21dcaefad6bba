"""What a release holds of a document's text: the text with its masks, or nothing and the reason.

The reason comes from `kobunko.policy`; masks are those of personal data and, where texts are passed on, the parts that
belong to somebody else. The text that is hashed, counted and divided into pages is always the one with its masks.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kobunko.masking import Mask, moved
from kobunko.policy import LEGIBLE, Profile, Rights, passes_on, withheld

_RIGHTS = (  # in the order of the fields of `Rights`
    "licence.license",
    "licence.redistribute",
    "licence.train",
    "licence.opt_out",
    "third_party.effect",
    "privacy.action",
    "licence.part",
)
COLUMNS = (*_RIGHTS, "text.ocr_confidence", "third_party.spans", "privacy.masks", "privacy.masked_sha256")
_OTHERS = "third-party"
THIRD_PARTY = "［第三者の著作物］"


def reasons(chunk: pa.Table, profile: Profile) -> pa.Array:
    """For each document of a chunk with `COLUMNS` why its text is left out; empty where it is not."""
    columns: list[Any] = [chunk[name].combine_chunks() for name in _RIGHTS]
    sure = pc.fill_null(chunk["text.ocr_confidence"].combine_chunks(), 1.0)
    columns.append(pc.if_else(pc.less(sure, LEGIBLE[profile]), "", "legible"))
    options: dict[str, Any] = {"null_handling": "replace", "null_replacement": "\0"}
    facts = pc.binary_join_element_wise(*columns, "\x1f", **options).dictionary_encode()
    # A few judgements stand for all documents of a source.
    _, first = np.unique(facts.indices.to_numpy(), return_index=True)
    judged = zip(*(column.take(pa.array(first)).to_pylist() for column in columns), strict=True)
    return pa.array([_reason(profile, *row) for row in judged], pa.string()).take(facts.indices)


def _reason(
    profile: Profile,
    licence: str,
    redistribute: str,
    train: str,
    opt_out: str,
    other: str,
    act: str,
    part: str,
    legible: str,
) -> str:
    opted_out = bool(json.loads(opt_out or "[]"))
    return withheld(Rights(licence, redistribute, train, opted_out, other, act, part, bool(legible)), profile)


def masks(chunk: pa.Table, profile: Profile) -> dict[int, list[Mask]]:
    """What is masked in the texts of a chunk with `COLUMNS`, by row; most texts have no mask."""
    found: dict[int, list[Mask]] = defaultdict(list)
    lengths = pc.fill_null(pc.list_value_length(chunk["privacy.masks"]), 0)
    for row in pc.indices_nonzero(lengths).to_pylist():
        found[row] += [Mask(**item) for item in chunk["privacy.masks"][row].as_py()]
    if passes_on(profile):
        spans = chunk["third_party.spans"]
        for row in pc.indices_nonzero(pc.fill_null(pc.not_equal(spans, "[]"), False)).to_pylist():
            found[row] += _third_parties(spans[row].as_py())
    return {row: found[row] for row in sorted(found) if found[row]}


def _third_parties(spans: str) -> list[Mask]:
    found = json.loads(spans or "[]")
    return [Mask(s["start"], s["end"], _OTHERS, THIRD_PARTY) for s in found if s["effect"] == "span"]


def are_personal(found: Sequence[Mask]) -> bool:
    """Whether masks are those of personal data alone: the hash of the text with them is known."""
    return all(mask.kind != _OTHERS for mask in found)


def moved_pages(pages: Sequence[Mapping[str, Any]], found: Sequence[Mask]) -> list[dict[str, Any]]:
    """Pages of a text where they are in the masked one."""
    starts, ends = (moved([page[name] for page in pages], found) for name in ("start", "end"))
    places = zip(pages, starts, ends, strict=True)
    return [{**page, "start": start, "end": end} for page, start, end in places]
