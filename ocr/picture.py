"""A page with its lines framed and numbered in reading order, for looking at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kobunko.ocr.render import page_image
from kobunko.records import Blob

COLOURS = {"table": "green", "note": "orange", "header": "purple", "page-number": "purple", "ruby": "orange"}


def picture(blob: Blob, page: int, lines: Sequence[Mapping[str, Any]], rotation: int) -> Image.Image:
    """The upright image of a page (from 1) with the boxes of its lines (`records.Line` in plain data)."""
    image = Image.fromarray(np.ascontiguousarray(np.rot90(page_image(blob, page), rotation // 90)))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(16, max(image.size) // 90))
    for number, line in enumerate(lines, 1):
        left, right = line["x0"] * image.width, line["x1"] * image.width
        top, bottom = line["y0"] * image.height, line["y1"] * image.height
        draw.rectangle((left, top, right, bottom), outline=COLOURS.get(line["kind"], "red"), width=2)
        draw.text((left, top), str(number), fill="blue", font=font, anchor="lb")
    return image
