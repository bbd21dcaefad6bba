"""The dataset card: YAML that the Hub and `datasets` read, and what people need to know, in Japanese and English."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from huggingface_hub import DatasetCardData

from kobunko.publish.features import features
from kobunko.publish.manifest import Removed, counts
from kobunko.publish.rows import Row
from kobunko.records import Provenance, arrow_schema
from kobunko.settings import ReleaseSettings

TEMPLATE = Path(__file__).parent / "templates" / "card.md"
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def card(manifest: Mapping[str, Any], entries: pa.Table, settings: ReleaseSettings) -> str:
    """README.md of a release, from its manifest alone and what the installation says of itself."""
    data = DatasetCardData(
        language="ja",
        license="other",
        license_name="mixed-see-per-row",
        license_link="README.md",
        pretty_name="公文庫 Kobunko",
        size_categories=next((name for limit, name in _SIZES if manifest["documents"] < limit), "10M<n<100M"),
        task_categories=["text-generation"],
        tags=["government", "japanese", "provenance"],
        configs=_configs(manifest),
        dataset_info=_dataset_info(manifest),
    )
    facts = {
        "version": manifest["version"],
        "profile": manifest["profile"],
        "processor": settings.processor,
        "repository": settings.repository or "path/to/this/folder",
        "contact_ja": settings.removal_contact or "この配布物を公開した者",
        "contact_en": settings.removal_contact or "whoever published this copy",
        "config": next(iter(manifest["configs"])),
        "documents": manifest["documents"],
        "texts": sum(counted["texts"] for counted in manifest["configs"].values()),
        "removed": manifest["removed"],
        "table": _table(entries),
    }
    body = TEMPLATE.read_text(encoding="utf-8").format_map(facts)
    return f"---\n{data.to_yaml()}\n---\n\n{body}"


def _configs(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One config per kind of source, `default` over all of them, and the provenance."""
    paths = {"default": "data/*/*.parquet"}
    paths |= {name: f"data/{name}/*.parquet" for name in manifest["configs"]}
    paths |= {name: f"{name}/*.parquet" for name in ("provenance", "removed")}
    return [
        {"config_name": name, "data_files": [{"split": "train", "path": path}]}
        | ({"default": True} if name == "default" else {})
        for name, path in paths.items()
    ]


def _dataset_info(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    total = manifest["documents"]
    counted = {name: found["documents"] for name, found in manifest["configs"].items()}
    infos = [_info(name, Row, number) for name, number in ({"default": total} | counted).items()]
    return [*infos, _info("provenance", Provenance, total), _info("removed", Removed, manifest["removed"])]


def _info(config: str, record: type, rows: int) -> dict[str, Any]:
    splits = [{"name": "train", "num_examples": rows}]
    return {"config_name": config, "features": features(arrow_schema(record)), "splits": splits}


def _table(entries: pa.Table) -> str:
    """Counts by config, licence and method, as Markdown."""
    lines = ["| config | license | method | documents | texts | characters |", "|---|---|---|---:|---:|---:|"]
    for row in counts(entries, ("config", "license", "method")):
        names = " | ".join(row[name] or "—" for name in ("config", "license", "method"))
        lines.append(f"| {names} | {row['documents']:,} | {row['texts']:,} | {row['characters']:,} |")
    return "\n".join(lines)
