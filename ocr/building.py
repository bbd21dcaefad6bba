"""Makes PaddleOCR's model folders from the weights of installed wheels, on first use.

PaddleX wants a folder with `inference.onnx` and `inference.yml` for each model; the character dictionary, which
rapidocr keeps in the recogniser's metadata, goes into the yml. Beside the whole recogniser stands one that is cut to
the characters of Japanese: of its 18,708 characters the 8,000 that plane 1 of JIS X 0213 or cp932 has, by slicing the
last layer and the dictionary alike, without training. Chinese simplified forms then cannot be read on Japanese pages,
and there is less to compute. Plane 2 (rare kanji) is left out: on measured pages it only made errors.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import numpy_helper

from kobunko import durable
from kobunko.ocr.models import DETECTOR, JAPANESE, MODEL_SET, RECOGNISER, WEIGHTS, find_weights, models_folder
from kobunko.ocr.slimming import slim

_SCALE = "1./255."
_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def build_models(folder: Path) -> Path:
    """The folder that holds one model folder per name, made on first use; several processes may call it at once."""
    final = folder / MODEL_SET
    if final.is_dir():
        return final
    durable.make_folder(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f"{MODEL_SET}.", suffix=durable.TEMPORARY, dir=folder))
    try:
        for name, weights in WEIGHTS.items():
            model = onnx.load(find_weights(weights))
            if name == DETECTOR:
                slim(model)
            _write_model(temporary / name, name, model)
        _write_model(temporary / JAPANESE, RECOGNISER, onnx.load(find_weights(WEIGHTS[RECOGNISER])), japanese=True)
        temporary.rename(final)
    except OSError:
        if not final.is_dir():  # else another process was faster, and its folder is as good
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def _write_model(folder: Path, name: str, model: onnx.ModelProto, *, japanese: bool = False) -> None:
    folder.mkdir()
    characters = cut_to_japanese(model) if japanese else dictionary(model)
    durable.write_bytes(folder / "inference.onnx", model.SerializeToString())
    text = yaml.safe_dump(_description(name, characters), allow_unicode=True, sort_keys=False)
    durable.write_bytes(folder / "inference.yml", text.encode())


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


if __name__ == "__main__":  # for an installation whose file system cannot be written to later
    build_models(models_folder())
