"""The stage `ocr`: reads the pages that the extraction marked, from their images."""

import dataclasses
import importlib.metadata
from collections.abc import Callable
from functools import cache
from typing import Any

from kobunko.ocr.engine import Engine
from kobunko.ocr.models import MODEL_SET, build_models, models_folder
from kobunko.ocr.order import read_in_order
from kobunko.ocr.records import OcrInput, OcrPages
from kobunko.ocr.render import Pixels, is_blank, page_image
from kobunko.records import Page
from kobunko.stage import Resources, Stage


@cache
def _engine() -> Engine:
    """One per process, made when the first page is not blank."""
    return Engine(build_models(models_folder()))


def read_page(page: Page, image: Pixels) -> Page:
    """The page with what its image says; `none` where there is no ink on it."""
    if is_blank(image):
        return dataclasses.replace(page, text="", method="none", reason="blank", confidence=None, writing="none")
    reading = _engine().read(image)
    ordered = read_in_order(reading.lines, reading.width, reading.height)
    return dataclasses.replace(
        page, text=ordered.text, confidence=round(reading.confidence, 4), writing=ordered.writing
    )


def make(models: str) -> Callable[[OcrInput], OcrPages]:
    engine = f"paddleocr {importlib.metadata.version('paddleocr')} {models}"

    def ocr(document: OcrInput) -> OcrPages:
        marked = [page for page in document.pages if page.method == "ocr"]
        return OcrPages(
            [read_page(page, page_image(document.blobs[page.part], page.part_page)) for page in marked], engine
        )

    return ocr


def ocr_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[OcrInput, OcrPages]:
    return Stage(
        name="ocr",
        version=1,
        make=make,
        reads=OcrInput,
        writes=OcrPages,
        params={"models": MODEL_SET},
        resources=Resources(
            memory_mb=6144, wall_s=180, unit="extract.ocr_pages", wall_s_per_unit=120, documents_per_worker=50
        ),
        after=after,
        where="extract.ocr_pages",
    )
