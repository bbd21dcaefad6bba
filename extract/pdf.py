"""PDF files: each page's text in reading order, or the verdict that it has to be read by OCR."""

import io
import re
from typing import Any

import pdfplumber
import pymupdf

from kobunko.errors import Reject
from kobunko.extract.pdf_cells import leaf, linked, page_tables, tables_json
from kobunko.extract.pdf_files import ReadMember, embedded_files, with_embedded
from kobunko.extract.pdf_furniture import furniture
from kobunko.extract.pdf_page import cell_flow, line_ends, page_text
from kobunko.extract.pdf_painting import Painting
from kobunko.extract.pdf_panels import panels_of
from kobunko.extract.pdf_redaction import covered_text
from kobunko.extract.pdf_sheet import Sheet
from kobunko.extract.pdf_spans import sheet
from kobunko.extract.pdf_tables import rules_of
from kobunko.extract.pdf_triage import Evidence, Verdict, broken_encoding, broken_fonts, evidence, judge
from kobunko.extract.reading import NONE, Reading, ocr_page, text_page
from kobunko.records import Page

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

# What word processors put in the place of a title.
_FILE_NAME = re.compile(
    r"\.(jtdc?|docx?|xlsx?|pptx?|pdf|smd|indd|ai|txt)$|^Microsoft \w+ - |^(無題|untitled)", re.IGNORECASE
)
_PRINTED = re.compile(r"^Taro-(?:\d+ )?")  # what the word processor Ichitaro puts before the name of what it prints
_NO_MEMORY = re.compile(r"code=2: ")  # how MuPDF's FZ_ERROR_SYSTEM looks where it comes as a RuntimeError
_MOST_PAGES = 20_000
_INFO = ("producer", "creator", "subject", "keywords", "creationDate", "modDate", "format")


def read_pdf(body: bytes, read_member: ReadMember | None = None, depth: int = 0, tables: bool = True) -> Reading:
    """A PDF with the files that it carries, which `read_member` reads; `depth` counts the files around it.

    Raises `not-a-pdf`, `encrypted` (where the empty password does not open it), `failed-redaction` (text under black
    boxes), `too-many-pages`, `embedded-bomb` and `broken-pdf`. Without `tables` no drawing is
    looked at, for tables or covered text.
    """
    if b"%PDF-" not in body[:1024]:
        raise Reject("not-a-pdf", f"begins with {body[:16]!r}")
    try:
        with pymupdf.open(stream=body, filetype="pdf") as file:
            if file.needs_pass and not file.authenticate(""):
                raise Reject("encrypted", "needs a password")
            if _pages_of(file):
                reading = _read(file, tables)
                return with_embedded(reading, embedded_files(file), read_member, depth) if read_member else reading
    except (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase) as error:
        _raise_want_of_memory(error)
    return _second_reader(body)


def _raise_want_of_memory(error: Exception) -> None:
    """Raises MemoryError where that is what MuPDF means: nothing is wrong with the file then."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, pymupdf.mupdf.FzErrorSystem) or _NO_MEMORY.match(str(link)):
            raise MemoryError(str(link)) from error
        link = link.__cause__ or link.__context__


def _pages_of(file: pymupdf.Document) -> int:
    try:
        return int(file.page_count)
    except RuntimeError as error:  # what MuPDF says to a page tree that lies
        _raise_want_of_memory(error)
        raise Reject("broken-pdf", str(error)) from error


def _read(file: pymupdf.Document, tables: bool) -> Reading:
    if file.page_count > _MOST_PAGES:
        raise Reject("too-many-pages", f"{file.page_count} pages, more than {_MOST_PAGES}")
    sheets: list[Sheet] = []
    found: list[Evidence] = []
    broken: list[int] = []
    for number in range(1, file.page_count + 1):
        try:
            page = file[number - 1]
            drawings = page.get_cdrawings() if tables else []
            if covered := covered_text(page, drawings) if tables else "":
                raise Reject("failed-redaction", f"page {number}: {len(covered)} letters under a dark box")
            own = sheet(page, number, rules_of(drawings), panels_of(drawings, tuple(page.rect)))
            found.append(evidence(Painting(page), own))
            sheets.append(own)
        except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
            _raise_want_of_memory(error)
            broken.append(number)
    bad_fonts = broken_fonts(sheets)
    verdicts = {own.number: judge(seen, bad_fonts) for own, seen in zip(sheets, found, strict=True)}
    pages, structure = _pages(sheets, verdicts)
    pages += [Page(number, "", "none", "broken-page", None, NONE, part_page=number) for number in broken]
    pages.sort(key=lambda page: page.number)
    title, metadata = _metadata(file)
    metadata["triage"] = {str(number): verdict.figures for number, verdict in verdicts.items()}
    if lost := {str(page.number): count for page in pages if (count := page.text.count("\ufffd"))}:
        metadata["lost_characters"] = lost
    if broken:
        metadata["broken_pages"] = broken
    return Reading("pdf", pages, title, metadata, structure)


def _pages(sheets: list[Sheet], verdicts: dict[int, Verdict]) -> tuple[list[Page], dict[str, Any]]:
    """Pages with their text in reading order, and the tables of those that are read from their text layer."""
    left_out = furniture(sheets)
    read = {found.number for found in sheets if verdicts[found.number].method == "embedded"}
    tables = linked(
        [
            leaf(found, page_tables(found, cell_flow) if found.number in read else [], kinds)
            for found, kinds in zip(sheets, left_out, strict=True)
        ]
    )
    ends = line_ends(sheets)
    pages = []
    for found, kinds, own in zip(sheets, left_out, tables, strict=True):
        verdict, number = verdicts[found.number], found.number
        page = page_text(found, kinds, own, ends)
        text, lines = (page.text, page.lines) if number in read else ("", [])
        pages.append(Page(number, text, verdict.method, verdict.reason, None, page.writing, 0, number, lines))
    structure: dict[str, Any] = {"kind": "document"}
    if found_tables := tables_json(tables):
        structure["tables"] = found_tables
    return pages, structure


def _metadata(file: pymupdf.Document) -> tuple[str, dict[str, Any]]:
    info = file.metadata or {}
    found: dict[str, Any] = {key: info[key] for key in _INFO if info.get(key)}
    if info.get("encryption"):
        found["encryption"] = info["encryption"]
    if file.is_repaired:
        found["repaired"] = True
    title = _PRINTED.sub("", info.get("title") or "")
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
