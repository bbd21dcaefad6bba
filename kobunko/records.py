"""The records that flow through the pipeline, and the Arrow schemas derived from them.

A record is a frozen dataclass. Its Arrow schema follows from the annotations, carries the record's name and version
in its metadata, and is the only schema there is: side-cars, releases and workers all use it.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import pyarrow as pa

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Capture:
    """One answer to one request (or one imported file), kept byte for byte in a WARC record."""

    version: ClassVar[int] = 1
    capture_id: str  # urn:uuid of the WARC record
    source: str
    url: str
    record_type: str  # response | revisit | resource
    status: int  # HTTP status; 200 for imported files
    media_type: str  # as declared by the server or the list
    sha256: str  # of the decoded body
    size: int  # bytes of the decoded body
    fetched_at: datetime | None  # UTC; None when an imported file has no known date
    warc_file: str  # relative to the raw store
    warc_offset: int  # of the record that holds the body
    linked_from: str = ""
    anchor_text: str = ""
    headers: str = "{}"  # JSON: validators and opt-out signals


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a document, by reference to the capture that holds its bytes."""

    version: ClassVar[int] = 1
    role: str  # what it is to the document: law, page, file, detail, judgment, filing, csv, …
    url: str
    media_type: str
    sha256: str
    size: int
    capture_id: str
    warc_file: str
    warc_offset: int
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Blob:
    """A part with its bytes, as a record function sees it."""

    role: str
    url: str
    media_type: str
    sha256: str
    body: bytes


LICENCE_PAGE = "licence"  # role of a part that only says under which terms the others are


@dataclass(frozen=True, slots=True)
class Document:
    """A work of a source in one version. `metadata` holds what the source itself says of it (JSON object)."""

    version: ClassVar[int] = 1
    doc_id: str
    work_id: str
    source: str
    source_key: str
    source_version: str
    input_sha256: str
    url: str
    title: str
    published: str | None  # ISO date as given by the source
    linked_from: str
    anchor_text: str
    metadata: str
    parts: list[Part]

    @property
    def own_parts(self) -> list[Part]:
        """Its parts without the page that only names its licence, which other documents have as well."""
        return [part for part in self.parts if part.role != LICENCE_PAGE]


@dataclass(frozen=True, slots=True)
class Line:
    """One line on a page with its place, for the way back from a passage to the picture.

    `text[start:end]` of its page (in the stage `text`: of the document). What was left out of the text, such as a
    running head, has `start == end` and keeps its own `text`, which is empty otherwise. The box is in fractions of the
    page's width and height from the top left, as a reader sees the page.
    """

    version: ClassVar[int] = 1
    page: int
    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float
    block: int  # lines of one paragraph, cell or heading share it
    kind: str  # text · heading · table · note · ruby · header · footer · page-number · caption · seal
    confidence: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document. `part`/`part_page` lead back to the file and its page (both from 0 and 1).

    `method`: embedded (text was in the file) · ocr (read from the image) · none (nothing to read).
    `confidence`: 0–1 from the recogniser; None where the text was embedded.
    `writing`: horizontal · vertical · mixed · none. `lines` are in reading order, where the format has places.
    """

    version: ClassVar[int] = 2
    number: int
    text: str
    method: str
    reason: str
    confidence: float | None
    writing: str
    part: int = 0
    part_page: int = 1
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where a page stands in the document's text: `text[start:end]`, in characters.

    `language` is the BCP-47 tag of what is written there, `und` where it has no words.
    """

    version: ClassVar[int] = 2
    number: int
    start: int
    end: int
    method: str
    reason: str
    confidence: float | None
    writing: str
    part: int
    part_page: int
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The way back for one row of a release: which bytes, from where, when, and through which stages.

    All that the catalogue knows of the document is in it, so that a release can give a lost catalogue its documents
    back.
    """

    version: ClassVar[int] = 2
    doc_id: str
    work_id: str
    source: str
    source_key: str
    source_version: str
    input_sha256: str
    url: str
    title: str
    published: str | None
    linked_from: str
    anchor_text: str
    metadata: str
    parts: list[Part]
    stages: list[str]  # name@fingerprint of every stage that made the row


def column(name: str = "", about: str = "") -> Any:
    """Marks a field as coming from another column: `pages: list[Page] = column("extract.pages")`.

    `about` says what the field is, for schemas that people read.
    """
    told = {"column": name, "about": about}
    return field(metadata={key: value for key, value in told.items() if value})


def column_name(item: "dataclasses.Field[Any]") -> str:
    return str(item.metadata.get("column", item.name))


def optional(annotation: Any) -> bool:
    return isinstance(annotation, types.UnionType) and type(None) in typing.get_args(annotation)


def _hints(record: type) -> dict[str, Any]:
    """Annotations of the record's fields, class variables left out."""
    found = typing.get_type_hints(record)
    return {item.name: found[item.name] for item in dataclasses.fields(record)}


hints: Callable[[type], dict[str, Any]] = functools.cache(_hints)


_SCALARS: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def arrow_type(annotation: Any) -> pa.DataType:
    if optional(annotation):
        (annotation,) = (arg for arg in typing.get_args(annotation) if arg is not type(None))
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if typing.get_origin(annotation) is list:
        return pa.list_(pa.field("element", arrow_type(typing.get_args(annotation)[0]), nullable=False))
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return pa.struct(arrow_fields(annotation))
    raise TypeError(f"no Arrow type for {annotation!r}: use str, int, float, bool, bytes, datetime, list or a record")


def arrow_fields(record: type) -> list[pa.Field]:
    """Arrow fields of a record; a field is nullable exactly where its annotation admits None."""
    return [pa.field(name, arrow_type(hint), nullable=optional(hint)) for name, hint in hints(record).items()]


def _arrow_schema(record: type) -> pa.Schema:
    version = getattr(record, "version", 1)
    return pa.schema(
        arrow_fields(record), metadata={"kobunko.record": record.__name__, "kobunko.version": str(version)}
    )


arrow_schema: Callable[[type], pa.Schema] = functools.cache(_arrow_schema)


def from_row(record: type[R], row: Mapping[str, Any]) -> R:
    """Builds a record (and the records inside it) from a plain mapping, as `Table.to_pylist` gives."""
    values = {}
    for name, hint in hints(record).items():
        values[name] = _value(hint, row[name])
    return record(**values)


def _value(annotation: Any, value: Any) -> Any:
    if value is None:
        return None
    if optional(annotation):
        (annotation,) = (arg for arg in typing.get_args(annotation) if arg is not type(None))
    if typing.get_origin(annotation) is list:
        inner = typing.get_args(annotation)[0]
        return [_value(inner, item) for item in value]
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type) and isinstance(value, Mapping):
        return from_row(annotation, value)
    return value


def to_row(record: Any) -> dict[str, Any]:
    """The plain mapping of a record, nested records included."""
    return {name: _plain(getattr(record, name)) for name in hints(type(record))}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return to_row(value) if dataclasses.is_dataclass(value) else value
