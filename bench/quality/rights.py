"""How well the words of terms pages are read: no page may be taken for a grant that a careful person would not.

Two sets: the one that the rules were made with, and texts written afterwards, of which the last part is unlooked at.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kobunko.licensing.phrases import read_terms

NEEDS_SAMPLES = False
FLOORS = {
    "texts": (">=", 900.0),
    "false grants": ("==", 0.0),
    "right": (">=", 0.98),
    "unseen texts": (">=", 30.0),
    "unseen: false grants": ("==", 0.0),
    "unseen: right": (">=", 0.96),
}
UNSEEN = "k"
IDS = {
    "PDL": "LicenseRef-JP-PDL-1.0",
    "G2": "LicenseRef-JP-GJSTU-2.0",
    "G11": "LicenseRef-JP-GJSTU-1.1",
    "G1": "LicenseRef-JP-GJSTU-1.0",
    "TEMPLATE": "LicenseRef-JP-GovTerms-Unversioned",
    "BY4": "CC-BY-4.0",
    "BY21": "LicenseRef-CC-BY-2.1-JP",
    "BYSA": "CC-BY-SA-4.0",
    "BYNC": "CC-BY-NC-4.0",
    "CC0": "CC0-1.0",
    "PDM": "CC-PDM-1.0",
    "ODC": "ODC-By-1.0",
    "PDDL": "PDDL-1.0",
    "OTHERPDL": "LicenseRef-PDL-1.0",
    "RESERVED": "LicenseRef-JP-AllRightsReserved",
    "NONE": "NOASSERTION",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    license: str
    grants: bool


def labelled() -> Iterator[Labelled]:
    """The set: single texts as they stand, frames filled with the spellings of names, and what was unseen once."""
    data = _read("terms")
    for entry in data["single"]:
        for text in entry["texts"]:
            yield _single(entry["label"], text)
    for kind, frames in data["frames"].items():
        for number, frame in enumerate(frames):
            for label, names in data["names"].items():
                for name in names[number % 3 :: 3]:
                    licence = IDS["NONE"] if kind == "refuses" else IDS[label]
                    yield Labelled(frame.replace("{name}", name), licence, kind == "grants")
    for part in "abcdefghij":
        yield from later(part)


def later(part: str) -> list[Labelled]:
    """A part of the texts that were written after the rules."""
    return [_single(entry["label"], entry["text"]) for entry in _read("terms_unseen")["text"] if entry["part"] == part]


def _single(label: str, text: str) -> Labelled:
    """A label ends in `!` where a licence is named and the text grants nothing all the same."""
    name = label.removesuffix("!")
    return Labelled(text, IDS[name], name == label and name not in ("NONE", "RESERVED"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "data" / f"{name}.toml").read_text(encoding="utf-8"))


def mistakes(items: Iterable[Labelled]) -> list[tuple[Labelled, str, bool]]:
    """What was read otherwise than it is labelled."""
    read = [(item, read_terms(item.text)) for item in items]
    return [
        (item, found.license, found.grants)
        for item, found in read
        if (found.license, found.grants) != (item.license, item.grants)
    ]


def _figures(items: list[Labelled]) -> tuple[float, float, float]:
    """Texts, false grants, share that is read as labelled."""
    wrong = mistakes(items)
    return len(items), sum(grants and not item.grants for item, _, grants in wrong), 1 - len(wrong) / len(items)


def measure(samples: Path) -> dict[str, float]:  # noqa: ARG001
    known = zip(("texts", "false grants", "right"), _figures(list(labelled())), strict=True)
    fresh = zip(("unseen texts", "unseen: false grants", "unseen: right"), _figures(later(UNSEEN)), strict=True)
    return dict((*known, *fresh))
