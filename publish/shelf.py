"""Publishes a release to a folder or an S3 bucket: `<to>/<version>/…` and `<to>/LATEST`, which names the newest one.

Readers follow LATEST. It is swapped in one step after everything else is in place and was read back, so a publication
that is cut off harms nobody and is finished by repeating it: what is there already is not sent again. On S3 the swap
is conditional on the pointer that was read before (`If-Match`), so of two publishers none undoes the other unseen.
"""

import hashlib
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from kobunko import durable
from kobunko.depot import s3
from kobunko.errors import Corrupt, KobunkoError, UsageError
from kobunko.publish import checksums
from kobunko.publish.result import Changes, Progress, PublishResult, quiet

LATEST = "LATEST"
_LAST = ("README.md", "manifest.parquet", "manifest.json", checksums.NAME)  # readers begin with these
_SWAPS = 5


class Shelf(ABC):
    """A place for releases."""

    location: str

    @abstractmethod
    def sha256(self, name: str) -> str | None:
        """Hash of the bytes that a reader gets now; None where there is no such file."""

    @abstractmethod
    def put(self, source: Path, name: str) -> None:
        """Brings a file there; it appears whole or not at all."""

    @abstractmethod
    def names(self, folder: str) -> set[str]:
        """Files under a folder, by name."""

    @abstractmethod
    def pointer(self) -> tuple[str, str]:
        """What LATEST says, and the version of it that a swap has to name; empty where there is none."""

    @abstractmethod
    def swap(self, text: str, version: str) -> bool:
        """Makes LATEST say something else; False when it is no longer at `version`."""


class Folder(Shelf):
    def __init__(self, path: Path) -> None:
        self._path, self.location = path, str(path)

    def sha256(self, name: str) -> str | None:
        path = self._path / name
        return checksums.file_sha256(path) if path.is_file() else None

    def put(self, source: Path, name: str) -> None:
        with durable.writing(self._path / name) as temporary:
            shutil.copyfile(source, temporary)

    def names(self, folder: str) -> set[str]:
        found = (path for path in (self._path / folder).rglob("*") if path.is_file())
        return {path.relative_to(self._path).as_posix() for path in found}

    def pointer(self) -> tuple[str, str]:
        path = self._path / LATEST
        return (path.read_text() if path.is_file() else "", "")

    def swap(self, text: str, version: str) -> bool:  # noqa: ARG002 - one publisher per home, and rename is atomic
        durable.write_bytes(self._path / LATEST, text.encode())
        return True


class Bucket(Shelf):
    """A prefix of an S3 bucket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self._s3 = s3(timeout_s)
        self._bucket, _, self._prefix = path.strip("/").partition("/")
        self.location = f"s3://{path.strip('/')}"
        self._abort_orphans()

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}".lstrip("/")

    def _abort_orphans(self) -> None:
        """Parts of uploads that a crash left; they cost money and nobody sees them."""
        asked = {"Bucket": self._bucket, "Prefix": self._key("")}
        for upload in self._s3.call_s3("list_multipart_uploads", **asked).get("Uploads", []):
            self._s3.call_s3(
                "abort_multipart_upload", Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def sha256(self, name: str) -> str | None:
        total = hashlib.sha256()
        try:
            with self._s3.open(f"{self._bucket}/{self._key(name)}", "rb", block_size=16 << 20) as handle:
                while block := handle.read(16 << 20):
                    total.update(block)
        except FileNotFoundError:
            return None
        return total.hexdigest()

    def put(self, source: Path, name: str) -> None:
        self._s3.put_file(str(source), f"{self._bucket}/{self._key(name)}")

    def names(self, folder: str) -> set[str]:
        root = f"{self._bucket}/{self._key('')}".rstrip("/")
        return {path[len(root) + 1 :] for path in self._s3.find(f"{root}/{folder}")}

    def pointer(self) -> tuple[str, str]:
        try:
            found = self._s3.call_s3("get_object", Bucket=self._bucket, Key=self._key(LATEST))
        except FileNotFoundError:
            return "", ""
        return self._s3.cat_file(f"{self._bucket}/{self._key(LATEST)}").decode(), found["ETag"]

    def swap(self, text: str, version: str) -> bool:
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            self._s3.call_s3("put_object", Bucket=self._bucket, Key=self._key(LATEST), Body=text.encode(), **condition)
        except OSError as error:
            if "PreconditionFailed" in str(error) or "pre-condition" in str(error).lower():
                return False
            raise
        return True


def publish(release: Path, shelf: Shelf, progress: Progress = quiet) -> PublishResult:
    """Brings a finished release to a shelf."""
    expected = _expected(release)
    version = str(json.loads((release / "manifest.json").read_bytes())["version"])
    _refuse_other_content(shelf, version, release)
    copied, done = 0, 0
    total = sum((release / name).stat().st_size for name in expected)
    for name in sorted(expected, key=lambda name: (name in _LAST, _LAST.index(name) if name in _LAST else 0, name)):
        copied += _bring(shelf, release / name, f"{version}/{name}", expected[name])
        done += (release / name).stat().st_size
        progress("publish", done, total)
    _point_to(shelf, f"{version}\n")
    return PublishResult(version, f"{shelf.location}/{version}", copied, len(expected) - copied)


def preview(release: Path, shelf: Shelf) -> Changes:
    """What `publish` would change, without changing anything."""
    expected = _expected(release)
    version = str(json.loads((release / "manifest.json").read_bytes())["version"])
    there = {name.removeprefix(f"{version}/") for name in shelf.names(version)}
    keep = [name for name in sorted(expected) if shelf.sha256(f"{version}/{name}") == expected[name]]
    new = sorted(set(expected) - set(keep))
    size = sum((release / name).stat().st_size for name in new)
    return Changes([n for n in new if n not in there], [n for n in new if n in there], [], keep, size)


def _expected(release: Path) -> Mapping[str, str]:
    sums = release / checksums.NAME
    return checksums.read(release) | {checksums.NAME: checksums.file_sha256(sums)}


def _refuse_other_content(shelf: Shelf, version: str, release: Path) -> None:
    """A published version never changes: SHA256SUMS arrives last, so where it is, the release is whole."""
    there = shelf.sha256(f"{version}/{checksums.NAME}")
    if there not in (None, checksums.file_sha256(release / checksums.NAME)):
        raise UsageError(
            f"{shelf.location}/{version} is published with other content: publish this release under a new version."
        )


def _bring(shelf: Shelf, source: Path, name: str, sha256: str) -> bool:
    """Sends a file unless it is there with the same hash; what was sent is read back."""
    if shelf.sha256(name) == sha256:
        return False
    if checksums.file_sha256(source) != sha256:
        raise Corrupt(f"{source} does not have its hash in {checksums.NAME}: run `kobunko release verify`.")
    shelf.put(source, name)
    if shelf.sha256(name) != sha256:
        raise Corrupt(f"{name} is not at {shelf.location} as it is here: run the same command again.")
    return True


def _point_to(shelf: Shelf, text: str) -> None:
    """Swaps LATEST; where another publisher was faster, what it says now is read and swapped again."""
    for _ in range(_SWAPS):
        said, version = shelf.pointer()
        if said == text or shelf.swap(text, version):
            return
    raise KobunkoError(f"others swap {shelf.location}/{LATEST} all the time: run the same command again.")
