"""Which pages of PDF files need OCR, against labels made by looking at the pages beside their raw text layer.

`data/triage.json` holds the labels by SHA-256 of the file and number of the page: `text` (the layer says what is
printed), `ocr` (there is none, or it lies), `blank`, `mixed` (the layer is right, but pictures hold more text). The
labels were made without looking at what the code says, but the code was mended where it disagreed with them.
`data/triage_held_out.json` holds a hundred further pages, drawn at random within kinds of documents and labelled after
the code was done; nothing was mended for them, and nothing may be.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kobunko.extract.pdf import read_pdf
from kobunko.records import Page

NEEDS_SAMPLES = True
FLOORS: dict[str, tuple[str, float]] = {
    "pages": (">=", 559),
    "needs ocr, precision": (">=", 0.97),
    "needs ocr, recall": (">=", 0.99),
    "mixed, precision": (">=", 0.8),
    "mixed, recall": (">=", 0.7),
    "blank, recall": (">=", 1.0),
    "held out: pages": (">=", 100),
    "held out: needs ocr, precision": (">=", 1.0),
    "held out: needs ocr, recall": (">=", 0.96),
}
LABELS = Path(__file__).parent / "data" / "triage.json"
HELD_OUT = LABELS.with_name("triage_held_out.json")


def measure(samples: Path) -> dict[str, float]:
    held_out = Counter((label, decided(page)) for label, page in labelled(samples, HELD_OUT))
    seen = held_out + Counter((label, decided(page)) for label, page in labelled(samples, LABELS))
    return figures(seen) | {f"held out: {name}": value for name, value in figures(held_out).items()}


def figures(seen: Counter[tuple[str, str]]) -> dict[str, float]:
    """Precision and recall of counts by label and decision."""
    return {
        "pages": seen.total(),
        "needs ocr, precision": _share(seen["ocr", "ocr"], sum(seen[label, "ocr"] for label in _LABELS)),
        "needs ocr, recall": _share(seen["ocr", "ocr"], sum(seen["ocr", found] for found in _LABELS)),
        "mixed, precision": _share(seen["mixed", "mixed"], sum(seen[label, "mixed"] for label in _LABELS)),
        "mixed, recall": _share(seen["mixed", "mixed"], sum(seen["mixed", found] for found in _LABELS)),
        "blank, recall": _share(seen["blank", "blank"], sum(seen["blank", found] for found in _LABELS)),
    }


_LABELS = ("text", "ocr", "blank", "mixed")


def labelled(samples: Path, labels: Path) -> Iterator[tuple[str, Page]]:
    """Label and page of every labelled page; a file that is missing is an error."""
    wanted = json.loads(labels.read_text())
    found = files(samples)
    for digest, pages in wanted.items():
        read = read_pdf(found[digest].read_bytes()).pages
        for number, label in pages.items():
            yield label, read[int(number) - 1]


def files(samples: Path) -> dict[str, Path]:
    """The PDF files of a folder by their SHA-256."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(samples.rglob("*.pdf"))}


def decided(page: Page) -> str:
    """What the code says of a page, in the words of the labels."""
    if page.reason == "text-beside-images":
        return "mixed"
    return {"embedded": "text", "ocr": "ocr", "none": "blank"}[page.method]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
