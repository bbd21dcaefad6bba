"""The stage `licence`: for every document its rights, their evidence and its attribution line.

It reads no text: a document that could not be read has rights all the same. What it knows of the sources is in its
parameters, so a changed seed, rule, terms page, decision or opt-out is a new fingerprint and everything is judged
again, which is cheap.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from kobunko.errors import UsageError
from kobunko.ids import json_sha256
from kobunko.licensing.attribution import FIELDS, attribution, case_of, unknown_fields
from kobunko.licensing.evidence import Subject, TermsCapture, TermsReview, judge, metadata_of
from kobunko.licensing.hosts import host_of, host_rule
from kobunko.licensing.optout import opt_outs
from kobunko.licensing.rulebook import read
from kobunko.licensing.statutes import StatuteText, shipped_texts
from kobunko.licensing.vocabulary import find
from kobunko.records import LICENCE_PAGE, Part
from kobunko.seed import LicenceHint, Seed
from kobunko.stage import Stage


@dataclass(frozen=True, slots=True)
class LicenceInput:
    source: str
    url: str
    title: str
    published: str | None
    metadata: str
    signals: str  # JSON: opt-out signals of the newest answers to its URLs
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Licence:
    """`redistribute` (may the text be published) and `train` (may models be trained on it) are two answers. `part` says
    what may be published of a text that may not: numbers.

    `evidence` is a JSON list of `{level, rule, license, url, sha256, fetched_at, phrase, start}`, the deciding one
    first; an id that is believed but not proven stands only there, and `license` is then NOASSERTION. `opt_out` is a
    JSON list of `{signal, value, where}`; `rule` names the host rule that applied, `third_party` who else may own
    parts of every document of this source. What this one document says of itself is in the stage `third_party`.
    """

    license: str
    rights_basis: str
    evidence_level: str
    evidence: str
    redistribute: str
    train: str
    part: str
    attribution: str
    note: str
    opt_out: str
    third_party: str
    rule: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that a decision rests on beside the document itself; plain JSON values."""

    sources: Mapping[str, Mapping[str, Any]]  # by source: publisher, licence (the seed's hint)
    terms: Mapping[str, TermsCapture]  # by source or host
    reviews: Sequence[TermsReview]
    statutes: Mapping[str, StatuteText]  # by name
    files: Mapping[str, Mapping[str, str]]  # by origin: robots, tdmrep
    processor: str


def licence_of(known: Knowledge, document: LicenceInput) -> Licence:
    """The rights of one document."""
    facts = known.sources.get(document.source)
    hint = LicenceHint.model_validate(facts["licence"]) if facts else None
    rule = host_rule(document.source, document.url)
    roles = [part.role for part in document.parts]
    subject = Subject(document.source, document.url, roles, metadata_of(document.metadata), record_of(document.parts))
    terms = known.terms.get(document.source) or known.terms.get(host_of(document.url))
    signals = opt_outs(document.url, json.loads(document.signals or "{}"), **_files(known, document.url))
    verdict = judge(subject, hint, rule, terms, known.reviews, signals, known.statutes)
    lines = hint or LicenceHint()
    publisher = facts["publisher"] if facts else host_of(document.url)
    line = attribution(
        lines.attribution,
        lines.edited,
        title=document.title,
        publisher=publisher,
        url=document.url,
        fetched_at=document.parts[0].fetched_at if document.parts else None,
        processor=known.processor,
        license_id=verdict.license,
        case=case_of(subject.metadata, document.published),
    )
    return Licence(
        license=verdict.license,
        rights_basis=verdict.rights_basis,
        evidence_level=verdict.evidence_level,
        evidence=verdict.evidence_json(),
        redistribute=verdict.redistribute,
        train=verdict.train,
        part=verdict.part,
        attribution=line if publisher else "",
        note=(hint.note if hint else "") or rule.note,
        opt_out=json.dumps([asdict(signal) for signal in signals], ensure_ascii=False),
        third_party=rule.third_party,
        rule=rule.id,
    )


def record_of(parts: Sequence[Part]) -> TermsCapture | None:
    """The part in which a source says what it knows of a document."""
    told = [part for role in (LICENCE_PAGE, "record", "detail") for part in parts if part.role == role]
    best = next(iter([*told, *parts]), None)
    if best is None:
        return None
    return TermsCapture(
        url=best.url, sha256=best.sha256, fetched_at=best.fetched_at.isoformat() if best.fetched_at else ""
    )


def _files(known: Knowledge, url: str) -> Mapping[str, str]:
    parts = urlsplit(url)
    return known.files.get(f"{parts.scheme}://{parts.netloc}", {})


def make(rules: str, signals: str, **known: Any) -> Callable[[LicenceInput], Licence]:  # noqa: ARG001
    knowledge = Knowledge(**known)
    return lambda document: licence_of(knowledge, document)


def knowledge_of(
    seeds: Mapping[str, Seed],
    terms: Mapping[str, TermsCapture],
    processor: str,
    *,
    reviews: Sequence[TermsReview] = (),
    statutes: Mapping[str, StatuteText] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> Knowledge:
    """What the seeds, the terms pages that were captured and the decisions of people say; checks the seeds."""
    for seed in seeds.values():
        _check(seed)
    sources = {
        name: {"publisher": seed.publisher, "licence": seed.licence.model_dump(mode="json")}
        for name, seed in seeds.items()
    }
    pages = {name: TermsCapture(**page) for name, page in terms.items()}
    texts = dict(shipped_texts() if statutes is None else statutes)
    return Knowledge(sources, pages, list(reviews), texts, dict(files or {}), processor)


def licence_stage(
    seeds: Mapping[str, Seed],
    terms: Mapping[str, TermsCapture],
    processor: str,
    *,
    reviews: Sequence[TermsReview] = (),
    statutes: Mapping[str, StatuteText] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
    signals: str = "",
) -> Stage[LicenceInput, Licence]:
    """The stage for these seeds, the terms pages that were captured, and the name of who publishes the result.

    `signals` is a digest of the opt-outs in the catalogue, so that a new one has everything judged again.
    """
    known = knowledge_of(seeds, terms, processor, reviews=reviews, statutes=statutes, files=files)
    return Stage(
        name="licence",
        version=8,
        make=make,
        reads=LicenceInput,
        writes=Licence,
        params={"rules": json_sha256(read("hosts")), "signals": signals, **asdict(known)},
        batch=256,
    )


def _check(seed: Seed) -> None:
    """Mistakes of a seed that its format cannot show."""
    if find(seed.licence.id) is None:
        raise UsageError(f"seed {seed.source}: no licence has the id {seed.licence.id!r}: use one of the vocabulary.")
    if wrong := unknown_fields(seed.licence.attribution + seed.licence.edited):
        raise UsageError(f"seed {seed.source}: the attribution cannot fill {wrong}: use {', '.join(FIELDS)}.")
