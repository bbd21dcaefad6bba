"""ZIP files: members in order of name, each read like a file of its own. What is hostile is refused before reading."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.reading import Reading
from kobunko.records import Page

MAX_MEMBERS = 2_000
MAX_BYTES = 1 << 30
MAX_RATIO = 200
MAX_DEPTH = 2
_RATIO_FLOOR = 1 << 20  # below one MiB no ratio is a danger
_ENCRYPTED, _UTF8 = 0x1, 0x800

# Reads the bytes of a member, given its name and how many archives are around it.
ReadMember = Callable[[bytes, str, int], Reading]


@dataclass
class Archive:
    """An opened ZIP that has passed the limits. `unreadable` collects `name: why` as members are read."""

    file: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]
    unreadable: list[str] = field(default_factory=list)

    def names(self, *suffixes: str) -> list[str]:
        return [name for name in self.members if name.lower().endswith(suffixes)]

    def read(self, name: str) -> bytes | None:
        """Bytes of a member, or None (and a line in `unreadable`) where its size or checksum is a lie."""
        try:
            return self.file.read(self.members[name])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
            self.unreadable.append(f"{name}: {error}")
            return None


def open_zip(body: bytes) -> Archive:
    """Raises `broken-zip`, `zip-bomb` (too many members, too large, too dense) or `encrypted`."""
    try:
        file = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, NotImplementedError) as error:
        raise Reject("broken-zip", str(error)) from error
    infos = [info for info in file.infolist() if not info.is_dir()]
    if len(infos) > MAX_MEMBERS:
        raise Reject("zip-bomb", f"{len(infos)} members, more than {MAX_MEMBERS}")
    size = sum(info.file_size for info in infos)
    if size > MAX_BYTES:
        raise Reject("zip-bomb", f"{size} bytes when unpacked, more than {MAX_BYTES}")
    if size > max(_RATIO_FLOOR, MAX_RATIO * len(body)):
        raise Reject("zip-bomb", f"unpacks to {size // max(len(body), 1)} times its size, more than {MAX_RATIO}")
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise Reject("encrypted", "a ZIP with encrypted members")
    return Archive(file, dict(sorted((member_name(info), info) for info in infos)))


def member_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: Japanese archives write cp932 where the UTF-8 flag is absent."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def read_archive(archive: Archive, read: ReadMember, depth: int) -> Reading:
    """Every member that can be read, as a document of its own with its pages and its structure (whose page numbers are
    the member's); the others are named in the metadata with the reason."""
    if depth > MAX_DEPTH:
        raise Reject("zip-bomb", f"archives within archives, deeper than {MAX_DEPTH}")
    pages: list[Page] = []
    members: list[dict[str, Any]] = []
    structures: list[dict[str, Any]] = []
    for name, reading in _readings(archive, read, depth):
        place = {"name": name, "first_page": len(pages) + 1, "pages": len(reading.pages)}
        members.append(place | {"format": reading.format} | reading.metadata)
        structures.append(place | {"title": reading.title, "structure": reading.structure})
        pages += [renumbered(page, len(pages) + offset) for offset, page in enumerate(reading.pages, 1)]
    if not pages:
        raise Reject("no-text", "no member could be read: " + "; ".join(archive.unreadable[:10]))
    metadata = {"members": members, "unreadable": archive.unreadable}
    return Reading("zip", pages, metadata=metadata, structure={"kind": "archive", "members": structures})


def renumbered(page: Page, number: int) -> Page:
    return replace(page, number=number, part_page=number)


def _readings(archive: Archive, read: ReadMember, depth: int) -> Iterator[tuple[str, Reading]]:
    for name in archive.members:
        body = archive.read(name)
        if body is None:
            continue
        try:
            yield name, read(body, name, depth)
        except Reject as reject:
            archive.unreadable.append(f"{name}: {reject.code}")
