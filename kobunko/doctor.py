"""`kobunko doctor`: is this machine fit, and with what would it run? Every failed check names its remedy."""

import importlib.metadata
import shutil
import sys
from dataclasses import dataclass
from typing import Any

from kobunko.home import Home

PACKAGES = (
    "pyarrow", "sqlalchemy", "warcio", "scrapy", "beautifulsoup4", "pymupdf", "pdfplumber", "lxml", "trafilatura",
    "paddleocr", "onnxruntime", "datasketch", "fugashi", "unidic-lite", "huggingface-hub", "cuda-python",
)  # fmt: skip
OPTIONAL = {"cuda-python": "pip install 'kobunko[gpu]'"}
FREE_BYTES = 5 << 30


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks(home: Home) -> list[Check]:
    return [
        Check("python", sys.version_info >= (3, 11), sys.version.split()[0], "use Python 3.11 or newer"),
        *map(_package, PACKAGES),
        *_catalogue(home),
        _disk(home),
        *_gpus(),
    ]


def _package(name: str) -> Check:
    try:
        return Check(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, name in OPTIONAL, "not installed", OPTIONAL.get(name, "run `make install`"))


def _catalogue(home: Home) -> list[Check]:
    counts = home.catalogue.counts()
    seeds = home.seeds
    enabled = sum(seed.enabled for seed in seeds.values())
    return [
        Check("catalogue", True, f"{counts['documents']} documents, {counts['captures']} captures"),
        Check("seeds", bool(seeds), f"{len(seeds)} sources, {enabled} enabled", "set `seeds` in kobunko.toml"),
    ]


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    return Check(
        "disk", free > FREE_BYTES, f"{free >> 30} GiB free at {home.path}", "free some space, or move the home"
    )


def _gpus() -> list[Check]:
    """CUDA devices as cuda-python sees them; having none is not a fault."""
    try:
        from cuda.core import Device, system
    except ImportError:
        return [Check("gpu", True, "cuda-python is not installed: everything runs on the CPU")]
    try:
        devices: list[Any] = [Device(number) for number in range(system.get_num_devices())]
    except Exception as error:  # the driver library is absent, or refuses: cuda-python raises bare errors
        return [Check("gpu", True, f"none ({type(error).__name__}): everything runs on the CPU")]
    if not devices:
        return [Check("gpu", True, "none: everything runs on the CPU")]
    return [Check(f"gpu {number}", True, str(device.name)) for number, device in enumerate(devices)]
