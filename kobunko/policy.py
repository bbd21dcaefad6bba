"""What a release may hold: a pure function of a row's rights, third parties, opt-outs, personal data and legibility.

open      for everybody, to train on: only texts that may be republished, and that nobody withholds from training
research  not passed on: texts that may be used for information analysis (Art. 30-4), too
internal  inside the house: every text that may be kept at all

What OCR could hardly read is only left in a release that stays inside: `LEGIBLE` is the mean confidence of the
recogniser, by characters, from which a text is passed on. Upright print has 0.98, good handwriting 0.85, a page that is
read upside down or a picture below 0.5.

Masks are applied under every profile. A text that is left out has a reason, and its row stays as metadata.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Profile = Literal["open", "research", "internal"]
REPUBLISHED = ("allow", "allow+conditions")
ANALYSED = ("allow", "allow-30-4")
LEGIBLE: Mapping[Profile, float] = {"open": 0.7, "research": 0.7, "internal": 0.0}


@dataclass(frozen=True, slots=True)
class Rights:
    """What the side-cars say of one document; None where a stage has no result for it."""

    license: str | None  # licence.license
    redistribute: str | None  # licence.redistribute
    train: str | None  # licence.train
    opt_out: bool  # licence.opt_out is not empty
    third_party: str | None  # third_party.effect
    action: str | None  # privacy.action
    part: str | None = None  # licence.part
    legible: bool = True  # text.ocr_confidence is not below what the profile asks for


NUMBERS_ONLY = "licence:numbers-only"  # the text is left out; its figures may be in


def withheld(rights: Rights, profile: Profile) -> str:
    """Why the text must not be in a release; empty when it may. What is not known to be allowed is not."""
    return _not_allowed(rights, profile) or ("" if rights.legible else "ocr:low-confidence")


def _not_allowed(rights: Rights, profile: Profile) -> str:
    if rights.action == "quarantine":
        return "personal-data:quarantined"
    if rights.action is None:
        return "personal-data:not-searched"
    if profile == "internal":
        return ""
    if rights.opt_out or rights.train == "deny":
        return "training:opted-out" if rights.opt_out else "training:denied"
    if rights.third_party is None:
        return "third-party:not-searched"
    if profile == "research":
        return "" if rights.train in ANALYSED else _in_part(rights) or f"training:{rights.train or 'unknown'}"
    if rights.redistribute not in REPUBLISHED:
        return _in_part(rights) or f"licence:{rights.redistribute or 'unknown'}"
    return _of_others(rights)


def _in_part(rights: Rights) -> str:
    return NUMBERS_ONLY if rights.part == "numbers" and not _of_others(rights) else ""


def _of_others(rights: Rights) -> str:
    return "third-party:document" if rights.third_party == "document" else ""


def passes_on(profile: Profile) -> bool:
    """Whether others get the texts. Then what belongs to somebody else is taken out of them: spans of third parties
    (`effect` span), abstracts of judgments."""
    return profile == "open"
