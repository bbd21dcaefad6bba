"""PaddleOCR's own predictors for orientation, detection and recognition, fed with batches from many pages.

`paddleocr.PaddleOCR` itself takes one page after the other and starves a GPU; these are the three models inside it,
with its own pre- and post-processing, so the same lines come out.
"""

import importlib.metadata
import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kobunko.ocr.engines import Image, Quad
from kobunko.ocr.memory import OneRegion
from kobunko.ocr.models import ModelFolder, folders
from kobunko.settings import OcrSettings

LONGEST_SIDE = 2000  # pixels at which lines are looked for: bounds memory
HEIGHT = 48  # pixels of a line for the recogniser
BUCKET = 32  # pixels: lines are padded to multiples of it; a GPU plans its kernels anew for each width
NARROWEST = 64  # pixels; PaddleX pads to 320, which costs four times as much for the cells of a table
WIDEST = 3200  # pixels: PaddleX squeezes what is wider
TOGETHER = 640  # pixels of lines in one batch on a CPU: more of them leave its cache
PADDING = 127  # grey that the recogniser's normalisation takes to zero


class PaddleEngine:
    """Runs on onnxruntime (CPU or CUDA), Paddle's own engine, or torch, as the settings say."""

    def __init__(self, settings: OcrSettings, models: Path) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        if os.access(models.parent, os.W_OK):  # PaddleX insists on a cache folder; a service may have no home
            os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(models.parent / "paddlex"))
        with any_opencv():
            from paddleocr import DocImgOrientationClassification, TextDetection, TextRecognition
            from paddlex.inference.pipelines.components import CropByPolys

        for name in ("paddlex", "paddleocr"):  # after the import, which sets them to INFO
            logging.getLogger(name).setLevel(logging.ERROR)
        self._settings = settings
        self.name = f"paddleocr {importlib.metadata.version('paddleocr')} {settings.engine}"
        where = folders(settings, models)
        runtime = _runtime(settings)
        self._orientation: Any = _on(settings, where["orientation"], DocImgOrientationClassification, **runtime)
        self._detector: Any = _on(settings, where["detector"], TextDetection, **runtime).paddlex_predictor
        every_grey = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(256, 1, 3)
        (self._normalised,) = self._detector.pre_tfs["Normalize"](imgs=[every_grey])
        self._recogniser: Any = _on(settings, where["recogniser"], TextRecognition, **runtime)
        self._recogniser.paddlex_predictor.pre_tfs["ReisizeNorm"].rec_image_shape = [3, HEIGHT, NARROWEST]
        self._crops: Any = CropByPolys(det_box_type="quad")

    def orientations(self, images: Sequence[Image]) -> list[tuple[int, float]]:
        found = self._orientation.predict([_bgr(image) for image in images], batch_size=self._settings.pages)
        return [(int(item["label_names"][0]), float(item["scores"][0])) for item in found]

    def detect(self, images: Sequence[Image]) -> list[list[Quad]]:
        """Pages of one size go through the network together."""
        found: list[list[Quad]] = [[] for _ in images]
        order = sorted(range(len(images)), key=lambda number: images[number].shape)
        for _, group in groupby(order, key=lambda number: images[number].shape):
            for numbers in _batches(list(group), self._settings.pages):
                for number, quads in zip(numbers, self._detected([images[n] for n in numbers]), strict=True):
                    found[number] = quads
        return found

    def _detected(self, images: Sequence[Image]) -> list[list[Quad]]:
        """PaddleX's steps, but from pixels to what the network takes without three copies of a page in floats."""
        model = self._detector
        resized, shapes = model.pre_tfs["Resize"](imgs=images, limit_side_len=LONGEST_SIDE, limit_type="max")
        layers = np.empty((len(images), 3, *resized[0].shape[:2]), np.float32)
        for page, pixels in zip(layers, resized, strict=True):
            for channel in range(3):
                self._normalised[:, 0, channel].take(pixels[:, :, channel], out=page[channel], mode="clip")
        quads, _ = model.post_op(model.runner([layers]), shapes)
        return [[np.asarray(quad, dtype=np.float32) for quad in of_page] for of_page in quads]

    def cut(self, image: Image, quads: Sequence[Quad]) -> list[Image]:
        """Vertical lines are laid on their side, as the recogniser was trained with them."""
        return list(self._crops(image, quads)) if len(quads) else []

    def recognise(self, crops: Sequence[Image]) -> list[tuple[str, float]]:
        """Lines that are padded to the same width go through the network together.

        What a line is read as hangs on its padding, so it must not hang on which lines it travels with.
        """
        found: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        lines = [_padded(_bgr(crop)) for crop in crops]
        order = sorted(range(len(lines)), key=lambda number: lines[number].shape[1])
        for width, group in groupby(order, key=lambda number: lines[number].shape[1]):
            numbers = list(group)
            results = self._recogniser.predict([lines[n] for n in numbers], batch_size=self._batch(width))
            for number, result in zip(numbers, results, strict=True):
                found[number] = (result["rec_text"], float(result["rec_score"]))
        return found

    def _batch(self, width: int) -> int:
        """How many lines of a width go through the network together."""
        return self._settings.lines if self._settings.on_gpu else min(self._settings.lines, max(1, TOGETHER // width))


@contextmanager
def any_opencv() -> Iterator[None]:
    """PaddleX, when it is imported, asks for one wheel of OpenCV by name; here any that brings `cv2` will do."""
    version = importlib.metadata.version

    def known(name: str) -> str:
        return cv2.__version__ if name == "opencv-contrib-python" else version(name)

    importlib.metadata.version = known  # type: ignore[assignment]
    try:
        yield
    finally:
        importlib.metadata.version = version


def _on(settings: OcrSettings, at: ModelFolder, predictor: Any, **options: Any) -> Any:
    found = predictor(model_name=at.model, model_dir=str(at.folder), **options)
    if settings.engine == "torch":
        put_on(found.paddlex_predictor, at, settings.device)
    elif settings.engine == "onnxruntime" and not settings.on_gpu:
        found.paddlex_predictor.runner = OneRegion(at.folder / "inference.onnx", _threads())
    return found


def put_on(predictor: Any, at: ModelFolder, device: str) -> None:
    """Has one of PaddleX's predictors compute with torch."""
    from kobunko.ocr.engines.torch_graph import TorchGraph

    predictor.runner = TorchGraph(at.folder / "inference.onnx", device)


def _runtime(settings: OcrSettings) -> dict[str, Any]:
    """How PaddleX names a runtime and configures it."""
    if settings.engine == "paddle":
        return {"device": settings.device, "engine": "paddle"}
    if settings.engine == "onnxruntime" and settings.on_gpu:
        # The default search for convolution algorithms tries all of them for every new shape.
        cuda = {"device_id": int(settings.device.partition(":")[2] or 0), "cudnn_conv_algo_search": "HEURISTIC"}
        providers = {"providers": ["CUDAExecutionProvider", "CPUExecutionProvider"], "provider_options": [cuda, {}]}
        return {"device": settings.device, "engine": "onnxruntime", "engine_config": providers}
    return {"device": "cpu", "engine": "onnxruntime", "engine_config": {"intra_op_num_threads": _threads()}}


def _threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def _batches(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _padded(crop: Image) -> Image:
    """A line as high as the recogniser wants it, padded to the next width that lines come in."""
    height, width = crop.shape[:2]
    wide = min(WIDEST, max(1, math.ceil(HEIGHT * width / height)))
    line = cv2.resize(crop, (wide, HEIGHT))
    padding = max(NARROWEST - wide, -wide % BUCKET)
    return np.pad(line, ((0, 0), (0, padding), (0, 0)), constant_values=PADDING)


def _bgr(image: Image) -> Image:
    """PaddleX takes arrays in OpenCV's channel order."""
    return np.ascontiguousarray(image[:, :, ::-1])
