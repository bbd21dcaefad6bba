"""The recogniser: real PaddleOCR on onnxruntime, set up so that no network is ever asked.

One engine per process: a shared one can corrupt results. Images are RGB, uint8, height × width × 3.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kobunko.ocr.models import DETECTOR, ORIENTATION, RECOGNISER

Image = NDArray[np.uint8]

LONGEST_SIDE = 2000  # pixels: bounds memory at about 1 GB
SURE = 0.90  # an orientation that is at least so certain is believed
UPRIGHT = 0.80  # mean score from which a reading is taken as upright without trying others


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as found: `box` is left, top, right, bottom in pixels of the upright image."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of one page image, in no particular order, and the upright image's size."""

    lines: list[Line]
    width: int
    height: int
    rotation: int  # degrees counter-clockwise that the image was turned by

    @property
    def confidence(self) -> float:
        """Mean score of the recogniser by characters; 0 where nothing was found."""
        characters = sum(len(line.text) for line in self.lines)
        return sum(line.confidence * len(line.text) for line in self.lines) / characters if characters else 0.0


class Engine:
    """Reads page images. Loading takes seconds and some hundred MB: make it once per worker."""

    def __init__(self, models: Path) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        from paddleocr import DocImgOrientationClassification, PaddleOCR

        for name in ("paddlex", "paddleocr"):  # after the import, which sets them to INFO
            logging.getLogger(name).setLevel(logging.ERROR)

        runtime = {
            "device": "cpu",
            "engine": "onnxruntime",
            "engine_config": {
                "intra_op_num_threads": int(os.environ.get("OMP_NUM_THREADS", "1")),
                "enable_cpu_mem_arena": False,
                "enable_mem_pattern": False,
            },
        }
        self._ocr: Any = PaddleOCR(
            text_detection_model_name=DETECTOR,
            text_detection_model_dir=str(models / DETECTOR),
            text_recognition_model_name=RECOGNISER,
            text_recognition_model_dir=str(models / RECOGNISER),
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            text_det_limit_type="max",
            text_det_limit_side_len=LONGEST_SIDE,
            text_recognition_batch_size=4,
            **runtime,
        )
        self._orientation: Any = DocImgOrientationClassification(
            model_name=ORIENTATION, model_dir=str(models / ORIENTATION), **runtime
        )

    def read(self, image: Image) -> Reading:
        """Finds the page's orientation and reads it upright.

        The classifier is right when it is sure. Where it is not, the upright reading is taken if its scores are good,
        else the better of upright and the classifier's proposal.
        """
        angle, certainty = self._angle(image)
        if certainty >= SURE:
            return self._read(image, angle)
        upright = self._read(image, 0)
        if angle == 0 or upright.confidence >= UPRIGHT:
            return upright
        turned = self._read(image, angle)
        return turned if turned.confidence > upright.confidence else upright

    def _angle(self, image: Image) -> tuple[int, float]:
        (found,) = self._orientation.predict(_bgr(image))
        return int(found["label_names"][0]), float(found["scores"][0])

    def _read(self, image: Image, angle: int) -> Reading:
        upright = np.ascontiguousarray(np.rot90(image, angle // 90))
        (found,) = self._ocr.predict(_bgr(upright))
        lines = [
            Line(text, float(score), tuple(float(value) for value in box))  # type: ignore[arg-type]
            for text, score, box in zip(found["rec_texts"], found["rec_scores"], found["rec_boxes"], strict=True)
            if text.strip()
        ]
        height, width = upright.shape[:2]
        return Reading(lines, width, height, angle)


def _bgr(image: Image) -> Image:
    """PaddleX takes arrays in OpenCV's channel order."""
    return np.ascontiguousarray(image[:, :, ::-1])
