"""www.kurashi.demo.example: the site of an invented ministry, with what makes such sites hard.

Files with numbers for names, a page in Shift_JIS, a vertical notification, a scan, a spreadsheet, a notice that was
published again with small edits, a link that leads nowhere, an empty file that calls itself PDF, and a folder that
robots.txt closes.
"""

import io
import re
import zipfile
from datetime import datetime
from string import Template

import openpyxl
from openpyxl.styles import Border, Font, Side

from kobunko.demo import pdf
from kobunko.demo.archive import zipped
from kobunko.demo.web import HTML, NOT_FOUND, PDF, Answer, Host, text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNDECLARED = "text/html"  # the charset stands in the page only, as on older sites

PAGES = {
    "/": "index",
    "/news/index.html": "news_index",
    "/news/20261001.html": "news_20261001",
    "/news/20260908.html": "news_20260908",
    "/policy/ido/index.html": "ido",
    "/terms.html": "terms",
    "/internal/draft.html": "draft",
}
NOTICE = "落葉期における共同井戸の清掃について（通知）"
# What differs between the notice and its second publication a week later.
CORRECTED = {
    "令和８年９月１日": "令和８年９月８日",
    "くら安水第４１２号": "くら安水第４２０号",
    "0412（直通）": "0420（直通）",
}


def host() -> Host:
    files = {path: Answer(_page(name).encode(), HTML, stored=True) for path, name in PAGES.items()}
    files["/policy/kairan.html"] = Answer(_page("kairan", "Shift_JIS").encode("cp932"), UNDECLARED, stored=True)
    files["/robots.txt"] = Answer(text("kurashi/robots.txt").encode(), "text/plain", stored=True)
    files |= {f"/content/{name}": answer for name, answer in _files().items()}
    return lambda path, _: files.get(path, NOT_FOUND)


def _page(name: str, charset: str = "UTF-8") -> str:
    title, body = text(f"kurashi/pages/{name}.html").split("\n", 1)
    return Template(text("kurashi/page.html")).substitute(charset=charset, title=title, body=body.strip())


def _files() -> dict[str, Answer]:
    notice = text("kurashi/files/seiso.txt")
    bodies = {
        "000012345.pdf": pdf.horizontal(notice, NOTICE),
        "000012399.pdf": pdf.horizontal(_corrected(notice), NOTICE),
        "000001107.pdf": pdf.vertical(text("kurashi/files/hyoshiki.txt"), "共同井戸の標識に関する基準"),
        "000000318.pdf": pdf.scan(text("kurashi/files/ifuta.txt"), "", seed=318),
        "000012400.pdf": b"",
    }
    sheet = Answer(_ledger(), XLSX, stored=True)
    return {name: Answer(body, PDF, stored=True) for name, body in bodies.items()} | {"000012346.xlsx": sheet}


def _corrected(notice: str) -> str:
    for wrong, right in CORRECTED.items():
        notice = notice.replace(wrong, right)
    return notice


def _ledger() -> bytes:
    """The form of a well's ledger, as the spreadsheet that offices make: a merged title and ruled cells."""
    book = openpyxl.Workbook()
    book.properties.creator = "くらし安全省"
    book.properties.created = datetime(2026, 10, 1, 9)
    book.remove(book.worksheets[0])
    thin = Side(style="thin")
    for block in text("kurashi/files/ledger.txt").strip().split("\n\n"):
        name, title, *lines = block.split("\n")
        sheet = book.create_sheet(name)
        rows = [line.split("|") for line in lines]
        sheet.append([title])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[0]))
        sheet["A1"].font = Font(bold=True, size=14)
        for row in rows:
            sheet.append([int(cell) if cell.isdecimal() else cell for cell in row])
        for cells in sheet.iter_rows(min_row=2):
            for cell in cells:
                cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
    buffer = io.BytesIO()
    book.save(buffer)
    return _dated(buffer.getvalue())


def _dated(workbook: bytes) -> bytes:
    """The same workbook without the time at which it was saved, which openpyxl writes in two places."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    core = members["docProps/core.xml"]
    members["docProps/core.xml"] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-10-01T09:00:00Z", core)
    return zipped(members)
