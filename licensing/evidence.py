"""The rules: from what is known of a source and of a document to what may be done with it.

Evidence has levels: E1 the source's own record of this document · E2 a terms page whose very bytes were reviewed · E3 a
statute for this class of document · E4 what the registry of sources believes · E0 none. Only E1 to E3 open a text;
all else fails closed. What a host rule limits stays limited whatever was proven, and an opt-out binds `train`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TypedDict

from kobunko.ids import canonical_json
from kobunko.licensing.folding import fold
from kobunko.licensing.hosts import NO_RULE, OPENNESS, HostRule, host_of
from kobunko.licensing.optout import OptOut
from kobunko.licensing.vocabulary import NO_RIGHT, NOASSERTION, find
from kobunko.seed import LicenceHint

GRANTING_BASES = ("licence", "public-domain(term)")
COPYRIGHT_ACT = "https://laws.e-gov.go.jp/law/345AC0000000048"
ARTICLE_13 = "次の各号のいずれかに該当する著作物は、この章の規定による権利の目的となることができない。"


class TermsCapture(TypedDict):
    """The terms page of a source as it was captured."""

    url: str
    sha256: str
    fetched_at: str  # ISO; of the first capture of these bytes


class TermsReview(TypedDict):
    """What a person decided of one terms page: it holds for the pair of host and bytes alone."""

    host: str
    sha256: str
    decision: str  # grant | deny
    license: str
    rule: str  # of the phrase, where a rule found it
    phrase: str
    start: int  # of the phrase in the page's text, in characters; -1 where a person typed it
    reviewed_by: str
    reviewed_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a decision, checkable by somebody else. `phrase` is quoted word for word, `start` its place."""

    level: str
    rule: str
    license: str
    url: str = ""
    sha256: str = ""
    fetched_at: str = ""
    phrase: str = ""
    start: int = -1


@dataclass(frozen=True, slots=True)
class Subject:
    """What a decision is about."""

    source: str
    url: str
    roles: Sequence[str] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)  # as the source gives it


@dataclass(frozen=True, slots=True)
class Verdict:
    license: str
    rights_basis: str
    evidence: tuple[Evidence, ...]  # the deciding one first
    redistribute: str  # allow | allow+conditions | review | metadata-only | deny
    train: str  # allow | allow-30-4 | review | deny

    @property
    def evidence_level(self) -> str:
        return self.evidence[0].level if self.evidence else "E0"

    def evidence_json(self) -> str:
        return canonical_json([asdict(item) for item in self.evidence]).decode()


def judge(
    subject: Subject,
    hint: LicenceHint | None,
    rule: HostRule = NO_RULE,
    terms: TermsCapture | None = None,
    reviews: Sequence[TermsReview] = (),
    signals: Sequence[OptOut] = (),
) -> Verdict:
    """What may be done with a document. A seed's hint speaks before the rule of its host; the rule limits both."""
    belief = hint if hint is not None and hint.id != NOASSERTION else _belief(rule)
    verdict = _proven(subject, belief, rule, terms, reviews) or _closed(subject, hint, belief, rule, terms, reviews)
    return _opted_out(_limited(verdict, rule), signals)


def _belief(rule: HostRule) -> LicenceHint:
    return LicenceHint.model_validate(
        {"id": rule.license, "basis": rule.basis, "statute": rule.statute, "roles": rule.roles, "note": rule.note}
    )


def _registry(subject: Subject, belief: LicenceHint) -> Evidence:
    return Evidence("E4", f"registry:{subject.source}", belief.id, url=belief.terms_url)


def _proven(
    subject: Subject,
    belief: LicenceHint,
    rule: HostRule,
    terms: TermsCapture | None,
    reviews: Sequence[TermsReview],
) -> Verdict | None:
    covered = not belief.roles or bool(set(belief.roles) & set(subject.roles))
    registry = _registry(subject, belief)
    if covered and belief.basis == "no-right(Art13)" and belief.statute and belief.id == NO_RIGHT:
        name = f"statute:{belief.statute}" + (f" roles:{','.join(belief.roles)}" if belief.roles else "")
        statute = Evidence("E3", name, belief.id, url=COPYRIGHT_ACT, phrase=ARTICLE_13)
        return Verdict(belief.id, belief.basis, (statute, registry), "allow", "allow")
    if rule.requires:
        own = _own_record(subject, rule)
        return Verdict(rule.license, rule.basis, (own, registry), "allow", "allow") if own else None
    seen = _terms_evidence(belief, terms, reviews)
    licence = find(seen.license) if seen is not None and seen.level == "E2" else None
    if covered and seen is not None and licence is not None and licence.grants:
        basis = belief.basis if seen.license == belief.id else "licence"
        if basis in GRANTING_BASES:
            return Verdict(seen.license, basis, (seen, registry), "allow+conditions", "allow")
    return None


def _closed(
    subject: Subject,
    hint: LicenceHint | None,
    belief: LicenceHint,
    rule: HostRule,
    terms: TermsCapture | None,
    reviews: Sequence[TermsReview],
) -> Verdict:
    """Nothing is proven: what is believed stands in the evidence only."""
    if hint is None and rule is NO_RULE:
        return Verdict(NOASSERTION, "unknown", (), "metadata-only", "review")
    registry = _registry(subject, belief)
    seen = _terms_evidence(belief, terms, reviews)
    others = (registry,) if seen is None else (registry, replace(seen, level="E4"))
    return Verdict(NOASSERTION, "unknown", others, "metadata-only", rule.train)


def _own_record(subject: Subject, rule: HostRule) -> Evidence | None:
    """E1: every field that the rule asks for is there and says what it has to say."""
    values = {name: str(subject.metadata.get(name, "")) for name in rule.requires}
    if not all(re.search(want, fold(values[name], drop_space=True).text) for name, want in rule.requires.items()):
        return None
    phrase = "、".join(f"{name}:{value}" for name, value in values.items())
    return Evidence("E1", f"host:{rule.id}", rule.license, url=subject.url, phrase=phrase)


def _terms_evidence(belief: LicenceHint, terms: TermsCapture | None, reviews: Sequence[TermsReview]) -> Evidence | None:
    """E2 where a person has read these very bytes of the terms page; else the page is a hint like any other."""
    if terms is None:
        return None
    page = partial(Evidence, **terms)
    for review in reviews:
        if review["sha256"] == terms["sha256"] and review["host"] == host_of(terms["url"]):
            by = f"{review['reviewed_by']} {review['reviewed_at']}"
            words, licence = review["phrase"], review["license"]
            if review["decision"] != "grant":
                return page("E4", f"terms-refused:{by}", licence, phrase=words)
            name = f"terms-reviewed:{by}" + (f" rule:{review['rule']}" if review["rule"] else "")
            return page("E2", name, licence, phrase=words, start=review["start"])
    for known in belief.reviewed:
        if known.sha256 == terms["sha256"]:
            name = f"terms-reviewed:{known.reviewed_by} {known.reviewed_at}"
            return page("E2", name, belief.id, phrase=known.phrase)
    return page("E4", "terms-not-reviewed", belief.id)


def _limited(verdict: Verdict, rule: HostRule) -> Verdict:
    """A host rule is a ceiling: it never opens, and what it denies stays denied."""
    if OPENNESS.index(rule.redistribute) >= OPENNESS.index(verdict.redistribute):
        return replace(verdict, train="deny") if rule.train == "deny" else verdict
    limit = Evidence("E4", f"limited-by:{rule.id}", verdict.license)
    train = "deny" if rule.train == "deny" else verdict.train
    return replace(verdict, redistribute=rule.redistribute, train=train, evidence=(*verdict.evidence, limit))


def _opted_out(verdict: Verdict, signals: Sequence[OptOut]) -> Verdict:
    if not signals:
        return verdict
    told = tuple(Evidence("E1", f"opt-out:{s.signal} {s.where}", verdict.license, phrase=s.value) for s in signals)
    return replace(verdict, train="deny", evidence=(*verdict.evidence, *told))


def metadata_of(text: str) -> Mapping[str, object]:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
