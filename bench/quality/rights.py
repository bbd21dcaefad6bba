"""How well the words of terms pages are read: no page may be taken for a grant that a careful person would not."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kobunko.licensing.phrases import read_terms

NEEDS_SAMPLES = False
FLOORS = {
    "texts": (">=", 300.0),
    "false grants": ("==", 0.0),
    "right": (">=", 0.98),
}
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
    """The set: single texts as they stand, and frames filled with the spellings of names."""
    data = tomllib.loads((Path(__file__).parent / "data" / "terms.toml").read_text(encoding="utf-8"))
    for entry in data["single"]:
        label = entry["label"].removesuffix("!")
        grants = not entry["label"].endswith("!") and label not in ("NONE", "RESERVED")
        for text in entry["texts"]:
            yield Labelled(text, IDS[label], grants)
    for kind, frames in data["frames"].items():
        for number, frame in enumerate(frames):
            for label, names in data["names"].items():
                for name in names[number % 3 :: 3]:
                    licence = IDS["NONE"] if kind == "refuses" else IDS[label]
                    yield Labelled(frame.replace("{name}", name), licence, kind == "grants")


def mistakes() -> list[tuple[Labelled, str, bool]]:
    """What was read otherwise than it is labelled."""
    read = [(item, read_terms(item.text)) for item in labelled()]
    return [
        (item, found.license, found.grants)
        for item, found in read
        if (found.license, found.grants) != (item.license, item.grants)
    ]


def measure(samples: Path) -> dict[str, float]:  # noqa: ARG001
    texts, wrong = len(list(labelled())), mistakes()
    false = sum(grants and not item.grants for item, _, grants in wrong)
    return {"texts": texts, "false grants": false, "right": 1 - len(wrong) / texts}
