"""Character error rate and CPU time of the OCR on a folder of page images with transcriptions.

    python bench/ocr.py FOLDER [NAME…]

Beside `x.png`, `x.scan.jpg`, … the folder holds `x.gt.txt`. `CER` depends on reading order; `bag` is the share of
characters that were not read at all, wherever they stand: what is between the two is order.
"""

import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from kobunko.ocr.order import read_in_order
from kobunko.ocr.read import engine
from kobunko.ocr.render import page_image
from kobunko.records import Blob

SUFFIXES = (".png", ".jpg", ".pdf")


def normal(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def edit_distance(one: str, two: str) -> int:
    """Levenshtein distance, a row at a time."""
    codes = np.array([ord(character) for character in two])
    steps = np.arange(len(two) + 1)
    row = steps
    for number, character in enumerate(one, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(character)))
        best = np.concatenate([[number], best])
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def main(folder: Path, names: list[str]) -> None:
    pages = [
        (path, path.with_name(path.name.split(".")[0] + ".gt.txt"))
        for path in sorted(folder.glob("*"))
        if path.suffix in SUFFIXES and (not names or any(name in path.name for name in names))
    ]
    pages = [(path, truth) for path, truth in pages if truth.is_file()]
    if not pages:
        sys.exit(f"{folder} holds no page image with a transcription beside it (x.png and x.gt.txt)")
    table = Table("page", "CER %", "bag %", "confidence", "writing", "CPU s")
    for path, truth in pages:
        image = page_image(Blob("", "", "", "", path.read_bytes()), 1)
        started = time.process_time()
        reading = engine().read(image)
        spent = time.process_time() - started
        ordered = read_in_order(reading.lines, reading.width, reading.height, reading.cells)
        expected, found = normal(truth.read_text()), normal(ordered.text)
        missing = sum((Counter(expected) - Counter(found)).values())
        figures = (100 * edit_distance(expected, found) / len(expected), 100 * missing / len(expected))
        table.add_row(
            path.name, *(f"{x:.2f}" for x in figures), f"{reading.confidence:.3f}", ordered.writing, f"{spent:.1f}"
        )
    Console().print(table)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
