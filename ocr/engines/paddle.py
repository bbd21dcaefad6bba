"""PaddleOCR's own predictors for orientation, detection and recognition, fed with batches from many pages.

`paddleocr.PaddleOCR` itself takes one page after the other and starves a GPU; these are the three models inside it,
with its own pre- and post-processing, so the same lines come out.
"""

import importlib.metadata
import logging
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from kobunko.ocr.engines import Image, Quad
from kobunko.ocr.models import folders
from kobunko.settings import OcrSettings

LONGEST_SIDE = 2000  # pixels at which lines are looked for: bounds memory
HEIGHT = 48  # pixels of a line for the recogniser
BUCKET = 160  # pixels: widths of batches are multiples of it on a GPU, which plans its kernels anew for each shape
PADDING = 127  # grey that the recogniser's normalisation takes to zero
ON_GPU = ("onnxruntime-gpu", "paddle-gpu", "torch")


class PaddleEngine:
    """The runtimes: onnxruntime on CPU, onnxruntime-gpu, Paddle's own (paddle, paddle-gpu), torch."""

    def __init__(self, settings: OcrSettings, models: Path) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        if os.access(models.parent, os.W_OK):  # PaddleX insists on a cache folder; a service may have no home
            os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(models.parent / "paddlex"))
        from paddleocr import DocImgOrientationClassification, TextDetection, TextRecognition
        from paddlex.inference.pipelines.components import CropByPolys

        for name in ("paddlex", "paddleocr"):  # after the import, which sets them to INFO
            logging.getLogger(name).setLevel(logging.ERROR)
        self._runtime = settings.engine
        self._batch = settings.batch
        self.name = f"paddleocr {importlib.metadata.version('paddleocr')} {settings.engine}"
        where = folders(settings, models)
        options = {name: _runtime(settings) | {"model_name": at.model, "model_dir": str(at.folder)} for name, at in where.items()}
        self._orientation: Any = DocImgOrientationClassification(**options["orientation"])
        self._detector: Any = TextDetection(limit_type="max", limit_side_len=LONGEST_SIDE, **options["detector"])
        self._recogniser: Any = TextRecognition(**options["recogniser"])
        self._crop: Any = CropByPolys(det_box_type="quad")
        if settings.engine == "torch":
            from kobunko.ocr.engines.torch_graph import run_on_torch

            for predictor, at in ((self._orientation, "orientation"), (self._detector, "detector"), (self._recogniser, "recogniser")):
                predictor.paddlex_predictor.runner = run_on_torch(where[at].folder / "inference.onnx", settings.device)

    def orientations(self, images: Sequence[Image]) -> list[tuple[int, float]]:
        found = self._orientation.predict([_bgr(image) for image in images], batch_size=self._pages_at_once)
        return [(int(item["label_names"][0]), float(item["scores"][0])) for item in found]

    def detect(self, images: Sequence[Image]) -> list[list[Quad]]:
        """Pages of one size go through the network together."""
        found: list[list[Quad]] = [[] for _ in images]
        order = sorted(range(len(images)), key=lambda number: images[number].shape)
        for _, group in groupby(order, key=lambda number: images[number].shape):
            numbers = list(group)
            results = self._detector.predict([_bgr(images[n]) for n in numbers], batch_size=self._pages_at_once)
            for number, result in zip(numbers, results, strict=True):
                found[number] = [np.asarray(quad, dtype=np.float32) for quad in result["dt_polys"]]
        return found
