"""Verifies a release from its files alone: every hash, every shard, every promise. No problem found means good."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kobunko.ids import sha256_hex
from kobunko.policy import NUMBERS_ONLY, REPUBLISHED
from kobunko.publish import checksums
from kobunko.publish.figures import holds_figures_alone
from kobunko.publish.manifest import Entry, Removed, digest
from kobunko.publish.rows import Row
from kobunko.records import Provenance, arrow_schema

PROVEN = ("E1", "E2", "E3")  # evidence levels on which a text may be published


def verify(folder: Path, removed: Collection[str] = frozenset()) -> list[str]:
    """Problems of a release, one line each. `removed` are the ids that must not be in it.

    Raises NotFound where there is no release at all.
    """
    problems = list(_files(folder))
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        entries = pq.read_table(folder / "manifest.parquet", schema=arrow_schema(Entry))
    except (OSError, ValueError, pa.ArrowException) as error:
        return [*problems, f"manifest cannot be read: {error}"]
    problems += _manifest(manifest, entries, removed)
    known = {row["doc_id"]: row for row in entries.to_pylist()}
    problems += _shards(folder, manifest, known)
    problems += _provenance(folder, known)
    problems += _removed(folder, manifest, known)
    return problems


def _files(folder: Path) -> Iterator[str]:
    """Every file has its hash, and there is no other file."""
    expected, present = checksums.read(folder), checksums.files_of(folder)
    for name in sorted(expected.keys() - set(present)):
        yield f"{name}: missing"
    for name in present:
        if name not in expected:
            yield f"{name}: not in {checksums.NAME}"
        elif checksums.file_sha256(folder / name) != expected[name]:
            yield f"{name}: its bytes do not have the hash in {checksums.NAME}"


def _manifest(manifest: Mapping[str, Any], entries: pa.Table, removed: Collection[str]) -> Iterator[str]:
    ids = entries["doc_id"].to_pylist()
    if digest(entries) != manifest["documents_sha256"] or len(ids) != manifest["documents"]:
        yield "manifest.parquet: not the list that manifest.json names"
    if ids != sorted(set(ids)):
        yield "manifest.parquet: ids are not sorted or not unique"
    for name in sorted(set(ids) & set(removed)):
        yield f"{name}: was removed and must not be in a release"


def _shards(folder: Path, manifest: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Rows are those of the manifest, each once, and each keeps its promises."""
    seen: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for path in sorted((folder / "data").glob("*/*.parquet")):
        shard, config = path.relative_to(folder).as_posix(), path.parent.name
        for row, problem in _rows(path, Row):
            if problem:
                yield f"{shard}: {problem}"
                continue
            seen[row["id"]] += 1
            texts[config] += row["text"] is not None
            for found in _row(row, known.get(row["id"]), config, manifest["profile"]):
                yield f"{shard}: {row['id']}: {found}"
    yield from (f"{name}: {number} times in the shards" for name, number in sorted(seen.items()) if number > 1)
    yield from (f"{name}: in the manifest and in no shard" for name in sorted(known.keys() - seen.keys()))
    for config, counted in manifest["configs"].items():
        if texts[config] != counted["texts"]:
            yield f"{config}: {texts[config]} texts where the manifest counts {counted['texts']}"


def _rows(path: Path, record: type) -> Iterator[tuple[dict[str, Any], str]]:
    """Rows of a shard, or what is wrong with the shard; one row group in memory at a time."""
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(arrow_schema(record), check_metadata=True):
                yield {}, f"its schema is not that of {record.__name__}"
                return
            last = ""
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                table.validate(full=True)  # among others: strings are UTF-8
                for row in table.to_pylist():
                    name = next(iter(row.values()))
                    if name <= last:
                        yield {}, f"{name} is not in the order of ids"
                    last = name
                    yield row, ""
    except (OSError, ValueError, pa.ArrowException) as error:
        yield {}, f"cannot be read: {error}"


def _row(row: Mapping[str, Any], entry: Mapping[str, Any] | None, config: str, profile: Any) -> Iterator[str]:
    if entry is None:
        yield "not in the manifest"
        return
    pairs = {"sha256": "text_sha256"} | {
        name: name for name in ("license", "redistribute", "outcome", "config", "withheld")
    }
    for mine, theirs in pairs.items():
        if row[mine] != entry[theirs]:
            yield f"{mine} is not as in the manifest"
    if row["config"] != config:
        yield f"is of the config {row['config']}"
    text, structure = row["text"], row["structure"]
    if text is None:
        figures = row["withheld"] == NUMBERS_ONLY and row["evidence_level"] in PROVEN
        if structure is not None and not (figures and holds_figures_alone(structure)):
            yield "has a structure that its rights do not allow"
        return
    if row["withheld"] or (profile == "open" and row["redistribute"] not in REPUBLISHED):
        yield f"has a text that its rights do not allow ({row['withheld'] or row['redistribute']})"
    if profile == "open" and row["evidence_level"] not in PROVEN:
        yield f"has a text without evidence ({row['evidence_level']})"
    if sha256_hex(text.encode()) != row["sha256"] or len(text) != row["characters"]:
        yield "its text is not the one that was hashed"
    yield from _pages(row["pages"], len(text))


def _pages(pages: list[Mapping[str, Any]], length: int) -> Iterator[str]:
    end = 0
    for page in pages:
        if not end <= page["start"] <= page["end"] <= length:
            yield f"page {page['number']} is outside of its text or of its order"
        end = page["end"]


def _provenance(folder: Path, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for path in sorted((folder / "provenance").glob("*.parquet")):
        for row, problem in _rows(path, Provenance):
            if problem:
                yield f"{path.relative_to(folder).as_posix()}: {problem}"
                continue
            seen[row["doc_id"]] += 1
            entry = known.get(row["doc_id"])
            if entry is None or entry["input_sha256"] != row["input_sha256"]:
                yield f"{row['doc_id']}: its provenance is not that of the manifest"
    if sorted(seen.elements()) != sorted(known):
        yield "provenance: not one row for each document of the manifest"


def _removed(folder: Path, manifest: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    listed = []
    for path in sorted((folder / "removed").glob("*.parquet")):
        for row, problem in _rows(path, Removed):
            if problem:
                yield f"{path.relative_to(folder).as_posix()}: {problem}"
                return
            listed.append(row["id"])
    if sha256_hex("\n".join(listed).encode()) != manifest["removed_sha256"]:
        yield "removed: not the list that manifest.json names"
    yield from (f"{name}: is listed as removed and is in the release" for name in listed if name in known)
