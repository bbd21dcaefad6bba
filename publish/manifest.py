"""The manifest: which documents a release holds and what is true of each, one entry per document, sorted by id."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.publish.columns import bytes_of

GROUP = 2_000  # in a row group: lookup asks every release for one document
OPTIONS: Mapping[str, Any] = {"compression": "zstd"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a release.

    `text` says whether its text is in it, `method` how the text was read (embedded, ocr, mixed; null without a text),
    `rights_sha256` stands for everything that was decided about its rights, masks included. `text_sha256` and
    `characters` are those of the text with its masks.
    """

    version: ClassVar[int] = 4
    doc_id: str
    input_sha256: str
    source: str
    config: str
    outcome: str
    text_sha256: str | None
    characters: int | None
    tokens: int | None
    tokens_tekken: int | None
    method: str | None
    ocr_confidence: float | None
    license: str
    redistribute: str
    rights_sha256: str
    text: bool
    withheld: str
    duplicate_cluster: str | None
    cluster_size: int | None
    canonical: str | None
    canonical_reason: str | None
    relation: str | None
    work_cluster: str | None
    supersedes: list[str] | None
    superseded_by: list[str] | None
    contained_in: list[str] | None


@dataclass(frozen=True)
class Removed:
    """One document that was removed on request: whoever holds a copy of an older release should drop it too."""

    version: ClassVar[int] = 1
    id: str


def lines(entries: pa.Table) -> bytes:
    """Entries as text, one line each: what is hashed does not depend on how Parquet stores them."""
    columns = [
        pc.binary_join(values.cast(pa.list_(pa.string())), " ")
        if pa.types.is_list(values.type)
        else pc.cast(values, pa.string())
        for values in entries.columns
    ]
    options: dict[str, Any] = {"null_handling": "replace", "null_replacement": "\0"}
    joined = pc.binary_join_element_wise(*columns, "\x1f", **options)
    ended = pc.binary_join_element_wise(joined, "", "\n")
    return b"".join(map(bytes_of, ended.chunks))


def digest(path: Path) -> str:
    """SHA-256 over the `lines` of a list of entries."""
    total = hashlib.sha256()
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=GROUP):
            total.update(lines(pa.Table.from_batches([batch])))
    return total.hexdigest()
