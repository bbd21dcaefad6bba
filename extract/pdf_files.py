"""Files inside of a PDF: attachments and the members of a portfolio, read like the members of an archive."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pymupdf

from kobunko.errors import Reject
from kobunko.extract.archive import MAX_BYTES, MAX_DEPTH, MAX_MEMBERS
from kobunko.extract.reading import Reading
from kobunko.records import Page

ReadMember = Callable[[bytes, str, int], Reading]


def embedded_files(file: pymupdf.Document) -> list[tuple[str, bytes]]:
    """Name and bytes of every file that a PDF carries. Raises `embedded-bomb` where they are too many or too large."""
    count = file.embfile_count()
    if count > MAX_MEMBERS:
        raise Reject("embedded-bomb", f"{count} embedded files, more than {MAX_MEMBERS}")
    found: list[tuple[str, bytes]] = []
    size = 0
    for index in range(count):
        info = file.embfile_info(index)
        size += _unpacked_size(file, index)
        if size > MAX_BYTES:
            raise Reject("embedded-bomb", f"embedded files of more than {MAX_BYTES} bytes")
        name = info.get("ufilename") or info.get("filename") or info["name"]
        found.append((_utf8(name), file.embfile_get(index)))
    return found


def _unpacked_size(file: pymupdf.Document, index: int) -> int:
    """Bytes of an embedded file, counted without keeping them: what the PDF says of its size may be a lie."""
    stream = pymupdf.mupdf.pdf_open_stream_number(pymupdf._as_pdf_document(file), file._embfile_info(index, {}))
    return int(pymupdf.mupdf.fz_skip(stream, MAX_BYTES + 1))


def with_embedded(reading: Reading, files: list[tuple[str, bytes]], read: ReadMember, depth: int) -> Reading:
    """The pages of embedded files after the PDF's own; what cannot be read is named in the metadata with the reason."""
    if not files:
        return reading
    pages = list(reading.pages)
    members: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for name, body in files:
        if depth >= MAX_DEPTH:
            unreadable.append(f"{name}: files within files, deeper than {MAX_DEPTH}")
            continue
        try:
            member = read(body, name, depth + 1)
        except Reject as reject:
            unreadable.append(f"{name}: {reject.code}")
            continue
        members.append({"name": name, "format": member.format, "first_page": len(pages) + 1} | member.metadata)
        pages += [_renumbered(page, len(pages) + offset) for offset, page in enumerate(member.pages, 1)]
    found = {"members": members, "unreadable": unreadable}
    return replace(reading, pages=pages, metadata=reading.metadata | {"embedded": found})


def _renumbered(page: Page, number: int) -> Page:
    return replace(page, number=number, part_page=number, lines=[replace(line, page=number) for line in page.lines])


def _utf8(name: str) -> str:
    """A name that MuPDF gives byte by byte, as it was meant."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name
