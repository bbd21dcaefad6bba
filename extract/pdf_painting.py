"""What a PDF page paints beside its text: images, and pixels, for which its commands are read once."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pymupdf

from kobunko.extract.pdf_tables import Edge

_IMAGE, _VECTOR = pymupdf.mupdf.FZ_STEXT_BLOCK_IMAGE, pymupdf.mupdf.FZ_STEXT_BLOCK_VECTOR
_DPI = 150
_DARK = 190  # of 255; darker pixels are ink: the thin strokes of small print are grey
_MOST_PIXELS = 12_000_000  # letters of posters are large

Ink = npt.NDArray[np.bool_]


class Painting:
    """A page as it is shown; nothing is looked at before it is asked for."""

    def __init__(self, page: pymupdf.Page) -> None:
        self.page = page

    @cached_property
    def rect(self) -> pymupdf.Rect:
        rect: pymupdf.Rect = self.page.rect
        return rect

    @cached_property
    def has_images(self) -> bool:
        return bool(self.page.get_images())

    @cached_property
    def _commands(self) -> pymupdf.DisplayList:
        commands: pymupdf.DisplayList = self.page.get_displaylist()
        return commands

    def images(self) -> list[Edge]:
        """Boxes of the images, in points of the page unturned."""
        if not self.has_images:
            return []
        return [box for kind, box in self._blocks(pymupdf.TEXT_PRESERVE_IMAGES) if kind == _IMAGE]

    def drawn(self) -> tuple[int, int]:
        """How many images (or gradients) are painted, and how many paths are filled or stroked."""
        kinds = [kind for kind, _ in self._blocks(pymupdf.TEXT_PRESERVE_IMAGES | pymupdf.TEXT_COLLECT_VECTORS)]
        return kinds.count(_IMAGE), kinds.count(_VECTOR)

    def _blocks(self, flags: int) -> list[tuple[int, Edge]]:
        if self.page.rotation:
            found = self.page.get_textpage(flags=flags)
        else:
            found = pymupdf.TextPage(self._commands.get_textpage(flags))
        blocks = [block.m_internal for block in found.this]  # they live no longer than the text page
        return [(block.type, (box.x0, box.y0, box.x1, box.y1)) for block in blocks for box in [block.bbox]]

    def dark(self, clip: pymupdf.Rect) -> Ink:
        """Dark pixels of a part of the page as it is shown; a page of unusual size is rendered more coarsely."""
        pixels = self._commands.get_pixmap(self._zoom, pymupdf.csGRAY, alpha=0, clip=clip)
        gray = np.frombuffer(pixels.samples, dtype=np.uint8).reshape(pixels.height, pixels.stride)[:, : pixels.width]
        dark: Ink = gray < _DARK
        return dark

    def dark_within(self, clips: Iterable[pymupdf.Rect]) -> Ink:
        """Dark pixels of the page, those outside of the parts not rendered and left white."""
        whole = (self.rect * self._zoom).irect
        dark: Ink = np.zeros((whole.height, whole.width), dtype=np.bool_)
        for clip in clips:
            part = (clip * self._zoom).irect
            seen = self.dark(clip)
            top, left = part.y0 - whole.y0, part.x0 - whole.x0
            dark[top : top + seen.shape[0], left : left + seen.shape[1]] = seen
        return dark

    @cached_property
    def _zoom(self) -> pymupdf.Matrix:
        dpi = min(_DPI, int((_MOST_PIXELS * 72 * 72 / max(self.rect.width * self.rect.height, 1)) ** 0.5))
        return pymupdf.Matrix(max(dpi, 1) / 72, max(dpi, 1) / 72)
