"""`kobunko doctor`: is this machine fit, and with what would it run? Every failed check names its remedy."""

import ctypes
import getpass
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kobunko.errors import KobunkoError
from kobunko.home import Home, open_home
from kobunko.settings import Settings

PACKAGES = (
    "pyarrow", "sqlalchemy", "warcio", "scrapy", "beautifulsoup4", "pymupdf", "pdfplumber", "lxml", "trafilatura",
    "paddleocr", "onnxruntime", "datasketch", "fugashi", "unidic-lite", "huggingface-hub", "ja-ginza", "psycopg",
    "s3fs", "ray", "cuda-python",
)  # fmt: skip
OPTIONAL = ("psycopg", "s3fs", "ray", "cuda-python")
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks(settings: Settings) -> list[Check]:
    """What is wrong with a home is a check that failed, and hides nothing of the rest."""
    return [
        Check("python", sys.version_info >= (3, 11), sys.version.split()[0], "use Python 3.11 or newer"),
        *map(_package, PACKAGES),
        *_of_home(settings),
        *_gpus(),
    ]


def _of_home(settings: Settings) -> Iterator[Check]:
    try:
        with open_home(settings) as home:
            yield _catalogue(home)
            yield _seeds(home)
            yield _permissions(home)
            yield _disk(home)
            yield _clock(home)
    except (KobunkoError, OSError) as error:
        yield Check("home", False, str(error), f"a home that {getpass.getuser()} may write to, and its catalogue")


def _package(name: str) -> Check:
    try:
        return Check(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, name in OPTIONAL, "not installed", "run `make install`")


def _catalogue(home: Home) -> Check:
    counts = home.catalogue.counts()
    return Check("catalogue", True, f"{counts['documents']} documents, {counts['captures']} captures")


def _seeds(home: Home) -> Check:
    remedy = "set `seeds` in kobunko.toml"
    try:
        seeds = home.seeds
    except KobunkoError as error:
        return Check("seeds", False, str(error), remedy)
    enabled = sum(seed.enabled for seed in seeds.values())
    return Check("seeds", bool(seeds), f"{len(seeds)} sources, {enabled} enabled", remedy)


def _permissions(home: Home) -> Check:
    """A command that root ran once leaves folders that the nightly batch cannot write to."""
    folders = [home.path, *(path for path in [*home.path.glob("*"), *home.path.glob("*/*")] if path.is_dir())]
    closed = [str(path) for path in folders if not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    found = f"may not be written to: {', '.join(closed[:5])}" if closed else f"{len(folders)} folders can be written to"
    return Check("permissions", not closed, found, f"chown -R {getpass.getuser()} {home.path}")


def _clock(home: Home) -> Check:
    """Captures are dated by it, and what a night may ask depends on it: nothing here may be from the future."""
    now = datetime.now(UTC)
    newest = max((datetime.fromisoformat(str(run["started_at"])) for run in home.catalogue.runs(limit=1)), default=now)
    known = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))  # asks only: all modes are 0
    kept = "not kept by a time server, as far as the kernel knows" if known in (-1, _UNSYNCHRONISED) else "synchronised"
    told = f"{now.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M} in Tokyo, {kept}"
    behind = newest.replace(tzinfo=newest.tzinfo or UTC) > now + timedelta(minutes=1)
    told += f"; the last run began at {newest:%Y-%m-%d %H:%M} UTC" if behind else ""
    return Check("clock", not behind, told, "set the clock, e.g. timedatectl set-ntp true")


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    return Check(
        "disk",
        free >= home.settings.run.free_gb * 1e9,
        f"{free / 1e9:.1f} GB free at {home.path}",
        "free some space, or move the home",
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
