"""Publishes a release to a folder: `<to>/<version>/…` and `<to>/LATEST`, which names the newest whole release.

Readers follow LATEST. It is swapped in one step after everything else is in place and was read back, so a publication
that is cut off harms nobody and is finished by repeating it: what is there already is not sent again.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from fsspec.core import split_protocol, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from kobunko import durable
from kobunko.errors import Corrupt, UsageError
from kobunko.publish import checksums

LATEST = "LATEST"
_LAST = ("README.md", "manifest.parquet", "manifest.json")  # readers begin with these


@dataclass(frozen=True, slots=True)
class PublishResult:
    version: str
    location: str  # of the release at its destination
    copied: int  # files
    skipped: int  # files that were there already


def publish(release: Path, to: str) -> PublishResult:
    """Copies a finished release to a folder, given as a path or a file:// URL."""
    target = _folder(to)
    expected = checksums.read(release)
    version = str(json.loads((release / "manifest.json").read_bytes())["version"])
    final = target / version
    _refuse_other_content(final, release)
    copied = 0
    for name in sorted(expected, key=lambda name: (name in _LAST, name)):
        copied += _copy(release / name, final / name, expected[name])
    sums = release / checksums.NAME
    copied += _copy(sums, final / checksums.NAME, checksums.file_sha256(sums))
    if not (target / LATEST).is_file() or (target / LATEST).read_text() != f"{version}\n":
        durable.write_bytes(target / LATEST, f"{version}\n".encode())
    return PublishResult(version, str(final), copied, len(expected) + 1 - copied)


def _folder(to: str) -> Path:
    scheme, _ = split_protocol(to)
    if scheme not in (None, *LocalFileSystem.protocol):
        raise UsageError(f"cannot publish to {scheme}:// yet: give a folder, as a path or a file:// URL.")
    return Path(url_to_fs(to)[1])


def _refuse_other_content(final: Path, release: Path) -> None:
    """A published version never changes: SHA256SUMS arrives last, so where it is, the release is whole."""
    there = final / checksums.NAME
    if there.is_file() and there.read_bytes() != (release / checksums.NAME).read_bytes():
        raise UsageError(f"{final} is published with other content: publish this release under a new version.")


def _copy(source: Path, target: Path, sha256: str) -> bool:
    """Copies a file unless it is there with the same hash; what was written is read back before it gets its name."""
    if target.is_file() and checksums.file_sha256(target) == sha256:
        return False
    with durable.writing(target) as temporary:
        shutil.copyfile(source, temporary)
        if checksums.file_sha256(temporary) != sha256:
            raise Corrupt(f"{source} does not have its hash in {checksums.NAME}: run `kobunko release verify`.")
    return True
