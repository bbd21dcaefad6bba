"""Members of ZIP and tar files that others made, without trusting a word of them.

Names are only names here: nothing is ever written to where one points. Sizes are counted while reading, since a
directory may lie about them.
"""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from kobunko.errors import Reject

MOST_MEMBERS = 500_000
LARGEST_MEMBER = 512 << 20
LARGEST_RATIO = 200  # of bytes out to bytes in, of one member that is not small
SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    name: str  # relative, with forward slashes
    body: bytes


def safe_name(name: str) -> str:
    """The name in a form that stays inside any folder; raises `Reject` where it has none."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\x00" in name or (path.parts and path.parts[0].endswith(":")):
        raise Reject("unsafe-name", name[:200])
    return str(path)


def is_archive(path: Path) -> bool:
    return zipfile.is_zipfile(path) or (path.suffix in (".tar", ".tgz", ".gz", ".xz") and tarfile.is_tarfile(path))


def members(archive: bytes | Path) -> Iterator[Member]:
    """Plain files of an archive in order; raises `Reject` at what is damaged, lies, or would burst."""
    source: IO[bytes] = archive.open("rb") if isinstance(archive, Path) else io.BytesIO(archive)
    with source:
        is_zip = zipfile.is_zipfile(source)
        source.seek(0)
        try:
            yield from _of_zip(source) if is_zip else _of_tar(source)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise Reject("damaged-archive", str(error)) from error


def _of_zip(source: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_MEMBERS:
            raise Reject("too-many-members", str(len(entries)))
        known: set[str] = set()
        for entry in entries:
            if entry.is_dir():
                continue
            name = safe_name(entry.filename)
            if name in known:
                raise Reject("duplicate-name", name)
            known.add(name)
            with archive.open(entry) as handle:
                yield Member(name, _bounded(handle, name, entry.compress_size))


def _of_tar(source: IO[bytes]) -> Iterator[Member]:
    with tarfile.open(fileobj=source) as archive:
        for number, entry in enumerate(archive):
            if number >= MOST_MEMBERS:
                raise Reject("too-many-members", str(number))
            handle = archive.extractfile(entry) if entry.isfile() else None  # links and devices are nothing to us
            if handle is not None:
                yield Member(safe_name(entry.name), _bounded(handle, entry.name, None))


def _bounded(handle: IO[bytes], name: str, packed: int | None) -> bytes:
    most = LARGEST_MEMBER if packed is None else min(LARGEST_MEMBER, max(SMALL, packed * LARGEST_RATIO))
    body = handle.read(most + 1)
    if len(body) > most:
        raise Reject("bomb", f"{name} is larger than {most} bytes")
    return body
