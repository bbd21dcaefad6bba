"""What one row of a release is, and how it is made from the columns of a document and of its side-cars."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

import pyarrow as pa

from kobunko.records import PageSpan, Part, Provenance, arrow_schema, column, column_name

Profile = Literal["open", "internal"]
OPEN_TO_ALL = ("allow", "allow+conditions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document of a release. Every document of the corpus has a row, also one that could not be read.

    A field that is not the document's own names the column that it is taken from.
    """

    version: ClassVar[int] = 1
    id: str = column("doc_id")  # `<source>-<26 base32 characters>`, the same on any machine
    work_id: str  # shared by all versions of one work
    source: str  # name of the seed
    config: str  # the part of the release that the row is in
    source_key: str  # the source's own name of the work: law id, case number, filing id, URL
    source_version: str  # the source's own name of this version of it
    url: str
    title: str = column("text.title")  # as found in the document, else as its source lists it
    text: str | None = column("text.text")  # null where it may not be published, or could not be read
    published: str | None  # ISO date as the source gives it
    metadata: str  # JSON: {"source": what the source says of it, "document": what the file itself says}
    pages: list[PageSpan] = column("text.pages")  # page n is text[start:end], in characters
    format: str | None = column("extract.format")  # law-xml, pdf, html, …; null when it was not recognised
    characters: int | None = column("text.characters")  # of the text, published or not
    tokens: int | None = column("text.tokens")  # morphemes of UniDic
    ocr_confidence: float | None = column(
        "text.ocr_confidence"
    )  # 0–1 by characters; null where nothing was read by OCR
    unread_pages: int | None = column("text.unread_pages")  # pages that hold writing which nobody has read yet
    license: str = column("licence.license")  # SPDX id, LicenseRef-JP-… or NOASSERTION
    rights_basis: str = column("licence.rights_basis")  # licence · no-right(Art13) · public-domain(term) · … · unknown
    evidence_level: str = column("licence.evidence_level")  # E2 reviewed terms · E3 statute · E4 belief · E0 nothing
    evidence: str = column("licence.evidence")  # JSON list, the deciding one first
    redistribute: str = column("licence.redistribute")  # allow · allow+conditions · metadata-only
    train: str = column("licence.train")  # allow · review
    attribution: str = column("licence.attribution")  # to be shown by whoever passes the text on
    duplicate_cluster: str | None  # smallest id of the rows with the same or nearly the same text
    cluster_size: int | None
    outcome: str  # ok, or the first stage that failed and how: extract:reject:encrypted
    sha256: str | None = column("text.sha256")  # of the text as UTF-8, published or not
    raw_sha256: list[str]  # of the files that the document was made from, in the order of `parts`
    fetched_at: datetime | None  # when the last of them was captured
    parts: list[Part]  # where their bytes are: URL, capture, WARC file and offset
    stages: list[str]  # name@fingerprint of every stage that has a row for the document


RIGHTS_UNKNOWN: Mapping[str, str] = {
    "license": "NOASSERTION",
    "rights_basis": "unknown",
    "evidence_level": "E0",
    "evidence": "[]",
    "redistribute": "metadata-only",
    "train": "review",
    "attribution": "",
}

_FROM = {item.name: column_name(item) for item in dataclasses.fields(Row)}
_MADE = ("config", "duplicate_cluster", "cluster_size", "outcome")  # by the manifest
_DERIVED = ("raw_sha256", "fetched_at", "stages")


def columns_for(stages: Sequence[str]) -> list[str]:
    """Columns of the corpus that rows are made from; `stages` are the names of all stages in order."""
    own = [name for field, name in _FROM.items() if field not in (*_MADE, *_DERIVED) and name != "doc_id"]
    # The labels come first, because a chunk holds its columns in the order in which their stages are first asked for.
    return [*_label_columns(stages), *own, "title", "extract.metadata"]


def _label_columns(stages: Sequence[str]) -> list[str]:
    return [f"{name}.stage" for name in stages]


def may_publish(redistribute: str, profile: Profile) -> bool:
    """Whether a text may be in a release. What is not known to be allowed is not."""
    return profile == "internal" or redistribute in OPEN_TO_ALL


def rows_of(chunk: pa.Table, profile: Profile) -> pa.Table:
    """Rows of a release, in the order of the chunk.

    The chunk holds `columns_for(…)` beside the key, and what the manifest says of each document: `config`,
    `duplicate_cluster`, `cluster_size`, `outcome`.
    """
    return pa.Table.from_pylist([_row(found, profile) for found in chunk.to_pylist()], schema=arrow_schema(Row))


def _row(found: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    row = {name: found.get(source) for name, source in _FROM.items()}
    row |= {name: value for name, value in RIGHTS_UNKNOWN.items() if row[name] is None}
    parts = found["parts"]
    moments = [part["fetched_at"] for part in parts if part["fetched_at"]]
    return row | {
        "title": row["title"] or found["title"],
        "text": row["text"] if may_publish(str(row["redistribute"]), profile) else None,
        "metadata": _merged(found["metadata"], found["extract.metadata"]),
        "pages": row["pages"] or [],
        "raw_sha256": [part["sha256"] for part in parts],
        "fetched_at": max(moments, default=None),
        "stages": _labels(found),
    }


def _merged(source: str, document: str | None) -> str:
    value = {"source": json.loads(source or "{}"), "document": json.loads(document or "{}")}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _labels(found: Mapping[str, Any]) -> list[str]:
    return [value for name, value in found.items() if name.endswith(".stage") and value]


def provenance_columns(stages: Sequence[str]) -> list[str]:
    """Columns of the corpus that `provenance_of` needs."""
    return ["source", "source_key", "source_version", "parts", *_label_columns(stages)]


def provenance_of(chunk: pa.Table) -> pa.Table:
    """`Provenance` of the documents of a chunk."""
    rows = [found | {"stages": _labels(found)} for found in chunk.to_pylist()]
    return pa.Table.from_pylist(rows, schema=arrow_schema(Provenance))
