"""The stage `ocr`: reads the pages that the extraction marked, from their images."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kobunko.ocr.models import identity
from kobunko.ocr.records import OcrInput, OcrPages
from kobunko.settings import OcrSettings, load_settings
from kobunko.stage import Resources, Stage


class Ocr:
    """The record function, and the same for many documents at once: their pages share the recogniser's batches."""

    def __init__(self, models: Mapping[str, str]) -> None:
        from kobunko.ocr.read import PageReader  # brings the recogniser along, which only workers need

        settings = load_settings()
        self._reader = PageReader(settings.ocr, settings.home)
        names = "+".join(f"{task}:{name}" for task, name in sorted(models.items()))
        self._engine = f"paddleocr {importlib.metadata.version('paddleocr')} {names}"

    def __call__(self, document: OcrInput) -> OcrPages:
        return self.many([document])[0]

    def many(self, documents: Sequence[OcrInput]) -> list[OcrPages]:
        marked = [[page for page in document.pages if page.method == "ocr"] for document in documents]
        asked = [
            (document.blobs[page.part], page)
            for document, pages in zip(documents, marked, strict=True)
            for page in pages
        ]
        found = iter(self._reader.read(asked))
        return [self._result([next(found) for _ in pages]) for pages in marked]

    def _result(self, read: Sequence[tuple[Any, Any]]) -> OcrPages:
        tables = [table for _, text in read for table in text.tables]
        notes = {page.number: text.notes for page, text in read if text.notes}
        structure = {"kind": "page", "tables": tables} if tables else {}
        return OcrPages([page for page, _ in read], self._engine, _json(structure), _json(notes))


def make(models: Mapping[str, str]) -> Callable[[OcrInput], OcrPages]:
    return Ocr(models)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def ocr_stage(after: tuple[Stage[Any, Any], ...], settings: OcrSettings | None = None) -> Stage[OcrInput, OcrPages]:
    settings = settings or OcrSettings()
    return Stage(
        name="ocr",
        version=5,
        make=make,
        reads=OcrInput,
        writes=OcrPages,
        params={"models": identity(settings)},
        resources=Resources(
            memory_mb=6144, wall_s=180, unit="extract.ocr_pages", wall_s_per_unit=120, tasks_per_worker=50
        ),
        after=after,
        where="extract.ocr_pages",
        batch=settings.pages,
    )
