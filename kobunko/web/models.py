"""What the API answers, as it stands in the OpenAPI description."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kobunko.passages.trace import SHORTEST

DocId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}-[a-z2-7]{26}$")]
ReleaseName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$")]
PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]
LONGEST_PASSAGE = 20_000  # characters


class DocumentSummary(BaseModel):
    """A document, without its way back."""

    doc_id: str
    work_id: str
    source: str
    source_key: str
    source_version: str
    url: str
    title: str
    published: str | None
    pages: int = Field(description="0 where the text is not published")
    characters: int
    text_sha256: str


class ChainAnswer(BaseModel):
    """The whole way back: stages, bytes, captures, licence with its evidence, versions, duplicates, releases."""

    model_config = ConfigDict(extra="allow")

    doc_id: str
    work_id: str
    source: str
    source_key: str
    source_version: str
    title: str
    published: str | None
    url: str
    stages: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    captures: list[dict[str, Any]]
    licence: dict[str, Any]
    versions: list[dict[str, Any]]
    duplicates: list[str]
    releases: list[str]


class LineAnswer(BaseModel):
    """Characters `start` to `end` of the document's text stand in this box (fractions of the page)."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float
    kind: str


class PageAnswer(BaseModel):
    doc_id: str
    number: int
    text: str
    start: int
    end: int
    method: str
    confidence: float | None
    writing: str
    lines: list[LineAnswer]
    has_image: bool


class LookupAnswer(BaseModel):
    query: str
    matched_by: str = Field(description="doc_id, sha256, row, url or name")
    documents: list[DocumentSummary]


class TraceQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSAGE)] = Field(
        description=f"A passage; at least {SHORTEST} characters beside white space"
    )
    limit: int = Field(10, ge=1, le=50)


class HitAnswer(BaseModel):
    doc_id: str
    likeness: float = Field(description="1 is the same text but for width, case and white space")
    page: int
    start: int
    end: int
    text: str
    title: str
    url: str
    duplicates: list[str] = Field(description="other documents with the same or nearly the same text")
    versions: list[str] = Field(description="other versions of the same work")


class TraceAnswer(BaseModel):
    release: str
    hits: list[HitAnswer]


class SourceAnswer(BaseModel):
    source: str
    title: str
    publisher: str
    homepage: str
    enabled: bool
    reason: str
    documents: int
    last_success: str | None
    failures: int


class ReleaseAnswer(BaseModel):
    version: str
    profile: str
    built_at: str
    documents: int
    verified: bool
    published_to: list[str]
    manifest_sha256: str


class DiffAnswer(BaseModel):
    """Numbers of documents, and the first ids of each kind."""

    counts: dict[str, int]
    doc_ids: dict[str, list[str]]


class RemovalsAnswer(BaseModel):
    count: int
    doc_ids: list[str]


class RequestAnswer(BaseModel):
    number: str


class Health(BaseModel):
    status: str
    documents: int
    indexed_release: str
