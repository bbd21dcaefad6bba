"""The recogniser: real PaddleOCR on onnxruntime, set up so that no network is ever asked.

One engine per process: a shared one can corrupt results. Images are RGB, uint8, height × width × 3.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kobunko.ocr.cells import find_cells
from kobunko.ocr.lines import Box, Line, characters, confidence, thickness, vertical_share
from kobunko.ocr.models import DETECTOR, ORIENTATION, RECOGNISER
from kobunko.ocr.paper import Image, is_flat, like_scanned

LONGEST_SIDE = 2000  # pixels: bounds memory at about 1 GB
SURE = 0.90  # an orientation that is at least so certain is believed
UPRIGHT = 0.80  # mean score from which a reading is taken as upright without trying others
LESS_SURE = 0.03  # by which a reading that found more may be less confident and still be the better one


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of one page image and the cells of its tables, in no particular order, and the upright image's size."""

    lines: list[Line]
    cells: list[Box]
    width: int
    height: int
    rotation: int  # degrees counter-clockwise that the image was turned by

    @property
    def confidence(self) -> float:
        """Mean score of the recogniser by characters; 0 where nothing was found."""
        return confidence(self.lines)


class Engine:
    """Reads page images. Loading takes seconds and some hundred MB: make it once per worker."""

    def __init__(self, models: Path) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        if os.access(models.parent, os.W_OK):  # PaddleX insists on a cache folder; a service may have no home
            os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(models.parent / "paddlex"))
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
        """Finds the page's orientation and reads it upright; a clean page with vertical lines is looked at twice.

        A page that lies on its side may be vertical Japanese beside lying English, which is turned for the English.
        """
        angle, lines = self._upright(image)
        upright = _turned(image, angle)
        if lines and is_flat(upright) and (vertical_share(lines) > 0.5 or angle % 180):
            lines = _fuller(lines, self._lines(*like_scanned(upright, thickness(lines))))
        height, width = upright.shape[:2]
        return Reading(lines, find_cells(upright), width, height, angle)

    def _upright(self, image: Image) -> tuple[int, list[Line]]:
        """The angle to turn the page by, and its lines when turned.

        The classifier is right when it is sure. Where it is not, the upright reading is taken if its scores are good,
        else the better of upright and the classifier's proposal.
        """
        (found,) = self._orientation.predict(_bgr(image))
        angle, certainty = int(found["label_names"][0]), float(found["scores"][0])
        if certainty >= SURE:
            return angle, self._lines(_turned(image, angle))
        as_it_is = self._lines(image)
        if angle == 0 or confidence(as_it_is) >= UPRIGHT:
            return 0, as_it_is
        turned = self._lines(_turned(image, angle))
        return (angle, turned) if confidence(turned) > confidence(as_it_is) else (0, as_it_is)

    def _lines(self, image: Image, scale: float = 1.0) -> list[Line]:
        """Lines of an upright image, their boxes divided by the scale at which it is given."""
        (found,) = self._ocr.predict(_bgr(image))
        lines = zip(found["rec_texts"], found["rec_scores"], found["rec_boxes"], strict=True)
        return [Line(text, float(score), _box(box, scale)) for text, score, box in lines if text.strip()]


def _fuller(one: list[Line], two: list[Line]) -> list[Line]:
    """The reading that found more characters, unless it is much less sure of them."""
    much_less = confidence(two) < confidence(one) - LESS_SURE
    return one if much_less or characters(two) < characters(one) else two


def _box(box: Any, scale: float) -> Box:
    left, top, right, bottom = (float(value) / scale for value in box)
    return left, top, right, bottom


def _turned(image: Image, angle: int) -> Image:
    """The image turned counter-clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(image, angle // 90))


def _bgr(image: Image) -> Image:
    """PaddleX takes arrays in OpenCV's channel order."""
    return np.ascontiguousarray(image[:, :, ::-1])
