"""What the OCR stage reads and writes."""

from dataclasses import dataclass

from kobunko.records import Blob, Page, column


@dataclass(frozen=True, slots=True)
class OcrInput:
    blobs: list[Blob]
    pages: list[Page] = column("extract.pages")
    ocr_pages: int = column("extract.ocr_pages")


@dataclass(frozen=True, slots=True)
class OcrPages:
    """The pages that had to be read from their image, and only those, under the numbers that they had.

    `structure` is a JSON object like `extract.structure`: `{"kind": "page", "tables": [{page, box, cells, merged}]}`.
    `notes` is a JSON object by page number: size (pixels), rotation and skew (degrees), flags (curled, low-contrast,
    handwritten, seal), repairs ({place, rule, was, now}, places in characters of the page's text).
    """

    pages: list[Page]
    engine: str  # which recogniser on which models
    structure: str
    notes: str
