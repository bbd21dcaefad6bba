"""Pages per second and core of PDF extraction, beside the raw reading of PyMuPDF and other extractors.

    python bench/extract.py FOLDER [--every N]

Reads every Nth PDF of the folder with each reader in turn, file by file, in this one process, and counts CPU seconds.
Only files count whose pages have embedded text. Peers (pypdfium2, pdfplumber, pymupdf4llm) are measured where they can
be imported; the slow ones read one file in ten.
"""

import argparse
import importlib.util
import io
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pymupdf
from rich.console import Console
from rich.table import Table

from kobunko.extract.pdf import read_pdf

Reader = Callable[[bytes], int]
SLOW = 10


def raw_dict(body: bytes) -> int:
    with _opened(body) as file:
        return len([page.get_text("dict") for page in file])


def raw_text(body: bytes) -> int:
    with _opened(body) as file:
        return len([page.get_text("text") for page in file])


def kobunko(body: bytes) -> int:
    return len(read_pdf(body).pages)


def kobunko_without_tables(body: bytes) -> int:
    return len(read_pdf(body, tables=False).pages)


def pdfium(body: bytes) -> int:
    import pypdfium2

    return len([page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(body)])


def plumber(body: bytes) -> int:
    import pdfplumber

    with pdfplumber.open(io.BytesIO(body)) as file:
        return len([(page.extract_text(), page.extract_tables()) for page in file.pages])


def pymupdf4llm(body: bytes) -> int:
    import pymupdf4llm as peer

    with _opened(body) as file:
        peer.to_markdown(file, use_ocr=False)
        return len(file)


def _opened(body: bytes) -> pymupdf.Document:
    file = pymupdf.open(stream=body, filetype="pdf")
    if file.needs_pass:
        file.authenticate("")
    return file


READERS: dict[str, tuple[Reader, int]] = {
    'PyMuPDF get_text("dict")': (raw_dict, 1),
    'PyMuPDF get_text("text")': (raw_text, 1),
    "Kobunko, tables off": (kobunko_without_tables, 1),
    "Kobunko": (kobunko, 1),
    "pypdfium2, text": (pdfium, 1),
    "pdfplumber, text and tables": (plumber, SLOW),
    "pymupdf4llm": (pymupdf4llm, SLOW),
}
MODULES = {"pypdfium2, text": "pypdfium2", "pdfplumber, text and tables": "pdfplumber", "pymupdf4llm": "pymupdf4llm"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    files = sorted(asked.folder.rglob("*.pdf"))[:: asked.every]
    pages: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    base: dict[str, float] = defaultdict(float)  # seconds of the raw reading of the same files
    counted = 0
    for path in files:
        body = path.read_bytes()
        if any(page.method == "ocr" for page in read_pdf(body).pages):
            continue
        raw = _cpu(raw_dict, body)[1]
        for name, (reader, every) in READERS.items():
            missing = name in MODULES and not importlib.util.find_spec(MODULES[name])
            if missing or counted % every:
                continue
            count, spent = _cpu(reader, body)
            pages[name] += count
            seconds[name] += spent
            base[name] += raw
        counted += 1
    if not counted:
        sys.exit(f"{asked.folder} holds no PDF with embedded text")
    table = Table("reader", "pages", "pages per CPU second", 'of PyMuPDF get_text("dict")')
    for name in seconds:
        ratio = base[name] / seconds[name]
        table.add_row(name, str(pages[name]), f"{pages[name] / seconds[name]:.1f}", f"{ratio:.2f}")
    Console(width=120).print(table)


def _cpu(reader: Reader, body: bytes) -> tuple[int, float]:
    started = time.process_time()
    count = reader(body)
    return count, time.process_time() - started


if __name__ == "__main__":
    main()
