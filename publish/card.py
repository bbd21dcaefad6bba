"""The dataset card: YAML that the Hub and `datasets` read, and what people need to know, in Japanese and English."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from huggingface_hub import DatasetCardData

from kobunko.publish.features import features
from kobunko.publish.manifest import Removed
from kobunko.publish.rows import Row
from kobunko.publish.totals import BY, Totals
from kobunko.records import Provenance, arrow_schema
from kobunko.settings import ReleaseSettings

TEMPLATE = Path(__file__).parent / "templates" / "card.md"
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
    config = max(manifest["configs"], key=lambda name: manifest["configs"][name]["texts"])
    facts = {
        "version": manifest["version"],
        "anchor": manifest["version"].replace(".", ""),
        "profile": manifest["profile"],
        "processor": settings.processor,
        "cite_ja": f"{settings.processor}「公文庫 {manifest['version']}」{settings.repository}",
        "cite_en": ", ".join(
            filter(None, (settings.processor, f'"Kobunko {manifest["version"]}"', settings.repository))
        ),
        "unproven_ja": _UNPROVEN_JA[manifest["profile"] == "open"],
        "unproven_en": _UNPROVEN_EN[manifest["profile"] == "open"],
        "confidence": "![OCR の確信度](plots/confidence.png)\n" if figures.confidences.any() else "",
        "contact_ja": f"{settings.removal_contact} " if settings.removal_contact else "この配布物を公開した者",
        "contact_en": settings.removal_contact or "whoever published this copy",
        "documents": manifest["documents"],
        "texts": sum(counted["texts"] for counted in manifest["configs"].values()),
        "removed": manifest["removed"],
        "sizes": _sizes(manifest["configs"]),
        "table": _table(figures),
        "changes_ja": _changes(manifest["changes"], _JAPANESE),
        "changes_en": _changes(manifest["changes"], _ENGLISH),
        "load": LOAD.format(repository=settings.repository or "path/to/this/folder", config=config),
        "schema": _schema(),
    }
    body = TEMPLATE.read_text(encoding="utf-8").format_map(facts)
    return f"---\n{data.to_yaml()}\n---\n\n{body}"


LOAD = """```python
from datasets import load_dataset

rows = load_dataset("{repository}", "{config}", split="train", streaming=True)
usable = rows.filter(lambda row: row["text"] is not None and row["outcome"] == "ok")
```"""

_UNPROVEN_JA = (  # by whether the release is an open one
    "`NOASSERTION` の行は、再配布してよい根拠を確認できていません。この版は外部に渡さないでください。",
    "`NOASSERTION` の行は、根拠を確認できないため書誌情報だけを収録しています。",
)
_UNPROVEN_EN = (
    "No evidence was found that the text of rows with `NOASSERTION` may be republished: do not pass this release on.",
    "Rows with `NOASSERTION` hold no text, because no evidence was found that it may be published.",
)

_JAPANESE = {
    "first": "最初の版です。",
    "line": "{since} 以後：追加 {added:,} 件、変更 {changed}、除外 {removed}、重複群の移動 {moved:,} 件。",
    "none": "なし",
    "words": {"source": "原本", "stage": "処理", "rule": "権利の判断", "removal": "申出", "gone": "収集元から消失"},
    "count": "{number:,} 件（{word}）",
    "stage": "- 段階 `{before}` → `{now}`",
}
_ENGLISH = {
    "first": "This is the first release.",
    "line": "Since {since}: {added:,} added, changed: {changed}, removed: {removed}, {moved:,} moved between clusters.",
    "none": "none",
    "words": {"source": "source", "stage": "stage", "rule": "rule", "removal": "on request", "gone": "gone"},
    "count": "{number:,} ({word})",
    "stage": "- stage `{before}` → `{now}`",
}


def _changes(changes: Mapping[str, Any] | None, words: Mapping[str, Any]) -> str:
    if not changes:
        return str(words["first"])

    def told(counts: Mapping[str, int]) -> str:
        found = [words["count"].format(number=n, word=words["words"][why]) for why, n in counts.items()]
        return ", ".join(found) or str(words["none"])

    facts = {**changes, "changed": told(changes["changed"]), "removed": told(changes["removed"])}
    stages = [words["stage"].format(before=old or "—", now=new or "—") for old, new in changes["stages"]]
    return "\n".join([words["line"].format_map(facts), *(["", *stages] if stages else [])])


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


def _sizes(configs: Mapping[str, Mapping[str, int]]) -> str:
    """What each config holds, in the measures that people plan with."""
    lines = [
        "| config | documents | texts | characters | UniDic tokens | Tekken tokens |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    names = ("documents", "texts", "characters", "tokens", "tokens_tekken")
    total = {name: sum(found[name] for found in configs.values()) for name in names}
    for config, found in [*configs.items(), ("**default**", total)]:
        lines.append(f"| {config} | {' | '.join(f'{found[name]:,}' for name in names)} |")
    return "\n".join(lines)


def _schema() -> str:
    """The columns of a row, as Markdown."""
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for item in fields(Row):
        kind = arrow_schema(Row).field(item.name).type
        shown = "list of structs" if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type) else str(kind)
        shown = "list of strings" if shown.startswith("list<") else shown
        lines.append(f"| `{item.name}` | {shown} | {item.metadata['about']} |")
    return "\n".join(lines)


def _table(figures: Totals) -> str:
    """Counts by config, licence and method, as Markdown."""
    lines = ["| config | license | method | documents | texts | characters |", "|---|---|---|---:|---:|---:|"]
    for row in figures.counts(BY):
        names = " | ".join(row[name] or "—" for name in BY)
        lines.append(f"| {names} | {row['documents']:,} | {row['texts']:,} | {row['characters']:,} |")
    return "\n".join(lines)
