"""The stage `ocr`: reads the pages that the extraction marked, from their images."""

import importlib.metadata
from collections.abc import Callable
from typing import Any

from kobunko.ocr.models import MODEL_SET
from kobunko.ocr.records import OcrInput, OcrPages
from kobunko.stage import Resources, Stage


def make(models: str) -> Callable[[OcrInput], OcrPages]:
    from kobunko.ocr.read import read  # brings the recogniser along, which only workers need

    name = f"paddleocr {importlib.metadata.version('paddleocr')} {models}"

    def ocr(document: OcrInput) -> OcrPages:
        marked = [page for page in document.pages if page.method == "ocr"]
        return OcrPages([read(document.blobs, page) for page in marked], name)

    return ocr


def ocr_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[OcrInput, OcrPages]:
    return Stage(
        name="ocr",
        version=2,
        make=make,
        reads=OcrInput,
        writes=OcrPages,
        params={"models": MODEL_SET},
        resources=Resources(
            memory_mb=6144, wall_s=180, unit="extract.ocr_pages", wall_s_per_unit=120, tasks_per_worker=50
        ),
        after=after,
        where="extract.ocr_pages",
    )
