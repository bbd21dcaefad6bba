"""HTTP messages as they went over the wire, and the bodies inside them.

Archives of other crawlers hold answers in chunks, packed, without a length, or with headers that are not true of the
body any more because the recorder had unpacked it. A body comes out whole or not at all.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import brotli

try:
    from compression import zstd  # type: ignore[import-not-found]
except ImportError:  # before Python 3.14
    from backports import zstd

LARGEST = 1 << 30  # bytes of an unpacked body
_STATUS = re.compile(r"HTTP/[\d.]+ +(\d{3})")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class NotWhole(ValueError):
    """A body that ends too early, is damaged, or grows too large when it is unpacked."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request or answer. `method` is that of a request, `status` that of an answer; the other one is empty."""

    method: str
    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes  # as on the wire

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


def parse(block: bytes) -> Message:
    """Head and payload of a message; raises `NotWhole` where there is no head."""
    head, _, payload = block.partition(b"\r\n\r\n")
    if b"\r\n" not in head and b"\n\n" in block:
        head, _, payload = block.partition(b"\n\n")
    first, *lines = _text(head).replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    found = _STATUS.match(first)
    if not found and " " not in first.strip():
        raise NotWhole(f"no head of an HTTP message: {first[:60]!r}")
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = tuple((name.strip(), value.strip()) for name, _, value in pairs)
    return Message("" if found else first.split(" ")[0], int(found[1]) if found else 0, headers, payload)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def forms(message: Message) -> list[bytes]:
    """The payload as it came, without its chunks, and unpacked: the last one is the body.

    Raises `NotWhole` where it ends too early. A header that is not true of the payload is passed over, because many
    recorders keep it when they have undone what it says.
    """
    found = [message.payload]
    if "chunked" in message.header("transfer-encoding").lower():
        found.append(_without_chunks(message.payload))
    elif not message.header("content-encoding"):
        promised = message.header("content-length")
        if promised.isdigit() and len(message.payload) < int(promised):
            raise NotWhole(f"{len(message.payload)} of {promised} bytes")
    codings = [name.strip().lower() for name in message.header("content-encoding").split(",")]
    for coding in reversed([name for name in codings if name not in ("", "identity")]):
        found.append(_unpacked(found[-1], coding))
    return found


def _without_chunks(payload: bytes) -> bytes:
    if payload and not _CHUNK.match(payload):
        return payload
    pieces: list[bytes] = []
    position = 0
    while size := _CHUNK.match(payload, position):
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        pieces.append(payload[size.end() : size.end() + length])
        position = size.end() + length
        if len(pieces[-1]) < length:
            break
        position += len(re.match(rb"\r?\n?", payload[position : position + 2])[0])  # type: ignore[index]
    raise NotWhole(f"the chunks end after {position} bytes")


def _unpacked(data: bytes, coding: str) -> bytes:
    if coding not in _CODINGS:
        raise NotWhole(f"unknown content coding {coding!r}")
    opens, unpack = _CODINGS[coding]
    if not data or (opens and not data.startswith(opens)):
        return data  # the recorder had unpacked it
    try:
        return unpack(data)
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise NotWhole(f"{coding}: {error}") from error


def _inflated(data: bytes, window: int) -> bytes:
    """Every member of it, one after the other."""
    pieces: list[bytes] = []
    while data:
        stream = zlib.decompressobj(wbits=window)
        pieces.append(_limited(stream.decompress(data, LARGEST + 1)))
        if not stream.eof:
            raise EOFError("it ends too early")
        data = stream.unused_data if stream.unused_data.startswith(b"\x1f\x8b") else b""
    return _limited(b"".join(pieces))


def _deflated(data: bytes) -> bytes:
    """Some servers send the bare stream, without zlib's envelope."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        with suppress(zlib.error, EOFError):
            return _inflated(data, window)
    return data


def _brotli(data: bytes) -> bytes:
    """Nothing marks a brotli stream, so what is none was unpacked by the recorder."""
    stream = brotli.Decompressor()
    try:
        unpacked: bytes = stream.process(data, output_buffer_limit=LARGEST + 1)
    except brotli.error:
        return data
    if not stream.is_finished():
        raise EOFError("it ends too early")
    return _limited(unpacked)


def _zstd(data: bytes) -> bytes:
    stream = zstd.ZstdDecompressor()
    unpacked: bytes = stream.decompress(data, LARGEST + 1)
    if not stream.eof:
        raise EOFError("it ends too early")
    return _limited(unpacked)


def _limited(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise NotWhole(f"more than {LARGEST} bytes when it is unpacked")
    return data


def _gzip(data: bytes) -> bytes:
    return _inflated(data, 16 + zlib.MAX_WBITS)


_CODINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {  # how a packed body begins, where that is known
    "gzip": (b"\x1f\x8b", _gzip),
    "x-gzip": (b"\x1f\x8b", _gzip),
    "deflate": (b"", _deflated),
    "br": (b"", _brotli),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}


def agrees(digest: str, candidates: Iterable[bytes]) -> bool:
    """Whether one of these is what a digest (`sha1:…`, in base 32, 16 or 64) was made of; true for an algorithm that
    nobody here knows. Crawlers do not agree on whether a payload is meant with its chunks and packed, or without."""
    name, _, value = digest.partition(":")
    algorithm = name.lower().replace("sha-", "sha")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        return True
    for candidate in candidates:
        made: Any = hashlib.new(algorithm, candidate, usedforsecurity=False).digest()
        spellings = {base64.b32encode(made).decode().rstrip("="), made.hex().upper()}
        if value.rstrip("=").upper() in spellings or value.rstrip("=") in {
            encode(made).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)
        }:
            return True
    return False
