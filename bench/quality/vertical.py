"""The order of lines on vertical pages, against the order in which a person reads them.

`data/vertical.json` holds, by SHA-256 of the file and page, the boxes of the page's columns of text (fractions of the
page) in reading order, checked on the picture of the page.
"""

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from bench.quality.triage import files
from kobunko.extract.pdf import read_pdf
from kobunko.records import Line, Page

NEEDS_SAMPLES = True
FLOORS: dict[str, tuple[str, float]] = {
    "pages": (">=", 20),
    "Kendall's tau of lines, mean": (">=", 0.99),
    "Kendall's tau of lines, worst page": (">=", 0.99),
    "lines found": (">=", 1.0),
}
LABELS = Path(__file__).parent / "data" / "vertical.json"
Box = tuple[float, float, float, float]


def measure(samples: Path) -> dict[str, float]:
    found = files(samples)
    by_file = defaultdict(list)
    for item in json.loads(LABELS.read_text()):
        by_file[item["sha256"]].append(item)
    taus, seen, wanted = [], 0, 0
    for digest, items in by_file.items():
        pages = read_pdf(found[digest].read_bytes()).pages
        for item in items:
            order = _order(pages[item["page"] - 1], item["lines"])
            taus.append(_tau(order))
            seen += len(set(order))
            wanted += len(item["lines"])
    return {
        "pages": len(taus),
        "Kendall's tau of lines, mean": sum(taus) / len(taus),
        "Kendall's tau of lines, worst page": min(taus),
        "lines found": seen / wanted,
    }


def _order(page: Page, columns: list[Box]) -> list[int]:
    """For each line of the text in its order, the number of the labelled column that it stands in."""
    lines = sorted((line for line in page.lines if line.start < line.end), key=lambda line: line.start)
    places = (_column(line, columns) for line in lines)
    return [place for place in places if place is not None]


def _column(line: Line, columns: list[Box]) -> int | None:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    inside = [
        (abs(x - (x0 + x1) / 2), index)
        for index, (x0, y0, x1, y1) in enumerate(columns)
        if x0 - 0.01 <= x <= x1 + 0.01 and y0 - 0.02 <= y <= y1 + 0.02
    ]
    return min(inside)[1] if inside else None


def _tau(order: list[int]) -> float:
    """Kendall's tau of a sequence of ranks against their natural order; pairs of one rank do not count."""
    signs = [1 if a < b else -1 for a, b in combinations(order, 2) if a != b]
    return sum(signs) / len(signs) if signs else 1.0
