"""The picture of one page for people, with places marked on it: the other side of the text on the web page.

A stage, although it writes no side-car: so a hostile file costs its own worker, as in every other stage.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from kobunko.errors import Reject
from kobunko.records import Blob
from kobunko.stage import Resources, Stage

WIDTH, HEIGHT = 1200, 1700  # pixels, at most
_MARK = (255, 200, 0, 70)
_EDGE = (178, 90, 0, 255)


@dataclass(frozen=True, slots=True)
class Box:
    """In fractions of the page from its top left."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class ViewInput:
    """A page of the only part that is given (from 1), and what to mark on it."""

    page: int
    boxes: list[Box]
    blobs: list[Blob]


@dataclass(frozen=True, slots=True)
class View:
    image: bytes  # WebP


def make() -> Callable[[ViewInput], View]:
    return view


def view(wanted: ViewInput) -> View:
    from kobunko.ocr.render import page_image  # brings MuPDF along, which only workers need

    try:
        pixels = page_image(wanted.blobs[0], wanted.page)
    except IndexError as error:
        raise Reject("no-such-page", str(error)) from error
    image = Image.fromarray(pixels)
    image.thumbnail((WIDTH, HEIGHT))
    if wanted.boxes:
        layer = Image.new("RGBA", image.size)
        draw = ImageDraw.Draw(layer)
        for box in wanted.boxes:
            place = (box.x0 * image.width, box.y0 * image.height, box.x1 * image.width, box.y1 * image.height)
            draw.rectangle(place, fill=_MARK, outline=_EDGE, width=2)
        image = Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return View(buffer.getvalue())


VIEW = Stage(
    name="view",
    version=1,
    make=make,
    reads=ViewInput,
    writes=View,
    resources=Resources(memory_mb=2048, wall_s=60, tasks_per_worker=200),
)
