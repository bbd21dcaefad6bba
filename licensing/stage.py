"""The stage `licence`: for every document its rights, their evidence and its attribution line.

It reads no text: a document that could not be read has rights all the same. What it knows of the sources is in its
parameters, so a changed seed or terms page is a new fingerprint and everything is judged again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kobunko.errors import UsageError
from kobunko.licensing.attribution import attribution, unknown_fields
from kobunko.licensing.evidence import TermsCapture, judge
from kobunko.licensing.vocabulary import find
from kobunko.records import Part
from kobunko.seed import LicenceHint, Seed
from kobunko.stage import Stage


@dataclass(frozen=True, slots=True)
class LicenceInput:
    source: str
    url: str
    title: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Licence:
    """`redistribute` (may the text be published) and `train` (may models be trained on it) are two answers.

    `evidence` is a JSON list of `{level, rule, license, url, sha256, fetched_at, phrase}`, the deciding one first; an
    id that is believed but not proven stands only there, and `license` is then NOASSERTION.
    """

    license: str
    rights_basis: str
    evidence_level: str
    evidence: str
    redistribute: str
    train: str
    attribution: str
    note: str


def make(
    sources: Mapping[str, Mapping[str, Any]], terms: Mapping[str, TermsCapture], processor: str
) -> Callable[[LicenceInput], Licence]:
    hints = {name: LicenceHint.model_validate(facts["licence"]) for name, facts in sources.items()}

    def licence(document: LicenceInput) -> Licence:
        source = document.source
        hint = hints.get(source)
        verdict = judge(source, hint, terms.get(source), [part.role for part in document.parts])
        line = attribution(
            hint.attribution if hint else LicenceHint().attribution,
            title=document.title,
            publisher=sources[source]["publisher"] if hint else source,
            url=document.url,
            fetched_at=document.parts[0].fetched_at if document.parts else None,
            processor=processor,
        )
        return Licence(
            license=verdict.license,
            rights_basis=verdict.rights_basis,
            evidence_level=verdict.evidence_level,
            evidence=verdict.evidence_json(),
            redistribute=verdict.redistribute,
            train=verdict.train,
            attribution=line,
            note=hint.note if hint else f"no seed describes the source {source}",
        )

    return licence


def licence_stage(
    seeds: Mapping[str, Seed], terms: Mapping[str, TermsCapture], processor: str
) -> Stage[LicenceInput, Licence]:
    """The stage for these seeds, the terms pages that were captured, and the name of who publishes the result."""
    for seed in seeds.values():
        _check(seed)
    sources = {
        name: {"publisher": seed.publisher, "licence": seed.licence.model_dump(mode="json")}
        for name, seed in seeds.items()
    }
    return Stage(
        name="licence",
        version=1,
        make=make,
        reads=LicenceInput,
        writes=Licence,
        params={
            "sources": sources,
            "terms": {name: dict(page) for name, page in terms.items()},
            "processor": processor,
        },
        batch=256,
    )


def _check(seed: Seed) -> None:
    """Mistakes of a seed that its format cannot show."""
    if find(seed.licence.id) is None:
        raise UsageError(f"seed {seed.source}: no licence has the id {seed.licence.id!r}: use one of the vocabulary.")
    if wrong := unknown_fields(seed.licence.attribution):
        raise UsageError(f"seed {seed.source}: the attribution cannot fill {wrong}: use title, publisher, url, date.")
