"""What a spider yields beside requests: documents, documents that are held already, and named problems."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kobunko.crawlers.watch import Sighting
from kobunko.document import document
from kobunko.records import Document, Part, from_row, to_row


@dataclass(frozen=True, slots=True)
class Found:
    """A work in one version, with its parts in order. The recorder makes the `Document` of it."""

    source_key: str
    version: str
    url: str
    title: str
    parts: tuple[Part, ...]
    published: str | None = None
    linked_from: str = ""
    anchor_text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def document(self, source: str) -> Document:
        return document(
            source,
            self.source_key,
            self.version,
            self.parts,
            url=self.url,
            title=self.title,
            published=self.published,
            linked_from=self.linked_from,
            anchor_text=self.anchor_text,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A version that a list names and the catalogue has: it is not asked for again."""

    source_key: str
    version: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A work that a list still names, whether or not it can be had today."""

    source_key: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong on a page that gave results all the same, e.g. a row that could not be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something left out on purpose; counted by its reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The source itself says that it does not publish this work any more."""

    source_key: str
    reason: str  # withdrawn | undisclosed
    url: str


@dataclass(frozen=True, slots=True)
class Listed:
    """How many entries a list had. One that had some before and has none now is an alarm."""

    entries: int


Item = Found | Held | Shown | Problem | Skipped | Gone | Listed | Sighting


def part_to_json(part: Part) -> dict[str, Any]:
    """A part in the form in which it travels in the frontier."""
    return to_row(part) | {"fetched_at": part.fetched_at.isoformat() if part.fetched_at else None}


def part_from_json(row: Mapping[str, Any]) -> Part:
    moment = row["fetched_at"]
    return from_row(Part, dict(row) | {"fetched_at": datetime.fromisoformat(moment) if moment else None})
