"""Character error rates of OCR on sample pages with transcriptions, in strict order and wherever characters stand.

The samples hold `x.png`, `x.scan200.jpg`, … beside `x.gt.txt` in the folder `ocr`. `order` is how much of the strict
rate is reading order; it counts on pages with a layout. A page with red seals is made from the sample of a notice.
"""

from pathlib import Path

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from bench.characters import as_read, error_rates
from kobunko.ocr.engines import Image
from kobunko.ocr.page import PageText, compose
from kobunko.ocr.read import load_reader
from kobunko.ocr.reader import Reader
from kobunko.ocr.render import page_image
from kobunko.records import Blob
from kobunko.settings import OcrSettings

NEEDS_SAMPLES = True
LAYOUTS = ("r1", "r6", "r7", "s01", "s02", "s03", "s07")
FLOORS = {
    "r1 free": ("<=", 2.1),
    "r6 free": ("<=", 0.6),
    "r7 free": ("<=", 0.1),
    "r9a free": ("<=", 0.1),
    "s01 free, worst": ("<=", 0.9),
    "s02 free, worst": ("<=", 0.7),
    "s03 free, worst": ("<=", 0.3),
    "s07 free": ("<=", 0.05),
    "seals": ("<=", 3.0),
    "order, worst": ("<=", 1.0),
}


def measure(samples: Path) -> dict[str, float]:
    reader = load_reader(OcrSettings())
    found: dict[str, float] = {}
    orders = []
    for path in sorted((samples / "ocr").glob("*")):
        truth = path.with_name(path.name.split(".")[0] + ".gt.txt")
        if path.suffix not in (".png", ".jpg") or not truth.is_file():
            continue
        name = path.name.split("_")[0]
        strict, free = error_rates(truth.read_text(), read_page(reader, image_of(path)))
        key = f"{name} free, worst" if name.startswith("s0") and name != "s07" else f"{name} free"
        found[key] = max(free, found.get(key, 0.0))
        if name in LAYOUTS:
            orders.append(strict - free)
    found["order, worst"] = max(orders)
    notice = samples / "ocr" / "s01_notice.scan200.jpg"
    found["seals"] = error_rates(
        notice.with_name("s01_notice.gt.txt").read_text(), read_page(reader, sealed(image_of(notice)))
    )[0]
    return found


def image_of(path: Path, page: int = 1) -> Image:
    return page_image(Blob("", "", "", "", path.read_bytes()), page)


def read_page(reader: Reader, image: Image) -> str:
    (reading,) = reader.read([image])
    page: PageText = compose(reading, 1)
    return as_read(page.text, page.lines)


def sealed(image: Image) -> Image:
    """The page with three stamps over its text: red rings with strokes inside, whose ink multiplies with the page."""
    height, width = image.shape[:2]
    stamp = Picture.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(stamp)
    size = width // 9
    for x, y in ((0.62, 0.18), (0.3, 0.45), (0.55, 0.6)):
        left, top = int(x * width), int(y * height)
        draw.ellipse((left, top, left + size, top + size), outline=(215, 45, 50), width=max(3, size // 20))
        for number in range(1, 5):
            place = top + number * size // 5
            draw.line(
                (left + size // 5, place, left + 4 * size // 5, place), fill=(215, 45, 50), width=max(3, size // 25)
            )
            place = left + number * size // 5
            draw.line(
                (place, top + size // 5, place, top + 4 * size // 5), fill=(215, 45, 50), width=max(3, size // 25)
            )
    multiplied = image.astype(np.uint16) * np.asarray(stamp, dtype=np.uint16) // 255
    return multiplied.astype(np.uint8)
