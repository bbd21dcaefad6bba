"""The two ways in which a raw file is ever changed: content that must go is erased, and a torn end is cut off."""

import io
import os
import shutil
import struct
import zlib
from collections.abc import Set
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from kobunko import depot
from kobunko.durable import fsync_folder
from kobunko.errors import Corrupt
from kobunko.warc import OPEN, opened

_ERASED = "X-Kobunko-Erased"
_GZIP_HEADER = 10


def erase(path: Path, record_ids: Set[str], sha256: Set[str]) -> int:
    """Rewrites a file without the content of records: those of the ids, those about them, and those whose payload has
    one of the hashes. Returns how many were erased.

    Each is replaced by a record of the same id and the same length on disk, so that no other record moves and every
    offset that the catalogue knows stays true. The file takes its place whole: a crash leaves the old one or the new.
    """
    places = _members_of(path, record_ids, sha256)
    if places:
        with depot.writing(path) as temporary:
            with opened(path) as whole, temporary.open("wb") as copy:
                shutil.copyfileobj(whole, copy)
            with temporary.open("rb+") as handle:
                for name, date, start, end in places:
                    handle.seek(start)
                    handle.write(_filler(name, date, end - start))
        if depot.holds(path):
            path.unlink()  # raw files lie in the depot alone
    return len(places)


def _members_of(path: Path, record_ids: Set[str], sha256: Set[str]) -> list[tuple[str, str, int, int]]:
    """`(record id, date, start, end)` of the records to be erased."""
    found: list[tuple[str, str, int]] = []
    starts: list[int] = []
    with opened(path) as handle:
        iterator = ArchiveIterator(handle)
        for record in iterator:
            get = record.rec_headers.get_header
            starts.append(iterator.offset)
            names = (get("WARC-Record-ID", ""), get("WARC-Concurrent-To", ""), get("WARC-Refers-To", ""))
            digest = get("WARC-Payload-Digest", "").removeprefix("sha256:")
            if get(_ERASED) is None and (not record_ids.isdisjoint(names) or digest in sha256):
                found.append((names[0], get("WARC-Date", ""), iterator.offset))
            iterator.read_to_end()
        ends = dict(zip(starts, [*starts[1:], handle.seek(0, io.SEEK_END)], strict=True))
    return [(name, date, start, ends[start]) for name, date, start in found]


def _filler(name: str, date: str, length: int) -> bytes:
    """A gzip member of exactly this length with a record that says that its content was erased.

    What the record does not need is a comment in the header of the member, which every reader passes over.
    """
    headers = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": name,
        "WARC-Date": date,
        _ERASED: "yes",
        "Content-Length": "0",
    }
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    record = f"WARC/1.1\r\n{lines}\r\n\r\n\r\n".encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(record) + packer.flush() + struct.pack("<II", zlib.crc32(record), len(record))
    comment = length - len(body) - _GZIP_HEADER - 1
    if comment < 0:
        raise Corrupt(f"a record of {length} bytes is too short to be erased in place: restore it from a backup.")
    return b"\x1f\x8b\x08\x10" + bytes(5) + b"\xff" + b" " * comment + b"\x00" + body


def repair(path: Path) -> int:
    """Cuts a file that a crash left `.open` after its last whole record and gives it its final name.

    Returns how many bytes were cut. What the catalogue names was synced before, so nothing named is lost. Where there
    is a depot, what is named is there, and the file goes.
    """
    if depot.holds(final := path.with_name(path.name.removesuffix(OPEN))):
        cut = path.stat().st_size
        path.unlink()
        return cut
    end = _end_of_last_whole_member(path)
    cut = path.stat().st_size - end
    with path.open("rb+") as handle:
        handle.truncate(end)
        os.fsync(handle.fileno())
    path.rename(final)
    fsync_folder(path.parent)
    return cut


def _end_of_last_whole_member(path: Path) -> int:
    end = position = 0
    with path.open("rb") as handle:
        member = zlib.decompressobj(wbits=31)
        while data := handle.read(1 << 20):
            position += len(data)
            while data:
                try:
                    member.decompress(data)
                except zlib.error:
                    return end
                data = member.unused_data
                if member.eof:
                    end = position - len(data)
                    member = zlib.decompressobj(wbits=31)
    return end
