"""Chinese-only forms of kanji in what OCR reads from the scans among the samples: there are none.

`data/chinese_forms.txt` holds the forms of GB 2312 that neither JIS X 0213 nor cp932 has, and two that are old forms in
Japan and the only ones in China, which the recogniser liked to see on modern pages.
"""

from pathlib import Path

from bench.quality.ocr import image_of, read_page
from kobunko.ocr.read import load_reader
from kobunko.settings import OcrSettings

NEEDS_SAMPLES = True
FLOORS = {"chinese forms": ("==", 0.0), "pages": (">=", 20.0)}


def measure(samples: Path) -> dict[str, float]:
    forms = frozenset((Path(__file__).parent / "data" / "chinese_forms.txt").read_text(encoding="utf-8").split())
    forms = frozenset("".join(forms))
    reader = load_reader(OcrSettings())
    pages = [(path, 1) for path in sorted((samples / "ocr").glob("*scan200*"))]
    pages += [(path, 1) for path in sorted((samples / "ocr").glob("r*.png"))]
    for path in sorted((samples / "ministry").glob("*image_only*/*.pdf")):
        pages += [(path, 1), (path, 2)]
    found = [character for path, page in pages for character in read_page(reader, image_of(path, page))]
    return {"chinese forms": float(sum(character in forms for character in found)), "pages": float(len(pages))}
