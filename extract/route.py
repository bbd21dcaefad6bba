"""The one entry: a document's parts, each sent to the reader of its format, joined to one list of pages."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from kobunko.errors import Reject
from kobunko.extract import edinet
from kobunko.extract.archive import open_zip, read_archive
from kobunko.extract.controls import CLEAN, clean, clean_json, clean_page
from kobunko.extract.days import published
from kobunko.extract.html import read_html
from kobunko.extract.image import read_image
from kobunko.extract.law_xml import read_xml
from kobunko.extract.legacy_office import legacy_format, modern, version
from kobunko.extract.office import office_format, read_office
from kobunko.extract.pdf import read_pdf
from kobunko.extract.plain import read_json, read_text
from kobunko.extract.reading import Reading
from kobunko.extract.records import Extracted, ExtractInput
from kobunko.extract.sheet import read_csv
from kobunko.extract.signature import extension, file_format
from kobunko.records import LICENCE_PAGE, Blob, Page

# Of a filing the first of these that is there holds the whole text; the others repeat it.
_FILING_ROLES = ("filing", "csv", "pdf")
_DETAIL, _RECORD, _JUDGMENT, _ATTACHMENT = "detail", "record", "judgment", "attachment"
_SUSPECT = (b"\\", b"\x7f", b"\xc2")  # bytes of which JSON has one where it holds a control character
_ESCAPED = re.compile(r"\\[rbfu]")  # what JSON escapes, where clean text has `\\n` and `\\t` alone


def extract(document: ExtractInput, ruby: bool = True) -> Extracted:
    """Pages, title and metadata of a document. Raises `Reject` where none of its parts can be read.

    Parts are read in their order. What only describes the document (a detail page, a catalogue's record) gives title
    and metadata, and is read where there is nothing else. Of a judgment the text is that of its own PDF (what is
    attached to it may be somebody's work); of a filing only the best part is read.
    """
    chosen = _chosen(document.blobs)
    pages: list[Page] = []
    read: list[tuple[int, Reading]] = []
    rejected: list[dict[str, Any]] = []
    first: Reject | None = None
    for index in chosen:
        blob = document.blobs[index]
        try:
            reading = read_blob(blob.body, blob.media_type, blob.url, ruby=ruby)
        except Reject as reject:
            first = first or reject
            rejected.append({"part": index, "role": blob.role, "code": reject.code, "detail": reject.detail})
            continue
        read.append((index, reading))
        pages += [replace(page, number=len(pages) + offset, part=index) for offset, page in enumerate(reading.pages, 1)]
    readings = [reading for _, reading in read]
    if not readings:
        raise first or Reject("empty-file", "a document without parts")
    metadata = _metadata(readings) | _detail(document.blobs, chosen)
    if rejected:
        metadata["rejected_parts"] = rejected
    return _cleaned(_title(readings, metadata), readings[0].format, pages, metadata, _structure(read))


def read_blob(body: bytes, media_type: str, url: str, depth: int = 0, ruby: bool = True) -> Reading:
    """One file by the reader of its format; `depth` counts the archives around it. `ruby` is for laws."""
    if not body.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Reject("empty-file", f"{len(body)} bytes")
    kind = file_format(body, media_type, url)
    if kind in ("html", "text", "") and (media_type.startswith("application/pdf") or extension(url) == "pdf"):
        raise Reject("not-a-pdf", f"declared as PDF, begins with {body[:16]!r}")
    match kind:
        case "pdf":
            return read_pdf(body, lambda member, name, below: read_blob(member, "", name, below), depth)
        case "zip":
            return _read_zip(body, depth, ruby)
        case "html":
            return read_html(body, media_type, url)
        case "xml":
            return read_xml(body, url, ruby)
        case "json":
            return read_json(body, url, ruby)
        case "text":
            return read_text(body, media_type)
        case "csv":
            return read_csv(body, media_type)
        case "image":
            return read_image(body)
        case "ole":
            return _read_legacy(body)
    raise Reject("unsupported-format", f"begins with {body[:16]!r}, declared as {media_type or 'nothing'}")


def _read_legacy(body: bytes) -> Reading:
    kind = legacy_format(body)
    if not kind:
        raise Reject("unsupported-format", "an OLE container that is no Word, Excel or PowerPoint file")
    converted = modern(body, kind)
    reading = read_office(open_zip(converted), converted, f"{kind}x")
    return replace(reading, format=kind, metadata=reading.metadata | {"converter": version()})


def _read_zip(body: bytes, depth: int, ruby: bool) -> Reading:
    archive = open_zip(body)
    if kind := office_format(archive):
        return read_office(archive, body, kind)
    if edinet.is_package(archive):
        return edinet.read_package(archive)
    if edinet.is_csv_package(archive):
        return edinet.read_csv_package(archive)
    return read_archive(archive, lambda member, name, below: read_blob(member, "", name, below, ruby), depth + 1)


def _chosen(blobs: Sequence[Blob]) -> list[int]:
    """Indices of the parts whose text is the document's."""
    roles = [blob.role for blob in blobs]
    if "filing" in roles or ("csv" in roles and "pdf" in roles):
        best = next(role for role in _FILING_ROLES if role in roles)
        return [index for index, role in enumerate(roles) if role == best]
    if _JUDGMENT in roles:
        return [index for index, role in enumerate(roles) if role not in (_DETAIL, _ATTACHMENT)]
    told = [index for index, role in enumerate(roles) if role not in (LICENCE_PAGE, _DETAIL, _RECORD)]
    return told or [index for index, role in enumerate(roles) if role != LICENCE_PAGE]


def _detail(blobs: Sequence[Blob], chosen: Sequence[int]) -> dict[str, Any]:
    """What a detail page says of the document."""
    for index, blob in enumerate(blobs):
        if index not in chosen and blob.role == _DETAIL:
            try:
                reading = read_html(blob.body, blob.media_type)
            except Reject as reject:
                return {"detail": {"rejected": reject.code}}
            return {"detail": reading.metadata | {"title": reading.title}}
    return {}


def _metadata(readings: Sequence[Reading]) -> dict[str, Any]:
    if len(readings) == 1:
        return dict(readings[0].metadata)
    return {"parts": [{"format": reading.format, "title": reading.title} | reading.metadata for reading in readings]}


def _structure(readings: Sequence[tuple[int, Reading]]) -> dict[str, Any]:
    """Of one part its own; of several each with its part and first page, page numbers within are those of the part."""
    if len(readings) == 1:
        return readings[0][1].structure
    found: list[dict[str, Any]] = []
    first = 1
    for part, reading in readings:
        found.append({"part": part, "first_page": first, "pages": len(reading.pages), "structure": reading.structure})
        first += len(reading.pages)
    return {"kind": "parts", "parts": found}


def _title(readings: Sequence[Reading], metadata: dict[str, Any]) -> str:
    detail = metadata.get("detail", {}).get("title", "")
    return detail or next((reading.title for reading in readings if reading.title), "")


def _cleaned(
    title: str, format_: str, pages: Sequence[Page], metadata: dict[str, Any], structure: dict[str, Any]
) -> Extracted:
    """Without control characters; how many each page lost is in the metadata under its number."""
    cleaned = [clean_page(page) for page in pages]
    if removed := {str(page.number): count for page, count in cleaned if count}:
        metadata = metadata | {"control_characters": removed}
    ocr_pages = sum(page.method == "ocr" for page in pages)
    title = " ".join(clean(title)[0].split("\n")).strip()
    told = published(structure)
    return Extracted(title, format_, [page for page, _ in cleaned], ocr_pages, _json(metadata), _json(structure), told)


def _json(value: dict[str, Any]) -> str:
    """Sorted and compact, so that the same input gives the same bytes."""
    try:
        dumped = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # halves of surrogate pairs, whole numbers of more than 64 bits
        return json.dumps(clean_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = dumped.decode()
    if not any(byte in dumped for byte in _SUSPECT) or (CLEAN.fullmatch(text) and not _ESCAPED.search(text)):
        return text
    return orjson.dumps(clean_json(value), option=orjson.OPT_SORT_KEYS).decode()
