"""Judgments: read without OCR, and split into the sections that a person found in them.

`judgment_sections.json` holds for each case how many letters stand before each section (white space and page numbers
left out, so that no layout matters), how many judges signed, and the opinions; checked by eye.

How pages are split does not depend on who read them: a page that waits for OCR (whole lines on four pages of one
judgment are images) stands here with what its text layer has.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymupdf

from kobunko.errors import Reject
from kobunko.extract.assemble import TextInput, assemble
from kobunko.extract.judgment import judgment, letters_before
from kobunko.extract.pdf import read_pdf
from kobunko.records import Page

NEEDS_SAMPLES = True
FLOORS = {
    "pages read without OCR": (">=", 0.991),
    "is a judgment": (">=", 1.0),
    "labelled": (">=", 30.0),
    "sections right": (">=", 1.0),
    "documents all right": (">=", 1.0),
    "judges counted right": (">=", 1.0),
}
LABELS = Path(__file__).with_name("judgment_sections.json")


def measure(samples: Path) -> dict[str, float]:
    labels = json.loads(LABELS.read_text())
    found = {path.stem: described(path) for path in sorted((samples / "courts").rglob("*.pdf"))}
    pages = [page for case in found.values() for page in case["pages"]]
    right = total = whole = judges = 0
    for name, label in labels.items():
        wanted, got = label["sections"], found[name].get("sections", [])
        total += len(wanted)
        right += sum(section in got for section in wanted)
        whole += wanted == got
        judges += label["judges"] == found[name].get("judges")
    return {
        "judgments": len(found),
        "pages read without OCR": sum(page != "ocr" for page in pages) / len(pages),
        "is a judgment": sum("sections" in case for case in found.values()) / len(found),
        "labelled": len(labels),
        "sections right": right / total,
        "documents all right": whole / len(labels),
        "judges counted right": judges / len(labels),
    }


def described(path: Path) -> dict[str, Any]:
    """What a label says of a judgment, as the program finds it."""
    try:
        pages = read_pdf(path.read_bytes()).pages
        text = assemble(TextInput("", "", _with_layers(path, pages), None, "{}", "pdf"), len).text
    except Reject:
        return {"pages": ["ocr"]}
    found = judgment(text, {})
    case: dict[str, Any] = {"pages": [page.method for page in pages]}
    if found:
        inner = [part for section in found["sections"] for part in [section, *section.get("sections", [])]]
        case["sections"] = [[part["kind"], letters_before(text, part["start"])] for part in inner]
        case["judges"] = len(found["judges"])
    return case


def _with_layers(path: Path, pages: list[Page]) -> list[Page]:
    """The pages, those that wait for OCR with the text of their layer."""
    with pymupdf.open(path) as file:
        return [
            replace(page, method="embedded", text=file[page.part_page - 1].get_text()) if page.method == "ocr" else page
            for page in pages
        ]
