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
    """The pages that had to be read from their image, and only those, under the numbers that they had."""

    pages: list[Page]
    engine: str  # which recogniser, and at which version
