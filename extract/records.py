"""What extraction reads and writes."""

from dataclasses import dataclass

from kobunko.records import Blob, Page


@dataclass(frozen=True, slots=True)
class ExtractInput:
    """A document with the bytes of its parts."""

    source: str
    source_key: str
    title: str
    url: str
    anchor_text: str
    blobs: list[Blob]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What is in the document: its pages in reading order, numbered 1..n over all of its parts.

    `ocr_pages` counts the pages that must be read from their image. `metadata` is a JSON object with what the
    document says about itself and how it was read (encoding, producer, unknown elements, members of an archive).
    `structure` is a JSON object with what the text is made of: `kind`, and by kind an article tree, sections, facts,
    questions; `tables` with page, box and cells. `published` is the ISO day that it states, see `extract.days`.
    """

    title: str
    format: str
    pages: list[Page]
    ocr_pages: int
    metadata: str
    structure: str
    published: str | None = None
