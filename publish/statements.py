"""What a release says of itself in other people's forms: PROV-JSON, D&TA Data Provenance Standard, EU summary."""

import math
from collections.abc import Mapping
from typing import Any

from kobunko.publish.tally import Tally
from kobunko.settings import ReleaseSettings

SIZES = (
    (10**9, "less than 1 billion tokens"),
    (10**13, "1 billion to 10 trillion tokens"),
    (math.inf, "more than 10 trillion tokens"),
)
TOP_SHARE = 0.1  # of the domains, by content: what the EU template asks to be listed


def prov_json(manifest: Mapping[str, Any], sums: Mapping[str, str]) -> dict[str, Any]:
    """W3C PROV-JSON: the sources, one activity per stage, and the files of the release."""
    release = f"kobunko:release/{manifest['version']}"
    sources = {f"kobunko:source/{name}": facts for name, facts in manifest["publishers"].items()}
    stages = {f"kobunko:stage/{label}": {"prov:label": label} for label in manifest["stages"]}
    software = f"kobunko:software/{manifest['software']['kobunko']}"
    files = {f"kobunko:file/{name}": {"kobunko:sha256": sha256} for name, sha256 in sums.items()}
    return {
        "prefix": {"kobunko": "urn:kobunko:"},
        "entity": {
            release: {"prov:label": manifest["version"], "kobunko:documents_sha256": manifest["documents_sha256"]},
            **{
                name: {"prov:label": facts["title"], "prov:location": facts["homepage"]}
                for name, facts in sources.items()
            },
            **files,
        },
        "activity": stages,
        "agent": {
            software: {"prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}},
            **{
                f"kobunko:publisher/{name}": {"prov:label": facts["publisher"]}
                for name, facts in manifest["publishers"].items()
            },
        },
        "used": {
            f"_:used{number}": {"prov:activity": activity, "prov:entity": source}
            for number, (activity, source) in enumerate((a, s) for a in stages for s in sources)
        },
        "wasGeneratedBy": {
            f"_:made{number}": {"prov:entity": release, "prov:activity": activity}
            for number, activity in enumerate(stages)
        },
        "wasAssociatedWith": {
            f"_:by{number}": {"prov:activity": activity, "prov:agent": software}
            for number, activity in enumerate(stages)
        },
        "wasAttributedTo": {
            f"_:of{number}": {"prov:entity": name, "prov:agent": name.replace(":source/", ":publisher/")}
            for number, name in enumerate(sources)
        },
        "hadMember": {
            f"_:member{number}": {"prov:collection": release, "prov:entity": name} for number, name in enumerate(files)
        },
    }


def data_provenance_standard(manifest: Mapping[str, Any], tally: Tally, settings: ReleaseSettings) -> dict[str, Any]:
    """Data & Trust Alliance, Data Provenance Standards 1.0.0."""
    period = {"start": tally.first.isoformat(), "end": tally.last.isoformat()} if tally.first and tally.last else None
    before = (manifest["changes"] or {}).get("since")
    return {
        "source": {
            "version": "1.0.0",
            "title": f"Kobunko {manifest['version']}",
            "id": f"urn:kobunko:release:{manifest['version']}:{manifest['documents_sha256']}",
            "location": settings.repository or None,
            "issuer": [settings.processor],
            "description": "Documents published by Japanese public bodies as text, with evidence and provenance.",
        },
        "provenance": {
            "source": [item["homepage"] for item in manifest["publishers"].values()],
            "origin": sorted({item["publisher"] for item in manifest["publishers"].values()}),
            "origin-geography": ["JP"],
            "date": tally.last.date().isoformat() if tally.last else None,
            "previous-version": before,
            "generation-period": period,
            "generation-method": ["feeds-api-source", "web-scraping-crawling-textual"],
            "format": ["application/vnd.apache.parquet"],
        },
        "use": {
            "classification": ["public"],
            "consents": "not applicable: published official documents",
            "privacy-enhancing": "see the columns on personal data, where the release has them",
            "license": "per row: columns license, evidence, redistribute, train",
            "intended-purpose": ["ai-pre-training"],
            "copyright": "per row: columns rights_basis and attribution",
        },
    }


def eu_summary(manifest: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """Figures for the public summary of training content (EU AI Act, Art. 53(1)(d)): sizes, and the largest domains."""
    totals = {
        name: sum(found[name] for found in manifest["configs"].values()) for name in ("texts", "characters", "tokens")
    }
    hosts = tally.hosts()
    listed = hosts[: math.ceil(len(hosts) * TOP_SHARE)]
    return {
        "modality": "text",
        "size": next(name for limit, name in SIZES if totals["tokens"] < limit),
        **totals,
        "language": "ja",
        "synthetic_data": False,
        "user_data": False,
        "crawled_between": [moment.isoformat() if moment else None for moment in (tally.first, tally.last)],
        "domains": len(hosts),
        "largest_domains": [
            {"domain": host, "documents": documents, "texts": texts, "characters": characters}
            for host, documents, texts, characters in listed
        ],
    }
