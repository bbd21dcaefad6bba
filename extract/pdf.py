"""PDF files: each page's text in reading order, or the verdict that it has to be read by OCR."""

import io
import re
from typing import Any

import pdfplumber
import pymupdf

from kobunko.errors import Reject
from kobunko.extract.pdf_pieces import page_text, spans
from kobunko.extract.pdf_tables import grids
from kobunko.extract.pdf_triage import broken_encoding, judge
from kobunko.extract.reading import NONE, Reading, ocr_page, text_page
from kobunko.records import Page

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

# What word processors put in the place of a title.
_FILE_NAME = re.compile(
    r"\.(jtdc?|docx?|xlsx?|pptx?|pdf|smd|indd|ai|txt)$|^Microsoft \w+ - |^(無題|untitled)", re.IGNORECASE
)
_WARNINGS = 500  # characters of MuPDF's warnings that are kept
_INFO = ("producer", "creator", "subject", "keywords", "creationDate", "modDate", "format")


def read_pdf(body: bytes) -> Reading:
    """Raises `not-a-pdf`, `encrypted` (where the empty password does not open it) and `broken-pdf`."""
    if b"%PDF-" not in body[:1024]:
        raise Reject("not-a-pdf", f"begins with {body[:16]!r}")
    pymupdf.TOOLS.reset_mupdf_warnings()
    try:
        with pymupdf.open(stream=body, filetype="pdf") as file:
            if file.needs_pass and not file.authenticate(""):
                raise Reject("encrypted", "needs a password")
            if file.page_count:
                return _read(file)
    except (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase):
        pass
    return _second_reader(body)


def _read(file: pymupdf.Document) -> Reading:
    broken: list[int] = []
    pages = []
    for number in range(1, file.page_count + 1):
        try:
            pages.append(_page(file[number - 1], number))
        except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
            broken.append(number)
            pages.append(Page(number, "", "none", "broken-page", None, NONE, part_page=number))
    title, metadata = _metadata(file)
    if lost := {str(page.number): count for page in pages if (count := page.text.count("\ufffd"))}:
        metadata["lost_characters"] = lost
    if broken:
        metadata["broken_pages"] = broken
    return Reading("pdf", pages, title, metadata)


def _page(page: pymupdf.Page, number: int) -> Page:
    tables = grids(page)
    text, writing = page_text(spans(page, tables), tables)
    verdict = judge(page, text, [tuple(block[:4]) for block in page.get_text("blocks")] if text else [])
    if verdict.method == "embedded":
        return text_page(number, text, verdict.reason, writing)
    if verdict.method == "ocr":
        return ocr_page(number, verdict.reason, writing)
    return Page(number, "", verdict.method, verdict.reason, None, NONE, part_page=number)


def _metadata(file: pymupdf.Document) -> tuple[str, dict[str, Any]]:
    info = file.metadata or {}
    found: dict[str, Any] = {key: info[key] for key in _INFO if info.get(key)}
    if info.get("encryption"):
        found["encryption"] = info["encryption"]
    if file.is_repaired:
        found["repaired"] = True
    if warnings := pymupdf.TOOLS.mupdf_warnings():
        found["warnings"] = warnings[:_WARNINGS]
    title = info.get("title") or ""
    if _FILE_NAME.search(title):
        found["file_title"] = title
        title = ""
    return title, found


def _second_reader(body: bytes) -> Reading:
    """pdfplumber, for what MuPDF cannot open; it keeps the lines of horizontal text and knows no vertical text."""
    try:
        with pdfplumber.open(io.BytesIO(body)) as file:
            texts = [page.extract_text() or "" for page in file.pages]
    except Exception as error:  # pdfminer raises whatever a broken file leads it to
        raise Reject("broken-pdf", f"neither reader can open it: {error}") from error
    if not texts:
        raise Reject("broken-pdf", "a PDF without pages")
    pages = [
        text_page(number, text, "text-layer")
        if text.strip() and not broken_encoding(text)
        else ocr_page(number, "broken-encoding" if text.strip() else "no-text-layer")
        for number, text in enumerate(texts, 1)
    ]
    return Reading("pdf", pages, metadata={"reader": "pdfplumber"})
