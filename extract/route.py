"""The one entry: a document's parts, each sent to the reader of its format, joined to one list of pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kobunko.errors import Reject
from kobunko.extract import edinet
from kobunko.extract.archive import open_zip, read_archive
from kobunko.extract.controls import clean, clean_json
from kobunko.extract.html import read_html
from kobunko.extract.image import read_image
from kobunko.extract.law_xml import read_xml
from kobunko.extract.office import office_format, read_office
from kobunko.extract.pdf import read_pdf
from kobunko.extract.plain import read_json, read_text
from kobunko.extract.reading import Reading
from kobunko.extract.records import Extracted, ExtractInput
from kobunko.extract.signature import extension, file_format
from kobunko.ids import canonical_json
from kobunko.records import Blob, Page

# Of a filing the first of these that is there holds the whole text; the others repeat it.
_FILING_ROLES = ("filing", "csv", "pdf")
_DETAIL, _JUDGMENT = "detail", "judgment"
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def extract(document: ExtractInput) -> Extracted:
    """Pages, title and metadata of a document. Raises `Reject` where none of its parts can be read.

    Parts are read in their order. Of a judgment the text is the PDF's and the detail page gives title and metadata;
    of a filing only the best part is read.
    """
    chosen = _chosen(document.blobs)
    pages: list[Page] = []
    readings: list[Reading] = []
    rejected: list[dict[str, Any]] = []
    first: Reject | None = None
    for index in chosen:
        blob = document.blobs[index]
        try:
            reading = read_blob(blob.body, blob.media_type, blob.url)
        except Reject as reject:
            first = first or reject
            rejected.append({"part": index, "role": blob.role, "code": reject.code, "detail": reject.detail})
            continue
        readings.append(reading)
        pages += [replace(page, number=len(pages) + offset, part=index) for offset, page in enumerate(reading.pages, 1)]
    if not readings:
        raise first or Reject("empty-file", "a document without parts")
    metadata = _metadata(readings) | _detail(document.blobs, chosen)
    if rejected:
        metadata["rejected_parts"] = rejected
    return _cleaned(_title(readings, metadata), readings[0].format, pages, metadata, _structure(readings))


def read_blob(body: bytes, media_type: str, url: str, depth: int = 0) -> Reading:
    """One file by the reader of its format; `depth` counts the archives around it."""
    if not body.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Reject("empty-file", f"{len(body)} bytes")
    kind = file_format(body, media_type, url)
    if kind in ("html", "text", "") and (media_type.startswith("application/pdf") or extension(url) == "pdf"):
        raise Reject("not-a-pdf", f"declared as PDF, begins with {body[:16]!r}")
    match kind:
        case "pdf":
            return read_pdf(body, lambda member, name, below: read_blob(member, "", name, below), depth)
        case "zip":
            return _read_zip(body, depth)
        case "html":
            return read_html(body, media_type)
        case "xml":
            return read_xml(body)
        case "json":
            return read_json(body)
        case "text" | "csv":
            return read_text(body, media_type, kind)
        case "image":
            return read_image(body)
        case "ole":
            if _OLE_ENCRYPTED in body:
                raise Reject("encrypted", "an Office file with a password")
            raise Reject("legacy-office", "convert with LibreOffice")
    raise Reject("unsupported-format", f"begins with {body[:16]!r}, declared as {media_type or 'nothing'}")


def _read_zip(body: bytes, depth: int) -> Reading:
    archive = open_zip(body)
    if kind := office_format(archive):
        return read_office(archive, body, kind)
    if edinet.is_package(archive):
        return edinet.read_package(archive)
    if edinet.is_csv_package(archive):
        return edinet.read_csv_package(archive)
    return read_archive(archive, lambda member, name, below: read_blob(member, "", name, below), depth + 1)


def _chosen(blobs: Sequence[Blob]) -> list[int]:
    """Indices of the parts whose text is the document's."""
    roles = [blob.role for blob in blobs]
    if "filing" in roles or ("csv" in roles and "pdf" in roles):
        best = next(role for role in _FILING_ROLES if role in roles)
        return [index for index, role in enumerate(roles) if role == best]
    if _JUDGMENT in roles:
        return [index for index, role in enumerate(roles) if role != _DETAIL]
    return list(range(len(blobs)))


def _detail(blobs: Sequence[Blob], chosen: Sequence[int]) -> dict[str, Any]:
    """What a judgment's detail page says of it."""
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


def _structure(readings: Sequence[Reading]) -> dict[str, Any]:
    if len(readings) == 1:
        return readings[0].structure
    found = [{"part": number} | reading.structure for number, reading in enumerate(readings) if reading.structure]
    return {"parts": found} if found else {}


def _title(readings: Sequence[Reading], metadata: dict[str, Any]) -> str:
    detail = metadata.get("detail", {}).get("title", "")
    return detail or next((reading.title for reading in readings if reading.title), "")


def _cleaned(
    title: str, format_: str, pages: Sequence[Page], metadata: dict[str, Any], structure: dict[str, Any]
) -> Extracted:
    """Without control characters; how many each page lost is in the metadata under its number."""
    texts = [clean(page.text) for page in pages]
    if removed := {str(page.number): count for page, (_, count) in zip(pages, texts, strict=True) if count}:
        metadata = metadata | {"control_characters": removed}
    cleaned = [replace(page, text=text) for page, (text, _) in zip(pages, texts, strict=True)]
    ocr_pages = sum(page.method == "ocr" for page in cleaned)
    title = " ".join(clean(title)[0].split("\n")).strip()
    as_json = [canonical_json(clean_json(value)).decode() for value in (metadata, structure)]
    return Extracted(title, format_, cleaned, ocr_pages, *as_json)
