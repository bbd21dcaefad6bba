"""The raw store: every answer and every imported file, byte for byte, in WARC/1.1 files that never change.

A file is written under a `.open` name, fsynced at each `sync()`, and gets its final name when it is closed; the
catalogue names only what was synced. One gzip member per record, so a record is read by its offset alone. The digest of
each record is checked at every read, and lengths too, since warcio does not notice a torn tail. Where the home has a
depot (`kobunko.depot`), whose objects cannot grow, each `sync()` ends a file and brings it there.

Files of other crawlers are read as well: `scan` and `read` give the body as it was meant, without chunks and packing.
"""

import io
import os
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

from warcio.archiveiterator import ArchiveIterator

from kobunko import __version__, depot, wire
from kobunko.durable import fsync_folder, make_folder
from kobunko.errors import Corrupt, KobunkoError
from kobunko.ids import sha256_hex

OPEN = ".open"
MAX_BYTES = 1 << 30
LEVEL = 6  # of gzip: 9 takes a quarter more time and gives 0.2 % less (121 files of the samples, 21 MB)
Headers = Sequence[tuple[str, str]]
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://kobunko.example/warc")


@dataclass(frozen=True, slots=True)
class Answer:
    """A record as read back."""

    record_id: str
    record_type: str  # response | revisit | resource | request | metadata | warcinfo
    url: str
    date: str  # WARC-Date
    status: int  # 200 for a resource, 0 for a request
    headers: tuple[tuple[str, str], ...]  # of the HTTP message, where there is one
    media_type: str
    body: bytes
    offset: int
    about: str = ""  # the record that holds the body of a revisit, or that a metadata record belongs to


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in a file; names of `fields` are in lower case."""

    kind: str
    fields: Mapping[str, str]
    block: bytes
    offset: int

    @property
    def message(self) -> wire.Message | None:
        """The HTTP message in the block, where there is one."""
        is_http = self.fields.get("warc-target-uri", "").startswith(("http://", "https://"))
        is_message = self.kind in ("response", "revisit", "request") and is_http
        return wire.parse(self.block) if is_message and self.block else None

    @property
    def payload(self) -> bytes:
        message = self.message
        return message.payload if message else self.block


def record_id(record_type: str, url: str, date: str, digest: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, f'{record_type} {url} {date} {digest}')}>"


def warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class WarcWriter:
    """Appends records to numbered files of one series, e.g. `mhlw/mhlw-00000003.warc.gz`.

    `append` returns where the record begins; nothing is durable before `sync`.
    """

    def __init__(self, raw: Path, series: str) -> None:
        self._raw = raw
        self._series = series
        self._file: BinaryIO | None = None
        self._number = 0
        self.name = ""  # of the current file, relative to the raw store, in its final form

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def response(
        self, url: str, moment: datetime, status: int, headers: Headers, body: bytes, sha256: str = ""
    ) -> tuple[str, str, int]:
        """An answer with its decoded body; `sha256` of it where that is known already."""
        return self._append("response", url, moment, body, http=_head(status, headers), sha256=sha256)

    def revisit(
        self, url: str, moment: datetime, status: int, headers: Headers, sha256: str, refers: str
    ) -> tuple[str, str, int]:
        """An answer whose body we hold already: `refers` is the record id of that capture."""
        extra = {
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
            "WARC-Refers-To": refers,
        }
        return self._append("revisit", url, moment, b"", http=_head(status, headers), extra=extra, sha256=sha256)

    def resource(self, url: str, moment: datetime, media_type: str, body: bytes) -> tuple[str, str, int]:
        extra = {"Content-Type": media_type or "application/octet-stream"}
        return self._append("resource", url, moment, body, extra=extra)

    def metadata(self, url: str, moment: datetime, fields: Mapping[str, str], about: str) -> tuple[str, str, int]:
        """What belongs to a capture and was not in the answer (linking page, anchor text), as warc-fields."""
        extra = {"Content-Type": "application/warc-fields", "WARC-Concurrent-To": about}
        return self._append("metadata", url, moment, _warc_fields(fields), extra=extra)

    def _append(
        self,
        kind: str,
        url: str,
        moment: datetime,
        body: bytes,
        *,
        http: bytes = b"",
        extra: Mapping[str, str] | None = None,
        sha256: str = "",
    ) -> tuple[str, str, int]:
        file = self._ensure_open()
        date, digest = warc_date(moment), sha256 or sha256_hex(body)
        name = record_id(kind, url, date, digest)
        fields = {"WARC-Record-ID": name, "WARC-Date": date, "WARC-Target-URI": url}
        fields["WARC-Payload-Digest"] = f"sha256:{digest}"
        if http:
            fields["Content-Type"] = f"application/http; msgtype={'response' if kind == 'revisit' else kind}"
        offset = file.tell()
        file.write(_member(kind, fields | dict(extra or {}), http + body))
        return name, self.name, offset

    def sync(self) -> None:
        """Makes everything appended so far survive a power cut."""
        if self._file is not None and depot.holds(self._raw):
            self.close()
        elif self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Syncs, and gives the file its final name."""
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        final = self._raw / self.name
        written = final.with_name(final.name + OPEN)
        if not depot.move(written, final):
            written.rename(final)
            fsync_folder(final.parent)

    def _ensure_open(self) -> BinaryIO:
        if self._file is not None and self._file.tell() > MAX_BYTES:
            self.close()
        if self._file is None:
            folder = make_folder(self._raw / self._series)
            if not (self._number and depot.holds(folder)):  # a file for each group: too many to be listed each time
                self._number = max((_number(path) for path in files(folder)), default=0)
            self._number += 1
            self.name = f"{self._series}/{self._series}-{self._number:08d}.warc.gz"
            self._file = (self._raw / (self.name + OPEN)).open("xb")
            fsync_folder(folder)
            self._file.write(_info(Path(self.name).name))
        return self._file


def _head(status: int, headers: Headers) -> bytes:
    lines = [f"HTTP/1.1 {status} ", *(f"{name}: {_line(value)}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


def _line(value: str) -> str:
    """A value that cannot begin a line of its own, e.g. of a file name in somebody's ZIP."""
    return value.replace("\r", " ").replace("\n", " ")


def _warc_fields(fields: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in fields.items()).encode()


def _info(name: str) -> bytes:
    """The record that a file begins with."""
    moment = warc_date(datetime.now(UTC))
    fields = {"WARC-Record-ID": record_id("warcinfo", name, moment, ""), "WARC-Date": moment, "WARC-Filename": name}
    body = _warc_fields({"software": f"kobunko/{__version__}", "format": "WARC File Format 1.1"})
    fields["Content-Type"] = "application/warc-fields"
    return _member("warcinfo", fields, body, level=0)  # as long at any time: what follows has the same offset


def _member(kind: str, fields: Mapping[str, str], block: bytes, level: int = LEVEL) -> bytes:
    """A record as a gzip member of its own."""
    lines = ["WARC/1.1", f"WARC-Type: {kind}", *(f"{name}: {_line(value)}" for name, value in fields.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(block)}", "", ""]).encode()
    packer = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(head) + packer.compress(block) + packer.compress(b"\r\n\r\n") + packer.flush()


def _number(path: Path) -> int:
    return int(path.name.split(".")[0].rsplit("-", 1)[1])


def files(folder: Path) -> list[Path]:
    """The files of the store or of one series, those of the depot by the paths that they would have here."""
    return sorted({*folder.rglob("*.warc.gz"), *folder.rglob(f"*.warc.gz{OPEN}"), *depot.listed(folder)})


def opened(path: Path) -> BinaryIO:
    """A file of the store, whether it is in the depot, is finished, or was left `.open` by a crash."""
    if found := depot.reading(path):
        return found
    return (path if path.exists() else path.with_name(path.name + OPEN)).open("rb")


def read(raw: Path, name: str, offset: int) -> Answer:
    """The record at an offset, digest and length checked; raises `Corrupt` when they do not hold."""
    path = raw / name
    with opened(path) as handle:
        handle.seek(offset)
        for answer in _answers(handle, path):
            return answer
    raise Corrupt(f"no WARC record at {path}:{offset}: run `kobunko doctor`, or restore the file from a backup.")


def read_body(raw: Path, name: str, offset: int, sha256: str) -> bytes:
    """Bytes of a capture, which must have the hash that the catalogue knows."""
    answer = read(raw, name, offset)
    if sha256_hex(answer.body) != sha256:
        raise Corrupt(f"{name}:{offset} does not hold the bytes {sha256[:12]}…: restore the file from a backup.")
    return answer.body


def scan(path: Path) -> Iterator[Answer]:
    """Every record of a WARC file (ours or anybody's) in order; raises `Corrupt` at a torn or damaged one."""
    with opened(path) as handle:
        yield from _answers(handle, path)


def scan_records(path: Path) -> Iterator[Record]:
    """The same without checking digests and unpacking bodies; raises `Corrupt` at a torn record."""
    with opened(path) as handle:
        yield from _records(handle, path)


def has_members(path: Path) -> bool:
    """Whether a gzip file has a member for each record, so that one can be read by its offset."""
    stream, start = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), b""
    with path.open("rb") as handle:
        while not stream.eof and (data := handle.read(1 << 16)):
            try:
                start += stream.decompress(data)
            except zlib.error:
                return True  # whoever reads it will say what is wrong
            head, found, _ = start.partition(b"\r\n\r\n")
            length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
            if found and length and len(start) > len(head) + int(length[1]) + 32:  # the next record has begun
                return False
    return True


def _answers(handle: BinaryIO, path: Path) -> Iterator[Answer]:
    for record in _records(handle, path):
        yield _answer(record, path)


def _records(handle: BinaryIO, path: Path) -> Iterator[Record]:
    iterator = ArchiveIterator(handle, no_record_parse=True)
    end = handle.tell()
    try:
        for found in iterator:
            yield _record(found, iterator.offset, path)
            iterator.read_to_end()
            end = iterator.offset
        if end != handle.seek(0, io.SEEK_END):
            raise Corrupt(f"{path} is torn after byte {end}: restore it from a backup.")
    except (KobunkoError, MemoryError):
        raise
    except Exception as error:  # warcio raises bare exceptions of many kinds on damaged input
        raise Corrupt(f"{path} is damaged ({error}): restore it from a backup.") from error


def _record(found: Any, offset: int, path: Path) -> Record:
    """A record whose block has the length that its head says: warcio passes over torn heads and blocks."""
    fields = {name.lower(): value for name, value in found.rec_headers.headers}
    block = found.raw_stream.read()
    if fields.get("content-length") != str(len(block)):
        raise Corrupt(f"{path}:{offset} is torn ({found.rec_type} record): restore it from a backup.")
    return Record(found.rec_type or "", fields, block, offset)


def _answer(record: Record, path: Path) -> Answer:
    """A record with its digests checked and its body unpacked."""
    fields = record.fields
    try:
        message = record.message
        bodies = wire.forms(message) if message and record.kind == "response" else [record.payload]
    except wire.NotWhole as error:
        raise Corrupt(f"{path}:{record.offset} is no whole answer ({error}): take another capture.") from error
    block_is_sound = wire.agrees(fields.get("warc-block-digest", ""), [record.block])
    payload_digest = "" if record.kind == "revisit" else fields.get("warc-payload-digest", "")
    if not (block_is_sound and wire.agrees(payload_digest, bodies)):
        raise Corrupt(f"{path}:{record.offset} is damaged ({record.kind} record): restore it from a backup.")
    return Answer(
        record_id=fields.get("warc-record-id", ""),
        record_type=record.kind,
        url=fields.get("warc-target-uri", ""),
        date=fields.get("warc-date", ""),
        status=message.status if message else 200,
        headers=message.headers if message else (),
        media_type=message.header("content-type") if message else fields.get("content-type", ""),
        body=bodies[-1],
        offset=record.offset,
        about=fields.get("warc-refers-to") or fields.get("warc-concurrent-to") or "",
    )
