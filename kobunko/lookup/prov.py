"""The chain as W3C PROV-JSON (https://www.w3.org/submissions/prov-json/): entities, activities, agents, relations.

Pure: from a chain to JSON values. Captured bytes are entities that a fetch generated; the text is an entity that each
stage's activity derived from them; the row is what the release holds.
"""

from collections import defaultdict
from typing import Any

_PREFIX = {"kobunko": "https://kobunko.example/ns#", "doc": "urn:kobunko:document:", "sha256": "urn:sha256:"}
_SOFTWARE = "kobunko:software"


class _Document:
    """A PROV-JSON document under construction. Relations get blank names."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Any]] = defaultdict(dict)

    def thing(self, group: str, name: str, **attributes: Any) -> str:
        self.groups[group][name] = {key.replace("__", ":"): value for key, value in attributes.items() if value}
        return name

    def relation(self, group: str, **ends: str) -> None:
        self.groups[group][f"_:{group}{len(self.groups[group]) + 1}"] = {
            f"prov:{key}": end for key, end in ends.items()
        }


def prov(chains: list[dict[str, Any]]) -> dict[str, Any]:
    """One PROV-JSON document about all given chains."""
    document = _Document()
    document.thing("agent", _SOFTWARE, prov__type="prov:SoftwareAgent", prov__label="Kobunko")
    for chain in chains:
        _add(document, chain)
    return {"prefix": _PREFIX, **{group: document.groups[group] for group in sorted(document.groups)}}


def _add(document: _Document, chain: dict[str, Any]) -> None:
    row = document.thing(
        "entity",
        f"doc:{chain['doc_id']}",
        prov__label=chain["title"],
        prov__location=chain["url"],
        kobunko__licence=chain["licence"].get("license"),
        kobunko__textSha256=chain["text_sha256"],
        kobunko__releases=chain["releases"],
    )
    publisher = document.thing("agent", f"kobunko:source/{chain['source']}", prov__type="prov:Organization")
    document.relation("wasAttributedTo", entity=row, agent=publisher)
    parts = [_part(document, part, publisher) for part in chain["parts"]]
    for part in parts:
        document.relation("wasDerivedFrom", generatedEntity=row, usedEntity=part)
    for stage in chain["stages"]:
        _stage(document, chain["doc_id"], stage, row, parts)
    work = document.thing("entity", f"doc:{chain['work_id']}", prov__label=chain["source_key"])
    document.relation("specializationOf", specificEntity=row, generalEntity=work)


def _part(document: _Document, part: dict[str, Any], publisher: str) -> str:
    entity = document.thing(
        "entity",
        f"sha256:{part['sha256']}",
        prov__label=part["role"],
        prov__location=part["url"],
        kobunko__mediaType=part["media_type"],
        kobunko__size=part["size"],
        kobunko__warc=f"{part['warc_file']}@{part['warc_offset']}",
    )
    capture = part["capture_id"].strip("<>")
    fetch = document.thing("activity", capture, prov__type="kobunko:capture", prov__endTime=part["fetched_at"])
    document.relation("wasGeneratedBy", entity=entity, activity=fetch)
    document.relation("wasAssociatedWith", activity=fetch, agent=_SOFTWARE)
    document.relation("wasAttributedTo", entity=entity, agent=publisher)
    return entity


def _stage(document: _Document, doc_id: str, stage: dict[str, Any], row: str, parts: list[str]) -> None:
    activity = document.thing(
        "activity",
        f"kobunko:{stage['stage']}/{doc_id}",
        prov__type=f"kobunko:{stage['stage'].split('@')[0]}",
        kobunko__version=stage["version"],
        kobunko__outcome=stage["outcome"],
    )
    document.relation("wasAssociatedWith", activity=activity, agent=_SOFTWARE)
    for part in parts:
        document.relation("used", activity=activity, entity=part)
    document.relation("wasGeneratedBy", entity=row, activity=activity)
