"""Reading the marked pages of documents: images, cache, recogniser, and the pages that come out."""

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

from kobunko.errors import Reject
from kobunko.ocr.building import build_models
from kobunko.ocr.cache import Cache, folder
from kobunko.ocr.engines import Image, load
from kobunko.ocr.models import identity, models_folder
from kobunko.ocr.page import PageText, compose
from kobunko.ocr.reader import Reader
from kobunko.ocr.reading import Reading
from kobunko.ocr.render import is_blank, page_image
from kobunko.records import Blob, Page
from kobunko.settings import OcrSettings

Asked = tuple[Blob, Page]


def load_reader(settings: OcrSettings) -> Reader:
    """A reader with the engine and the models that the settings name."""
    return Reader(load(settings, build_models(models_folder())), settings.pages, ahead=settings.on_gpu)


class PageReader:
    """Reads pages of any documents together. Models are loaded when the first page is neither kept nor blank."""

    def __init__(self, settings: OcrSettings, home: Path) -> None:
        self._settings = settings
        self._cache = Cache(folder(home), identity(settings)) if settings.cache else None

    @cached_property
    def _reader(self) -> Reader:
        return load_reader(self._settings)

    def read(self, asked: Sequence[Asked]) -> list[tuple[Page, PageText]]:
        """The pages in their order. One whose image cannot be had keeps its mark, so that it counts as unread."""
        found: dict[int, tuple[Page, PageText]] = {}
        unread = []
        for number, (blob, page) in enumerate(asked):
            kept = self._cache.get(blob.sha256, page.part_page) if self._cache and blob.sha256 else None
            if kept is None:
                unread.append(number)
            else:
                found[number] = _page(page, kept)
        under_way: deque[int] = deque()
        for reading in self._read(self._images(asked, unread, found, under_way)):
            number = under_way.popleft()
            blob, page = asked[number]
            if self._cache and blob.sha256:
                self._cache.put(blob.sha256, page.part_page, reading)
            found[number] = _page(page, reading)
        return [found[number] for number in range(len(asked))]

    def _read(self, images: Iterator[Image]) -> Iterator[Reading]:
        """Asks for a reader only when there is an image to read."""
        for first in images:
            yield from self._reader.read(chain([first], images))

    def _images(
        self,
        asked: Sequence[Asked],
        unread: Sequence[int],
        found: dict[int, tuple[Page, PageText]],
        under_way: deque[int],
    ) -> Iterator[Image]:
        """The images that have to be read; what needs no reading goes into `found` at once."""
        for number in unread:
            blob, page = asked[number]
            try:
                image = page_image(blob, page.part_page)
            except Reject as reject:
                found[number] = (dataclasses.replace(page, reason=reject.code), PageText())
                continue
            if is_blank(image):
                blank = dataclasses.replace(
                    page, text="", method="none", reason="blank", confidence=None, writing="none"
                )
                found[number] = (blank, PageText())
                continue
            under_way.append(number)
            yield image


def _page(page: Page, reading: Reading) -> tuple[Page, PageText]:
    text = compose(reading, page.number)
    sure = round(reading.confidence, 4) if reading.lines else None
    return dataclasses.replace(page, text=text.text, confidence=sure, writing=text.writing, lines=text.lines), text
