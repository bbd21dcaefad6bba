"""Ruled tables of PDF files: spreadsheets printed and read back, and the agreement with a second extractor.

The spreadsheets are printed to PDF by LibreOffice (`soffice` must be on the path). A cell counts as found where its
text, without white space, stands in its column; rows are compared whole. What a sheet prints is what the reference
holds: its print area, repeated title rows once.

The layout PDF of e-Stat is a form, and its CSV is what a person read out of it: number and label of each box, under
section names of which some stand nowhere on the page. Counted are the labels that stand in one cell, without counters
in brackets, and the numbers of the boxes.
"""

import csv
import re
import shutil
import subprocess
import tempfile
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl
import pdfplumber
from openpyxl.utils import range_boundaries

from kobunko.errors import UsageError
from kobunko.extract.pdf import read_pdf

NEEDS_SAMPLES = True
FLOORS: dict[str, tuple[str, float]] = {
    "cell precision": (">=", 0.999),
    "cell recall": (">=", 0.999),
    "cell F1": (">=", 0.999),
    "sheets that are one table": (">=", 1.0),
    "e-Stat layout: labels in one cell": (">=", 1.0),
    "e-Stat layout: numbers of boxes": (">=", 1.0),
}
FORM = "estat/paper_excel_layout"
_COUNTER = re.compile(r"\((?:\d+|[ァ-ヶ])\)|\d+(?=行|列)|〃")
_PARTS = re.compile(r"[\s/()（）、,「」]+|(?<=\d)\.")
SHEETS = "ministry/mhlw_clinic_lists/*.xlsx"
PRINTED = "ministry/mhlw_clinic_lists/*.pdf"
Row = tuple[str, ...]


def measure(samples: Path) -> dict[str, float]:
    right = found = wanted = rows_right = rows = single = 0
    with tempfile.TemporaryDirectory() as folder:
        sheets = sorted(samples.glob(SHEETS))
        for sheet, pdf in zip(sheets, _printed(sheets, Path(folder)), strict=True):
            reference = _reference(sheet)
            tables = read_pdf(pdf.read_bytes()).structure.get("tables", [])
            own = [_trimmed(map(_solid, row)) for table in tables for row in table["cells"]]
            wanted_cells, found_cells = _cells(reference), _cells(own)
            right += (wanted_cells & found_cells).total()
            wanted, found = wanted + wanted_cells.total(), found + found_cells.total()
            rows_right += (Counter(reference) & Counter(own)).total()
            rows += len(reference)
            single += len(tables) == 1
    agreement = _agreement(sorted(samples.glob(PRINTED)))
    return {
        "cells of printed sheets": wanted,
        "cell precision": right / found,
        "cell recall": right / wanted,
        "cell F1": 2 * right / (found + wanted),
        "rows exactly right": rows_right / rows,
        "sheets that are one table": single / len(sheets),
        "agreement with pdfplumber, cells": agreement,
        **_form(samples / FORM),
    }


def _form(folder: Path) -> dict[str, float]:
    (path,) = folder.glob("*.pdf")
    read = read_pdf(path.read_bytes())
    with (folder / "extracted.csv").open(encoding="utf-8") as file:
        boxes = list(csv.DictReader(file))
    tables = [table["cells"] for table in read.structure["tables"] if table["page"] == 1]
    cells = [_plain(cell) for rows in tables for row in rows for cell in row]
    labels = [
        part
        for box in boxes
        if box["value_type"] != "blank"
        for piece in _PARTS.split(_COUNTER.sub("", unicodedata.normalize("NFKC", box["row_label"])))
        if len(part := _plain(piece)) > 1
    ]
    words = set(re.split(r"\s+", read.pages[0].text))
    return {
        "e-Stat layout: labels": len(labels),
        "e-Stat layout: labels in one cell": sum(any(x in cell for cell in cells) for x in labels) / len(labels),
        "e-Stat layout: numbers of boxes": sum(f"({int(box['col_code'])})" in words for box in boxes) / len(boxes),
    }


def _plain(text: str) -> str:
    """Letters alone, in one form."""
    return _COUNTER.sub("", re.sub(r"[\s・:]", "", unicodedata.normalize("NFKC", text)))


def _printed(sheets: Sequence[Path], folder: Path) -> list[Path]:
    office = shutil.which("soffice")
    if not office:
        raise UsageError("soffice is not on the path: install the package libreoffice-calc.")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [office, "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder), *map(str, sheets)]
    subprocess.run(command, check=True, capture_output=True)
    return [folder / f"{sheet.stem}.pdf" for sheet in sheets]


def _reference(path: Path) -> list[Row]:
    """The rows that the sheet prints, without those that are empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    area = sheet.print_area.split("!")[-1].replace("$", "") if sheet.print_area else sheet.dimensions
    first_column, first_row, last_column, last_row = range_boundaries(area)
    values = sheet.iter_rows(first_row, last_row, first_column, last_column, values_only=True)
    rows = [tuple(_solid("" if value is None else str(value)) for value in row) for row in values]
    return [row for row in map(_trimmed, rows) if row]


def _cells(rows: Iterable[Row]) -> Counter[tuple[int, str]]:
    return Counter((column, text) for row in rows for column, text in enumerate(row) if text)


def _trimmed(row: Iterable[str]) -> Row:
    """Without the empty cells at its end."""
    cells = list(row)
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _solid(text: str) -> str:
    return "".join(text.split())


def _agreement(paths: Sequence[Path]) -> float:
    """Share of the different cells that both readers find in the same column, of those that either finds."""
    both = either = 0
    for path in paths:
        tables = read_pdf(path.read_bytes()).structure.get("tables", [])
        own = set(_cells(tuple(map(_solid, row)) for table in tables for row in table["cells"]))
        with pdfplumber.open(path) as file:
            found = [rows for page in file.pages for rows in page.extract_tables()]
        other = set(_cells(tuple(_solid(cell or "") for cell in row) for rows in found for row in rows))
        both += len(own & other)
        either += len(own | other)
    return both / either
