"""The seam between page images and text: what a recogniser must be able to do, and where one is found by its name.

PaddleOCR stands behind it by default. Another recogniser is a factory `module:function` that takes the folder of
models and returns an object with these methods; nothing else in Kobunko has to know it.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kobunko.errors import UsageError
from kobunko.settings import OcrSettings

Image = NDArray[np.uint8]  # RGB, height × width × 3
Quad = NDArray[np.float32]  # 4 × 2: corners in pixels, clockwise from the top left of the text


class Engine(Protocol):
    """A recogniser. All methods take many images at once and answer in their order."""

    name: str  # which recogniser at which version, on which runtime

    def orientations(self, images: Sequence[Image]) -> list[tuple[int, float]]:
        """Degrees (0, 90, 180, 270) to turn each page counter-clockwise by, and how sure that is (0–1)."""
        ...

    def detect(self, images: Sequence[Image]) -> list[list[Quad]]:
        """Where the lines of text are on each page."""
        ...

    def cut(self, image: Image, quads: Sequence[Quad]) -> list[Image]:
        """The images of lines of one page, each so that `recognise` takes it."""
        ...

    def recognise(self, crops: Sequence[Image]) -> list[tuple[str, float]]:
        """Text and score (0–1) of each line's image."""
        ...


def load(settings: OcrSettings, models: Path) -> Engine:
    """The engine that the settings name. Loading takes seconds and some hundred MB: once per process."""
    module, _, factory = settings.engine.partition(":")
    if not factory:
        from kobunko.ocr.engines.paddle import PaddleEngine

        return PaddleEngine(settings, models)
    try:
        make: Callable[..., Any] = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"no OCR engine {settings.engine!r} ({error}): use onnxruntime, paddle, torch or module:function."
        ) from error
    engine: Engine = make(models)
    return engine
