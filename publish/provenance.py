"""What releases remember for a catalogue that was lost: the documents that they were made from, and who was removed."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from kobunko.records import Document, from_row


def version_order(version: str) -> list[tuple[int, str]]:
    """Versions in the order that people mean: 2026.11.9 before 2026.11.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version)]


def manifests(releases: Path) -> dict[str, dict[str, Any]]:
    """The manifest of every release in a folder by version, oldest first."""
    found = sorted(
        (path.parent for path in releases.glob("*/manifest.json")), key=lambda path: version_order(path.name)
    )
    return {path.name: json.loads((path / "manifest.json").read_bytes()) for path in found}


def documents_of(folder: Path) -> Iterator[Document]:
    """Every document of a release with its parts, as the catalogue knew it."""
    names = [item.name for item in dataclasses.fields(Document)]
    for path in sorted((folder / "provenance").glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1000, columns=names):
                yield from (from_row(Document, row) for row in batch.to_pylist())


def removed_from(folder: Path) -> list[str]:
    """Ids of the documents that removals kept out of a release."""
    return [name for path in (folder / "removed").glob("*.parquet") for name in pq.read_table(path)["id"].to_pylist()]
