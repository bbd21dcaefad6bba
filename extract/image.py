"""Image files: every frame is a page that has to be read by OCR."""

import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from kobunko.errors import Reject
from kobunko.extract.reading import Reading, ocr_page

Image.MAX_IMAGE_PIXELS = 100_000_000  # Pillow refuses an image of more than twice as many


def read_image(body: bytes) -> Reading:
    """One page for each frame. Raises `corrupt-image` and `image-too-large` (over 200 megapixels)."""
    frames: list[dict[str, Any]] = []
    try:
        with Image.open(io.BytesIO(body)) as image:
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                if image.width * image.height > 2 * (Image.MAX_IMAGE_PIXELS or 0):
                    raise Reject("image-too-large", f"{image.width} × {image.height} pixels")
                image.load()
                frames.append({"width": image.width, "height": image.height, "mode": image.mode})
            kind = image.format or ""
    except Image.DecompressionBombError as error:
        raise Reject("image-too-large", str(error)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Reject("corrupt-image", str(error)) from error
    pages = [ocr_page(number, "image-file") for number in range(1, len(frames) + 1)]
    return Reading("image", pages, metadata={"image": kind, "frames": frames}, structure={"kind": "image"})
