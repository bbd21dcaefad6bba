"""The card's pictures: lengths, OCR confidence, licences. The same numbers give the same bytes."""

import io
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from kobunko.publish.totals import CONFIDENCES, LENGTHS, Totals

COLOUR = "#2f6f8f"


def names_of(figures: Totals) -> list[str]:
    """Files of the pictures that a release has: none of OCR where nothing was read by it."""
    return [name for name in _PICTURES if name != _OCR or figures.confidences.any()]


def plots(figures: Totals) -> dict[str, bytes]:
    """PNG files by name."""
    return {name: _png(*_PICTURES[name], figures) for name in names_of(figures)}


def _png(draw: Callable[[Axes, Totals], None], left: float, figures: Totals) -> bytes:
    figure = Figure(figsize=(7, 3.2), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left, 0.17, 0.97 - left, 0.7))
    draw(axes, figures)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _lengths(axes: Axes, figures: Totals) -> None:
    """How long the texts are, on a logarithmic scale."""
    axes.stairs(figures.lengths, LENGTHS, fill=True, color=COLOUR)
    axes.set_xticks(range(8), ["1", "10", "100", "1k", "10k", "100k", "1M", "10M"])
    axes.set(title="Length of the texts in this release", xlabel="characters", ylabel="documents")
    _count_whole(axes.yaxis)


def _confidence(axes: Axes, figures: Totals) -> None:
    axes.stairs(figures.confidences, CONFIDENCES, fill=True, color=COLOUR)
    axes.set(title=f"OCR confidence of documents with pages read by OCR ({figures.confidences.sum():,})")
    axes.set_ylabel("documents")
    axes.set_xlabel("mean confidence, weighted by characters")
    axes.set_ylim(bottom=0)
    _count_whole(axes.yaxis)


def _licences(axes: Axes, figures: Totals) -> None:
    """Documents by licence, those with their text in the release apart."""
    rows = figures.counts(("license",))
    names, texts, all_ = ([row[name] for row in rows] for name in ("license", "texts", "documents"))
    axes.barh(names, all_, color="#c9d3d8", label="metadata only")
    axes.barh(names, texts, color=COLOUR, label="with text")
    axes.set(title="Documents by licence", xlabel="documents")
    axes.legend(frameon=False)
    _count_whole(axes.xaxis)


def _count_whole(axis: Axis) -> None:
    """There is no half of a document."""
    axis.set_major_locator(MaxNLocator("auto", integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


_OCR = "plots/confidence.png"
_PICTURES: dict[str, tuple[Callable[[Axes, Totals], None], float]] = {  # how each is drawn, and where its axes begin
    "plots/lengths.png": (_lengths, 0.11),
    "plots/licences.png": (_licences, 0.36),
    _OCR: (_confidence, 0.11),
}
