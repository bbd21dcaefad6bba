"""The dataset card: YAML that the Hub and `datasets` read, and what people need to know, in Japanese and English."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import DatasetCardData

from kobunko.publish import card_tables
from kobunko.publish.features import features
from kobunko.publish.manifest import Removed
from kobunko.publish.plots import names_of
from kobunko.publish.rows import Row
from kobunko.publish.totals import Totals
from kobunko.records import Provenance, arrow_schema
from kobunko.settings import ReleaseSettings

LANGUAGES = ("ja", "en")
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def card(manifest: Mapping[str, Any], figures: Totals, sizes: Mapping[str, int], settings: ReleaseSettings) -> str:
    """README.md of a release, from its manifest alone, the bytes of each config before compression, and what the
    installation says of itself."""
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
        dataset_info=_dataset_info(manifest, sizes),
    )
    told = "\n".join(_told(language, manifest, figures, settings) for language in LANGUAGES)
    return f"---\n{data.to_yaml()}\n---\n\n{told}"


def _told(language: str, manifest: Mapping[str, Any], figures: Totals, settings: ReleaseSettings) -> str:
    """The card in one language."""
    words, version = card_tables.words_of(language), manifest["version"]
    configs = manifest["configs"]
    config = max(configs, key=lambda name: configs[name]["texts"])
    cited = (settings.processor, f'"Kobunko {version}"', settings.repository)
    facts = {
        "version": version,
        "anchor": version.replace(".", ""),
        "profile": manifest["profile"],
        "processor": settings.processor,
        "repository": settings.repository,
        "cite": ", ".join(filter(None, cited)),
        "unproven": words["unproven_open" if manifest["profile"] == "open" else "unproven"],
        "contact": settings.removal_contact or words["contact"],
        "documents": manifest["documents"],
        "texts": sum(counted["texts"] for counted in configs.values()),
        "removed": words["removed" if manifest["removed"] else "none_removed"].format_map(manifest),
        "sizes": card_tables.sizes(configs, words),
        "licences": card_tables.licences(figures, words),
        "table": card_tables.breakdown(figures, words),
        "pictures": card_tables.pictures(names_of(figures), words),
        "changes": card_tables.changes(manifest["changes"], words),
        "load": LOAD.format(repository=settings.repository or "path/to/this/folder", config=config),
        "schema": card_tables.schema(words),
    }
    return (card_tables.TEMPLATES / f"card.{language}.md").read_text(encoding="utf-8").format_map(facts)


LOAD = """```python
from datasets import load_dataset

rows = load_dataset("{repository}", "{config}", split="train", streaming=True)
usable = rows.filter(lambda row: row["text"] is not None and row["outcome"] == "ok")
```"""


def _configs(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One config per kind of source, `default` over all of them, the provenance, and who was removed, if anybody was:
    `datasets` cannot load a config without rows."""
    paths = {"default": "data/*/*.parquet"}
    paths |= {name: f"data/{name}/*.parquet" for name in manifest["configs"]}
    paths |= {name: f"{name}/*.parquet" for name in ("provenance", *(["removed"] if manifest["removed"] else []))}
    return [
        {"config_name": name, "data_files": [{"split": "train", "path": path}]}
        | ({"default": True} if name == "default" else {})
        for name, path in paths.items()
    ]


def _dataset_info(manifest: Mapping[str, Any], sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    total = manifest["documents"]
    rows = {"default": total} | {name: found["documents"] for name, found in manifest["configs"].items()}
    size = {"default": sum(sizes[name] for name in manifest["configs"]), **sizes}
    infos = [_info(name, Row, number, size[name]) for name, number in rows.items()]
    infos.append(_info("provenance", Provenance, total, size["provenance"]))
    if manifest["removed"]:
        infos.append(_info("removed", Removed, manifest["removed"], size["removed"]))
    return infos


def _info(config: str, record: type, rows: int, size: int) -> dict[str, Any]:
    splits = [{"name": "train", "num_bytes": size, "num_examples": rows}]
    return {"config_name": config, "features": features(arrow_schema(record)), "splits": splits}
