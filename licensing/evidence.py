"""The rules: from what is known of a source and of a document to what may be done with it.

Evidence has levels: E1 the source's own record of this document · E2 a terms page whose very bytes were reviewed · E3 a
statute for this class of document · E4 what the registry of sources believes · E0 none. Only E1 to E3 open a text;
all else fails closed, and then every way that was tried says why it proved nothing, and the rule that keeps the text
back is quoted from the page of rules that ships. What a host rule limits stays limited whatever was proven, and an
opt-out binds `train`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TypedDict
from urllib.parse import urljoin

from kobunko.ids import canonical_json
from kobunko.licensing.folding import fold
from kobunko.licensing.hosts import NO_RULE, OPENNESS, HostRule, host_of, own_words
from kobunko.licensing.optout import OptOut
from kobunko.licensing.statutes import StatuteText, quotes_for, shipped_texts
from kobunko.licensing.vocabulary import NO_RIGHT, NOASSERTION, find
from kobunko.policy import REPUBLISHED
from kobunko.seed import LicenceHint

GRANTING_BASES = ("licence", "public-domain(term)")


class TermsCapture(TypedDict):
    """A page that evidence rests on, as it was captured."""

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
    record: TermsCapture | None = None  # where it gives it


@dataclass(frozen=True, slots=True)
class Verdict:
    license: str
    rights_basis: str
    evidence: tuple[Evidence, ...]  # the deciding one first
    redistribute: str  # allow | allow+conditions | review | metadata-only | deny
    train: str  # allow | allow-30-4 | review | deny
    part: str = ""  # what may be republished of a text that may not: numbers

    @property
    def evidence_level(self) -> str:
        return self.evidence[0].level if self.evidence else "E0"

    def evidence_json(self) -> str:
        return canonical_json([asdict(item) for item in self.evidence]).decode()


@dataclass(frozen=True, slots=True)
class _Case:
    """What one decision rests on."""

    subject: Subject
    belief: LicenceHint
    rule: HostRule
    terms: TermsCapture | None
    reviews: Sequence[TermsReview]
    statutes: Mapping[str, StatuteText]


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one way of proof came to. Without `redistribute` it opens nothing, and its evidence says why."""

    evidence: tuple[Evidence, ...]
    license: str = NOASSERTION
    basis: str = "unknown"
    redistribute: str = ""


def judge(
    subject: Subject,
    hint: LicenceHint | None,
    rule: HostRule = NO_RULE,
    terms: TermsCapture | None = None,
    reviews: Sequence[TermsReview] = (),
    signals: Sequence[OptOut] = (),
    statutes: Mapping[str, StatuteText] | None = None,
) -> Verdict:
    """What may be done with a document. A seed's hint speaks before the rule of its host, but not before one that frees
    the class of a path by statute; the rule limits both."""
    if hint is None and rule is NO_RULE:
        asked = subject.record or TermsCapture(url=subject.url, sha256="", fetched_at="")
        nothing = Evidence("E0", f"nothing-known-of:{subject.source}", NOASSERTION, **asked)
        closed = Verdict(NOASSERTION, "unknown", (nothing, _closed_by(rule)), "metadata-only", rule.train)
        return _opted_out(closed, signals, subject)
    of_site = hint is not None and hint.id != NOASSERTION and not (rule.path and rule.statute)
    belief = hint if hint is not None and of_site else _belief(rule, hint)
    known = shipped_texts() if statutes is None else statutes
    verdict = _decided(_Case(subject, belief, rule, terms, reviews, known))
    return _opted_out(_limited(verdict, rule), signals, subject)


def _belief(rule: HostRule, hint: LicenceHint | None) -> LicenceHint:
    """What the rule of a host believes; where a seed names the terms page, that page is looked at all the same."""
    told = {"id": rule.license, "basis": rule.basis, "statute": rule.statute, "roles": rule.roles, "note": rule.note}
    return LicenceHint.model_validate(told | {"terms_url": hint.terms_url if hint else ""})


def _decided(case: _Case) -> Verdict:
    """The first way that opens decides; where none does, what is believed stands in the evidence only."""
    registry = Evidence("E4", f"registry:{case.subject.source}", case.belief.id, url=case.belief.terms_url)
    looked_at: list[Evidence] = []
    for found in _ways(case):
        if found.redistribute:
            evidence = (*found.evidence, registry)
            return Verdict(found.license, found.basis, evidence, found.redistribute, "allow")
        looked_at += found.evidence
    closed = (registry, *(replace(item, level="E4") for item in looked_at), _closed_by(case.rule))
    return Verdict(NOASSERTION, "unknown", closed, "metadata-only", case.rule.train)


def _closed_by(rule: HostRule) -> Evidence:
    return Evidence("E4", f"closed-by:{rule.id}", NOASSERTION, **own_words(rule))


def _ways(case: _Case) -> Iterator[_Finding]:
    belief, rule = case.belief, case.rule
    covered = not belief.roles or bool(set(belief.roles) & set(case.subject.roles))
    if not covered:
        yield _Finding((_reason(case, f"covers-only:{','.join(belief.roles)}", url=case.subject.url),))
    elif belief.basis == "no-right(Art13)" and belief.id == NO_RIGHT:
        yield _by_statute(case)
    if rule.requires:
        yield _by_record(case)
    else:
        found = _by_terms(case)
        yield found if covered else _Finding(found.evidence)


def _reason(case: _Case, rule: str, url: str = "") -> Evidence:
    return Evidence("E4", rule, case.belief.id, url)


def _by_statute(case: _Case) -> _Finding:
    """E3: the words of the law that leave this class of document without rights."""
    belief = case.belief
    found = quotes_for(belief.statute, case.statutes)
    if found is None:
        return _Finding((_reason(case, f"statute-unknown:{belief.statute}"),))
    text, quotes = found
    page = partial(Evidence, url=text["url"], sha256=text["sha256"], fetched_at=text["fetched_at"])
    if not quotes:
        return _Finding((page("E4", f"statute-has-lost-its-words:{belief.statute}", belief.id),))
    roles = f" roles:{','.join(belief.roles)}" if belief.roles else ""
    name = f"statute:{belief.statute}{roles} text:{text['origin']}"
    evidence = tuple(page("E3", name, belief.id, phrase=quote["phrase"], start=quote["start"]) for quote in quotes)
    return _Finding(evidence, belief.id, belief.basis, "allow")


def _by_record(case: _Case) -> _Finding:
    """E1: in one of the forms that the rule knows, every field is there and says what it has to say."""
    rule, subject = case.rule, case.subject
    page = partial(Evidence, **(subject.record or TermsCapture(url=subject.url, sha256="", fetched_at="")))
    for form in rule.requires:
        facts = {name: _words(subject.metadata.get(name)) for name in form}
        if all(re.search(want, fold(facts[name], drop_space=True).text) for name, want in form.items()):
            evidence = page("E1", f"host:{rule.id}", rule.license, phrase=_record_words(facts))
            return _Finding((evidence,), rule.license, rule.basis, "allow")
    seen = {name: _words(subject.metadata.get(name)) for form in rule.requires for name in form}
    return _Finding((page("E4", f"record-does-not-say-so:{rule.id}", case.belief.id, phrase=_record_words(seen)),))


def _words(value: object) -> str:
    """A fact of a record as text; several values stand with 、 between them."""
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "" if value is None else str(value)


def _record_words(facts: Mapping[str, str]) -> str:
    return "、".join(f"{name}:{value}" for name, value in facts.items() if value)


def _by_terms(case: _Case) -> _Finding:
    """E2: a terms page whose bytes a person has confirmed."""
    belief = case.belief
    if case.terms is None:
        why = "terms-never-captured" if belief.terms_url else "no-terms-page-known"
        return _Finding((_reason(case, why, url=belief.terms_url or case.subject.url),))
    seen = _terms_evidence(belief, case.terms, case.reviews)
    licence = find(seen.license)
    if seen.level != "E2":
        return _Finding((seen,))
    basis = belief.basis if seen.license == belief.id else "licence"
    if licence is None or not licence.grants or basis not in GRANTING_BASES:
        return _Finding((seen, _reason(case, f"grants-nothing:{seen.license} {basis}")))
    return _Finding((seen,), seen.license, basis, "allow+conditions")


def _terms_evidence(belief: LicenceHint, terms: TermsCapture, reviews: Sequence[TermsReview]) -> Evidence:
    """E2 where a person has read these very bytes of the terms page; else the page is a hint like any other."""
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
    """A host rule is a ceiling: it never opens, and what it denies stays denied.

    What may not be republished is not the licence's to open, so that training on it rests on the rule as well. `part`
    is what the licence opens all the same.
    """
    train = "deny" if rule.train == "deny" else verdict.train
    if OPENNESS.index(rule.redistribute) >= OPENNESS.index(verdict.redistribute):
        return replace(verdict, train=train)
    part = f" part:{rule.part}" if rule.part else ""
    limit = Evidence("E4", f"limited-by:{rule.id}{part}", verdict.license, **own_words(rule))
    evidence = (*verdict.evidence, limit)
    if rule.redistribute in REPUBLISHED or verdict.redistribute not in REPUBLISHED:
        return replace(verdict, redistribute=rule.redistribute, train=train, evidence=evidence)
    return replace(verdict, redistribute=rule.redistribute, train=rule.train, evidence=evidence, part=rule.part)


def _opted_out(verdict: Verdict, signals: Sequence[OptOut], subject: Subject) -> Verdict:
    if not signals:
        return verdict
    told = tuple(
        Evidence("E1", f"opt-out:{item.signal} {item.where}", verdict.license, _place(item, subject), phrase=item.value)
        for item in signals
    )
    return replace(verdict, train="deny", evidence=(*verdict.evidence, *told))


def _place(signal: OptOut, subject: Subject) -> str:
    """URL of what a signal stood in: a file of the host, or the answer itself."""
    files = {"robots.txt": "/robots.txt", "tdmrep.json": "/.well-known/tdmrep.json"}
    return urljoin(subject.url, files[signal.where]) if signal.where in files else subject.url


def metadata_of(text: str) -> Mapping[str, object]:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
