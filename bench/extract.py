"""Pages per second and core of PDF extraction, beside the raw reading of PyMuPDF and other extractors.

    python bench/extract.py FOLDER [--every N] [--most PAGES] [--json]

Reads every Nth PDF of the folder that has at most so many pages and embedded text on all of them, with each reader in
turn, file by file, in this one process, and counts CPU seconds (the better of two rounds). The slow peers read one file
in five. Where pymupdf4llm cannot be imported it is left out: `pip install --no-deps --target DIR pymupdf4llm` and
`PYTHONPATH=DIR` bring it in.
"""

import argparse
import importlib.util
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pdfplumber
import pymupdf
import pypdfium2
from rich import progress
from rich.console import Console
from rich.table import Table

from kobunko.errors import Reject
from kobunko.extract.pdf import read_pdf

Reader = Callable[[bytes], int]
RAW = 'PyMuPDF get_text("dict")'
SLOW = 5


def raw_dict(body: bytes) -> int:
    with _opened(body) as file:
        return len([page.get_text("dict") for page in file])


def raw_dict_without_images(body: bytes) -> int:
    flags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES
    with _opened(body) as file:
        return len([page.get_text("dict", flags=flags) for page in file])


def raw_text(body: bytes) -> int:
    with _opened(body) as file:
        return len([page.get_text("text") for page in file])


def kobunko(body: bytes) -> int:
    return len(read_pdf(body).pages)


def kobunko_without_tables(body: bytes) -> int:
    return len(read_pdf(body, tables=False).pages)


def pdfium(body: bytes) -> int:
    return len([page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(body)])


def plumber(body: bytes) -> int:
    with pdfplumber.open(io.BytesIO(body)) as file:
        return len([page.extract_text() for page in file.pages])


def plumber_with_tables(body: bytes) -> int:
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
    RAW: (raw_dict, 1),
    'PyMuPDF get_text("dict"), no images': (raw_dict_without_images, 1),
    'PyMuPDF get_text("text")': (raw_text, 1),
    "Kobunko, tables off": (kobunko_without_tables, 1),
    "Kobunko": (kobunko, 1),
    "pypdfium2, text": (pdfium, 1),
    "pdfplumber, text": (plumber, SLOW),
    "pdfplumber, text and tables": (plumber_with_tables, SLOW),
    "pymupdf4llm": (pymupdf4llm, SLOW),
}


@dataclass
class Spent:
    """What a reader took for the files that it read, and what the raw reading took for the same files."""

    pages: int = 0
    seconds: float = 0.0
    raw: float = 0.0

    def figures(self) -> dict[str, float]:
        rate, ratio = self.pages / self.seconds, self.raw / self.seconds
        return {"pages": self.pages, "pages per CPU second": round(rate, 1), "of raw": round(ratio, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--most", type=int, default=60, metavar="PAGES")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    spent = measured(sorted(asked.folder.rglob("*.pdf"))[:: asked.every], asked.most)
    if not spent:
        sys.exit(f"{asked.folder} holds no PDF with embedded text")
    figures = {name: found.figures() for name, found in spent.items()}
    if asked.json:
        json.dump(figures, sys.stdout, indent=1)
        return
    table = Table("reader", "pages", "pages per CPU second", f"of {RAW}")
    for name, row in figures.items():
        table.add_row(name, *map(str, row.values()))
    Console(width=120).print(table)


def measured(files: Sequence[Path], most: int) -> dict[str, Spent]:
    found: dict[str, Spent] = {}
    bodies = (path.read_bytes() for path in files)
    for count, body in enumerate(body for body in track(bodies, "files", len(files)) if _counts(body, most)):
        raw = _cpu(raw_dict, body)[1]
        for name, (reader, every) in READERS.items():
            if count % every or (reader is pymupdf4llm and not importlib.util.find_spec("pymupdf4llm")):
                continue
            pages, seconds = _cpu(reader, body)
            mine = found.setdefault(name, Spent())
            mine.pages += pages
            mine.seconds += seconds
            mine.raw += raw
    return found


def track(bodies: Iterable[bytes], what: str, total: int) -> Iterable[bytes]:
    console = Console(stderr=True)
    return progress.track(bodies, what, total, console=console, disable=not console.is_terminal)


def _counts(body: bytes, most: int) -> bool:
    """Whether a file is one of those that are compared."""
    try:
        with _opened(body) as file:
            few = 0 < len(file) <= most
        return few and all(page.method != "ocr" for page in read_pdf(body, tables=False).pages)
    except (Reject, pymupdf.FileDataError):
        return False


def _cpu(reader: Reader, body: bytes) -> tuple[int, float]:
    """Pages, and the CPU seconds of the better of two rounds."""
    rounds = []
    for _ in range(2):
        started = time.process_time()
        count = reader(body)
        rounds.append(time.process_time() - started)
    return count, min(rounds)


if __name__ == "__main__":
    main()
