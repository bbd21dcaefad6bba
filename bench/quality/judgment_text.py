"""The text of judgments in PDF: how many, and how many pages, are read without OCR, and how it differs from a second
extractor's. One judgment has four pages with whole lines drawn as pictures, which only OCR can read.

The second extractor is PDFium. Its text has page numbers as lines of their own, which are taken out. White space and
pages that wait for OCR are not compared.
"""

import re
from pathlib import Path

import pypdfium2

from bench.characters import edit_distance
from kobunko.extract.assemble import TextInput, assemble
from kobunko.extract.pdf import read_pdf

NEEDS_SAMPLES = True
FLOORS: dict[str, tuple[str, float]] = {
    "judgments": (">=", 94),
    "judgments read wholly without OCR": (">=", 0.98),
    "pages read without OCR": (">=", 0.991),
    "character error against PDFium": ("<=", 0.001),
    "character error, worst judgment": ("<=", 0.01),
    "sentences broken at the end of a line or page, per 1000 characters": ("<=", 0.15),
}
FOLDER = "courts"
_PAGE_NUMBER = re.compile(r"^\s*[-−‐ー―]?\s*\d{1,3}\s*[-−‐ー―]?\s*$", re.MULTILINE)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ufffe\uffff]")  # what PDFium writes for line ends and soft hyphens


def measure(samples: Path) -> dict[str, float]:
    files = sorted((samples / FOLDER).rglob("*.pdf"))
    unread = errors = characters = worst = 0.0
    all_pages = read_pages = 0
    broken = 0
    for path in files:
        body = path.read_bytes()
        pages = read_pdf(body).pages
        unread += any(page.method == "ocr" for page in pages)
        all_pages += len(pages)
        read_pages += sum(page.method != "ocr" for page in pages)
        others = _second_reading(body)
        pairs = [
            ("".join(page.text.split()), other)
            for page, other in zip(pages, others, strict=True)
            if page.method != "ocr"
        ]
        distance, length = sum(edit_distance(*pair) for pair in pairs), sum(len(other) for _, other in pairs)
        errors += distance
        characters += length
        worst = max(worst, distance / length)
        broken += _broken_sentences(assemble(TextInput("", "", pages, None, "{}", "pdf"), len).text)
    return {
        "judgments": len(files),
        "judgments read wholly without OCR": 1 - unread / len(files),
        "pages": all_pages,
        "pages read without OCR": read_pages / all_pages,
        "character error against PDFium": errors / characters,
        "character error, worst judgment": worst,
        "sentences broken at the end of a line or page, per 1000 characters": 1000 * broken / characters,
    }


def _second_reading(body: bytes) -> list[str]:
    file = pypdfium2.PdfDocument(body)
    texts = [page.get_textpage().get_text_range() for page in file]
    return ["".join(_NOT_TEXT.sub("", _PAGE_NUMBER.sub("", text.replace("\r", ""))).split()) for text in texts]


def _broken_sentences(text: str) -> int:
    """Lines of 30 characters and more that end in the middle of a sentence, with kana or kanji."""
    return len(re.findall("^.{29,}[\u3041-\u30ff\u4e00-\u9fff]\n+(?=[\u3041-\u30ff\u4e00-\u9fff])", text, re.MULTILINE))
