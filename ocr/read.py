"""Reading one page: its image, the recogniser's lines, and their order."""

import dataclasses
from functools import cache

from kobunko.errors import Reject
from kobunko.ocr.engine import Engine
from kobunko.ocr.models import build_models, models_folder
from kobunko.ocr.order import read_in_order
from kobunko.ocr.render import Pixels, is_blank, page_image
from kobunko.records import Blob, Page


@cache
def engine() -> Engine:
    """One per process, made when the first page is not blank."""
    return Engine(build_models(models_folder()))


def read_page(page: Page, image: Pixels) -> Page:
    """The page with what its image says; `none` where there is no ink on it."""
    if is_blank(image):
        return dataclasses.replace(page, text="", method="none", reason="blank", confidence=None, writing="none")
    reading = engine().read(image)
    ordered = read_in_order(reading.lines, reading.width, reading.height, reading.cells)
    return dataclasses.replace(
        page, text=ordered.text, confidence=round(reading.confidence, 4), writing=ordered.writing
    )


def read(blobs: list[Blob], page: Page) -> Page:
    """A page whose image cannot be had keeps its mark, so that it is counted as unread, and says why."""
    try:
        image = page_image(blobs[page.part], page.part_page)
    except Reject as reject:
        return dataclasses.replace(page, reason=reject.code)
    return read_page(page, image)
