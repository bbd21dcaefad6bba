"""From the bytes of a part to the image of one page, bounded in memory, and whether there is any ink on it."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from kobunko.errors import Reject
from kobunko.records import Blob

DPI = 200
LONGEST_SIDE = 4000  # pixels of a page image
DARK = 60  # grey levels below the paper at which a pixel is ink
INK = 0.0002  # share of dark pixels below which a page is blank

Pixels = NDArray[np.uint8]


def page_image(blob: Blob, page: int) -> Pixels:
    """RGB image, height × width × 3, of a page (from 1) of a PDF or image file; raises `Reject`."""
    if blob.body[:1024].lstrip().startswith(b"%PDF") or b"%PDF-" in blob.body[:1024]:
        return _pdf_page(blob.body, page)
    return _image_frame(blob.body, page)


def _pdf_page(body: bytes, number: int) -> Pixels:
    import pymupdf  # 70 MB that a machine which reads images alone need not have

    pymupdf.TOOLS.mupdf_display_errors(False)
    with pymupdf.open(stream=body, filetype="pdf") as document:
        if document.needs_pass and not document.authenticate(""):
            raise Reject("encrypted")
        sheet = document[number - 1]
        zoom = min(DPI / 72, LONGEST_SIDE / max(1.0, sheet.rect.width, sheet.rect.height))
        pixmap = sheet.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csRGB, alpha=False)
        image = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
        return image[:, : pixmap.width * 3].reshape(pixmap.height, pixmap.width, 3).copy()


def _image_frame(body: bytes, number: int) -> Pixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # at half of what is refused below
            with Image.open(io.BytesIO(body)) as file:
                file.seek(number - 1)
                image = ImageOps.exif_transpose(_colours(file))
    except Image.DecompressionBombError as error:
        raise Reject("image-too-large", str(error)) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Reject("corrupt-image", str(error)) from error
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # before the paper is laid under it: three copies cost memory
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return np.asarray(image, dtype=np.uint8)


def _colours(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where there is transparency; 16-bit and floating-point grey is stretched to eight bits."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        grey = Image.fromarray(((values - low) * (255 / max(1.0, high - low))).astype(np.uint8))
        return grey.convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def is_blank(image: Pixels) -> bool:
    """True where there is no ink: what is darker than the paper by far, margins (scanner shadows) left out."""
    height, width = image.shape[:2]
    inner = image[height // 40 : height - height // 40, width // 40 : width - width // 40].min(axis=2)
    if not inner.size:
        return True
    paper = float(np.percentile(inner, 90))
    return float(np.mean(inner < paper - DARK)) < INK
