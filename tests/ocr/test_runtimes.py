"""On which machines and runtimes the models run: another wheel of OpenCV, and torch in place of onnxruntime."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kobunko.ocr.building import build_models
from kobunko.ocr.models import DETECTOR, JAPANESE, ORIENTATION

ANOTHER_OPENCV = """
import importlib.metadata as metadata
version = metadata.version
def without(name):
    if name == "opencv-contrib-python":
        raise metadata.PackageNotFoundError(name)
    return version(name)
metadata.version = without
import sys
from pathlib import Path
import numpy as np
from kobunko.ocr.engines import load
from kobunko.settings import OcrSettings
engine = load(OcrSettings(), Path(sys.argv[1]))
print(len(engine.detect([np.full((320, 320, 3), 255, np.uint8)])[0]), metadata.version is without)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_models(tmp_path_factory.mktemp("models"))


def test_any_wheel_of_opencv_will_do(models: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ANOTHER_OPENCV, str(models)], capture_output=True, text=True)
    assert done.stdout.split() == ["0", "True"], done.stderr


@pytest.mark.parametrize(
    ("model", "shape"), [(DETECTOR, (2, 3, 128, 96)), (JAPANESE, (3, 3, 48, 160)), (ORIENTATION, (2, 3, 224, 224))]
)
def test_torch_computes_what_onnxruntime_computes(models: Path, model: str, shape: tuple[int, ...]) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    import onnxruntime

    from kobunko.ocr.engines.torch_graph import TorchGraph

    path = models / model / "inference.onnx"
    image = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {session.get_inputs()[0].name: image})
    (found,) = TorchGraph(path, "cpu")([image])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
