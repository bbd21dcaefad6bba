"""A Hub on loopback, and small releases to publish to it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli" / "support"))
sys.path.insert(0, str(Path(__file__).parent / "support"))

from conftest_hub import make_release
from hubserver import TOKEN, Hub, serving


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_TELEMETRY", True)


@pytest.fixture(params=["lfs", "multipart", "xet"])
def hub(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub in each way that large files can travel."""
    yield from _hub(request.param, tmp_path, monkeypatch)


@pytest.fixture
def lfs_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    yield from _hub("lfs", tmp_path, monkeypatch)


@pytest.fixture
def multipart_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    yield from _hub("multipart", tmp_path, monkeypatch)


@pytest.fixture
def xet_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    yield from _hub("xet", tmp_path, monkeypatch)


def _hub(mode: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", mode != "xet")
    with serving(folder / "hub", part_size=1000 if mode == "multipart" else 0, xet=mode == "xet") as made:
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return make_release(tmp_path / "releases" / "2026.11.1")
