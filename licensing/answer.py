"""The rights of one document as one answer: what `kobunko rights` and the web page show."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kobunko.licensing.evidence import Evidence
from kobunko.licensing.hosts import host_rule
from kobunko.licensing.privacy import private
from kobunko.licensing.stage import Knowledge, LicenceInput, licence_of
from kobunko.licensing.third_party import third_parties
from kobunko.licensing.vocabulary import NOASSERTION
from kobunko.policy import REPUBLISHED
from kobunko.records import PageSpan, Part

COLUMNS: Mapping[str, Sequence[str]] = {
    "licence": (
        "license",
        "rights_basis",
        "redistribute",
        "train",
        "evidence",
        "attribution",
        "opt_out",
    ),
    "third_party": ("spans",),
    "privacy": ("action", "data_class", "counts"),
}


def of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """From the columns of a document's side-cars (`COLUMNS`); what no stage has answered yet fails closed."""

    def value(name: str, otherwise: str) -> str:
        found = row.get(name)
        return otherwise if found is None else str(found)

    parts = json.loads(value("third_party.spans", "[]"))
    evidence, redistribute = json.loads(value("licence.evidence", "[]")), value("licence.redistribute", "metadata-only")
    forbidden = [part for part in parts if part["effect"] == "document"]
    if forbidden and redistribute in REPUBLISHED:  # what a document says of itself goes before what its site says
        redistribute = "review"
        evidence += [asdict(Evidence("E1", f"third-party:{p['kind']}", "", phrase=p["phrase"])) for p in forbidden]
    return {
        "license": value("licence.license", "NOASSERTION"),
        "rights_basis": value("licence.rights_basis", "unknown"),
        "redistribute": redistribute,
        "train": value("licence.train", "review"),
        "evidence": evidence,
        "third_party": parts,
        "attribution": value("licence.attribution", ""),
        "opt_out": json.loads(value("licence.opt_out", "[]")),
        "personal_data": {
            "action": value("privacy.action", "not-searched"),
            "data_class": value("privacy.data_class", "unknown"),
            "counts": json.loads(value("privacy.counts", "{}")),
        },
    }


def of_removed(rights: Mapping[str, Any], reason: str, since: str) -> dict[str, Any]:
    """The rights of a document that was removed: nothing, whatever was granted before."""
    removal = asdict(Evidence("E1", f"removed:{reason}", NOASSERTION, fetched_at=since))
    return {**rights, "redistribute": "deny", "train": "deny", "evidence": [removal, *rights["evidence"]]}


def of_text(
    known: Knowledge,
    text: str,
    pages: Sequence[Mapping[str, Any]],
    title: str,
    source: str,
    url: str,
    role: str,
    publisher: str,
) -> dict[str, Any]:
    """For a document that is in no home, judged from its text and URL now."""
    part = Part(role, url, "", "", 0, "", "", 0, None)
    licence = licence_of(known, LicenceInput(source, url, title, None, "{}", "{}", [part]))
    found = private(text, host_rule(source, url).persons)
    parts = third_parties(text, _spans(pages), source, publisher)
    row = {f"licence.{name}": item for name, item in asdict(licence).items()}
    row["third_party.spans"] = json.dumps([asdict(item) for item in parts], ensure_ascii=False)
    row |= {f"privacy.{name}": getattr(found, name) for name in COLUMNS["privacy"]}
    return of_row(row)


def _spans(pages: Sequence[Mapping[str, Any]]) -> list[PageSpan]:
    """Pages as `read_file` gives them, joined as the text joins them."""
    spans, position = [], 0
    for page in pages:
        if page["text"] and position:
            position += len("\n\n")
        end = position + len(page["text"])
        told = (page["method"], page["reason"], page["confidence"], page["writing"])
        spans.append(PageSpan(page["number"], position, end, *told, 0, 1))
        position = end
    return spans
