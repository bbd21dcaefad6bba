"""Reading order of vertical scans against labels: Kendall's tau of the lines of pages that a person put in order.

`data/vertical_order.json` names files by their SHA-256 and holds for each page the centres of its lines, in fractions
of the upright page, in reading order; it holds no text. Whoever labelled the pages, two drawn by chance of every file
(one has one), saw them with boxes under random names, marked the regions in the order in which a person reads them
(running head at the right margin, body, the remarks above it, text below it, left margin), and in each the columns.
"""

import hashlib
import json
from itertools import combinations
from pathlib import Path

from bench.quality.ocr import image_of
from kobunko.ocr.page import compose
from kobunko.ocr.read import load_reader
from kobunko.records import Line
from kobunko.settings import OcrSettings

NEEDS_SAMPLES = True
FLOORS = {"mean tau": (">=", 0.99), "pages": ("==", 20.0), "lines matched": (">=", 0.98)}
LABELS = Path(__file__).parent / "data" / "vertical_order.json"


def measure(samples: Path) -> dict[str, float]:
    files = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in samples.rglob("*image_only*/*.pdf")}
    reader = load_reader(OcrSettings())
    taus, matched, labelled = [], 0, 0
    for label in json.loads(LABELS.read_text()):
        (reading,) = reader.read([image_of(files[label["sha256"]], label["page"])])
        places = placed(label["centres"], compose(reading, label["page"]).lines)
        taus.append(tau(places))
        matched += len(places)
        labelled += len(label["centres"])
    return {
        "mean tau": sum(taus) / len(taus),
        "worst tau": min(taus),
        "pages": float(len(taus)),
        "lines matched": matched / labelled,
    }


def placed(centres: list[list[float]], lines: list[Line]) -> list[int]:
    """For each labelled line the place of the line that covers its centre, where there is one."""
    found = []
    for x, y in centres:
        over = [n for n, line in enumerate(lines) if line.x0 <= x <= line.x1 and line.y0 <= y <= line.y1]
        found += over[:1]
    return found


def tau(places: list[int]) -> float:
    """Kendall's tau of places against their order; equal places (two lines found as one) say nothing."""
    signs = [(later > earlier) - (later < earlier) for earlier, later in combinations(places, 2)]
    told = [sign for sign in signs if sign]
    return sum(told) / len(told) if told else 1.0
