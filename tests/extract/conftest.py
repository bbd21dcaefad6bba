"""Documents that the tests make themselves: invented laws, ministries and companies."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable

import pymupdf
import pytest

from kobunko.extract.records import Extracted, ExtractInput
from kobunko.extract.route import extract
from kobunko.records import Blob

FONT = "japan"  # MuPDF's built-in Japanese font


def blob(body: bytes, role: str = "file", url: str = "", media_type: str = "") -> Blob:
    return Blob(role, url, media_type, hashlib.sha256(body).hexdigest(), body)


@pytest.fixture
def read() -> Callable[..., Extracted]:
    """Extracts one file, or a list of blobs."""

    def run(body: bytes | list[Blob], url: str = "", media_type: str = "") -> Extracted:
        blobs = body if isinstance(body, list) else [blob(body, url=url, media_type=media_type)]
        return extract(ExtractInput("testing", "key", "", url, "", blobs))

    return run


@pytest.fixture
def make_blob() -> Callable[..., Blob]:
    return blob


@pytest.fixture
def make_zip() -> Callable[..., bytes]:
    def run(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as file:
            for name, body in members.items():
                file.writestr(name, body)
        return out.getvalue()

    return run


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    """A PDF with one page for each list of `(x, y, text)`; `draw` may add to the pages."""

    def run(
        pages: Iterable[list[tuple[float, float, str]]], draw: Callable[[pymupdf.Page], None] | None = None
    ) -> bytes:
        with pymupdf.open() as file:
            for texts in pages:
                page = file.new_page(width=595, height=842)
                for x, y, text in texts:
                    page.insert_text((x, y), text, fontname=FONT, fontsize=10)
                if draw:
                    draw(page)
            return file.tobytes(no_new_id=True)

    return run


@pytest.fixture
def scan() -> Callable[..., bytes]:
    """A PDF whose pages are images of text, with an optional sparse text layer over it."""

    def run(lines: int = 30, layer: str = "") -> bytes:
        with pymupdf.open() as source, pymupdf.open() as file:
            page = source.new_page(width=595, height=842)
            for line in range(lines):
                page.insert_text(
                    (60, 80 + 22 * line), "架空省告示の定めるところによる。" * 2, fontname=FONT, fontsize=10
                )
            target = file.new_page(width=595, height=842)
            target.insert_image(target.rect, pixmap=page.get_pixmap(dpi=120))
            if layer:
                target.insert_text((290, 830), layer, fontname=FONT, fontsize=8)
            return file.tobytes(no_new_id=True)

    return run
