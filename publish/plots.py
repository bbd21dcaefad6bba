"""The card's pictures: lengths, OCR confidence, licences. The same numbers give the same bytes."""

import io
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kobunko.publish.totals import CONFIDENCES, LENGTHS, Totals

COLOUR = "#2f6f8f"


def plots(figures: Totals) -> dict[str, bytes]:
    """PNG files by name."""
    found = {
        "plots/lengths.png": _png(lambda axes: _lengths(axes, figures)),
        "plots/licences.png": _png(lambda axes: _licences(axes, figures), left=0.36),
    }
    if figures.confidences.any():
        found["plots/confidence.png"] = _png(lambda axes: _confidence(axes, figures))
    return found


def _png(draw: Callable[[Axes], None], left: float = 0.11) -> bytes:
    figure = Figure(figsize=(7, 3.2), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left, 0.17, 0.97 - left, 0.7))
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _lengths(axes: Axes, figures: Totals) -> None:
    """How long the texts are, on a logarithmic scale."""
    axes.stairs(figures.lengths, LENGTHS, fill=True, color=COLOUR)
    axes.set_xticks(range(8), ["1", "10", "100", "1k", "10k", "100k", "1M", "10M"])
    axes.set(title="Length of the texts in this release", xlabel="characters", ylabel="documents")


def _confidence(axes: Axes, figures: Totals) -> None:
    axes.stairs(figures.confidences, CONFIDENCES, fill=True, color=COLOUR)
    total = figures.confidences.sum()
    axes.set(title=f"OCR confidence of the {total:,} documents with pages read by OCR", ylabel="documents")
    axes.set_xlabel("mean confidence, weighted by characters")
    axes.set_ylim(bottom=0)


def _licences(axes: Axes, figures: Totals) -> None:
    """Documents by licence, those with their text in the release apart."""
    rows = figures.counts(("license",))
    names, texts, all_ = ([row[name] for row in rows] for name in ("license", "texts", "documents"))
    axes.barh(names, all_, color="#c9d3d8", label="metadata only")
    axes.barh(names, texts, color=COLOUR, label="with text")
    axes.set(title="Documents by licence", xlabel="documents")
    axes.legend(frameon=False)
