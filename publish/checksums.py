"""SHA256SUMS: the hash of every file of a release, in the format of `sha256sum --check`."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kobunko.errors import Corrupt, NotFound

NAME = "SHA256SUMS"


def file_sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def files_of(folder: Path) -> list[str]:
    """Names of all files of a release, SHA256SUMS left out, sorted."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != NAME)


def of(folder: Path) -> dict[str, str]:
    """Hash of every file of a release by name, SHA256SUMS left out; a few are read at a time."""
    names = files_of(folder)
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda name: file_sha256(folder / name), names), strict=True))


def render(folder: Path, known: Mapping[str, str] | None = None) -> bytes:
    """The content of SHA256SUMS; `known` are hashes that need not be computed again."""
    found = known or {}
    hashes = ((found.get(name) or file_sha256(folder / name), name) for name in files_of(folder))
    return "".join(f"{digest}  {name}\n" for digest, name in hashes).encode()


def parse(text: str) -> dict[str, str]:
    """Hash by file name; raises `ValueError` where a line is not one of SHA256SUMS."""
    lines = [line.split("  ", 1) for line in text.splitlines()]
    return {name: digest for digest, name in lines}


def read(folder: Path) -> dict[str, str]:
    """Hash by file name."""
    path = folder / NAME
    if not path.is_file():
        raise NotFound(f"{folder} is not a finished release (no {NAME}): build it first.")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Corrupt(f"{path} is damaged: build the release again.") from error
