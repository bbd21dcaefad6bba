"""The rules: from what is known of a source and of a document to what may be done with it.

Evidence has levels: E1 a notice on the document · E2 a terms page whose very bytes were reviewed · E3 a statute for
this class of document · E4 what the registry of sources believes · E0 none. Only E2 and E3 open a text here; all else
fails closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict

from kobunko.ids import canonical_json
from kobunko.licensing.vocabulary import NO_RIGHT, NOASSERTION, find
from kobunko.seed import LicenceHint

GRANTING_BASES = ("licence", "public-domain(term)")


class TermsCapture(TypedDict):
    """The terms page of a source as it was captured."""

    url: str
    sha256: str
    fetched_at: str  # ISO; of the first capture of these bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a decision, checkable by somebody else. `phrase` is quoted word for word."""

    level: str
    rule: str
    license: str
    url: str = ""
    sha256: str = ""
    fetched_at: str = ""
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    license: str
    rights_basis: str
    evidence: tuple[Evidence, ...]  # the deciding one first
    redistribute: str  # allow | allow+conditions | metadata-only
    train: str  # allow | review

    @property
    def evidence_level(self) -> str:
        return self.evidence[0].level if self.evidence else "E0"

    def evidence_json(self) -> str:
        return canonical_json([asdict(item) for item in self.evidence]).decode()


def judge(source: str, hint: LicenceHint | None, terms: TermsCapture | None, roles: Sequence[str]) -> Verdict:
    """What may be done with a document of a source whose parts have these roles."""
    if hint is None:
        return Verdict(NOASSERTION, "unknown", (), "metadata-only", "review")
    registry = Evidence("E4", f"registry:{source}", hint.id, url=hint.terms_url)
    licence = find(hint.id)
    covered = not hint.roles or bool(set(hint.roles) & set(roles))
    if covered and hint.basis == "no-right(Art13)" and hint.statute and hint.id == NO_RIGHT:
        rule = f"statute:{hint.statute}" + (f" roles:{','.join(hint.roles)}" if hint.roles else "")
        return Verdict(hint.id, hint.basis, (Evidence("E3", rule, hint.id), registry), "allow", "allow")
    seen = _terms_evidence(hint, terms)
    granted = seen is not None and seen.level == "E2" and licence is not None and licence.grants
    if covered and granted and seen is not None and hint.basis in GRANTING_BASES:
        return Verdict(hint.id, hint.basis, (seen, registry), "allow+conditions", "allow")
    others = (registry,) if seen is None else (registry, seen)
    return Verdict(NOASSERTION, "unknown", others, "metadata-only", "review")


def _terms_evidence(hint: LicenceHint, terms: TermsCapture | None) -> Evidence | None:
    """E2 where a person has read these very bytes of the terms page; else the page is a hint like any other."""
    if terms is None:
        return None
    page: Mapping[str, str] = {"url": terms["url"], "sha256": terms["sha256"], "fetched_at": terms["fetched_at"]}
    for review in hint.reviewed:
        if review.sha256 == terms["sha256"]:
            rule = f"terms-reviewed:{review.reviewed_by} {review.reviewed_at}"
            return Evidence("E2", rule, hint.id, **page, phrase=review.phrase)
    return Evidence("E4", "terms-not-reviewed", hint.id, **page)
