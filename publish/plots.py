"""The card's pictures: lengths, OCR confidence, licences. The same numbers give the same bytes."""

import io
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOUR = "#2f6f8f"


def plots(entries: pa.Table) -> dict[str, bytes]:
    """PNG files by name."""
    return {
        "plots/lengths.png": _png(lambda axes: _lengths(axes, entries)),
        "plots/confidence.png": _png(lambda axes: _confidence(axes, entries)),
        "plots/licences.png": _png(lambda axes: _licences(axes, entries)),
    }


def _png(draw: Callable[[Axes], None]) -> bytes:
    figure = Figure(figsize=(7, 3.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _lengths(axes: Axes, entries: pa.Table) -> None:
    """How long the texts are, on a logarithmic scale."""
    characters = entries.filter(entries["text"])["characters"].to_numpy()
    axes.hist(np.log10(np.maximum(characters, 1)), bins=np.linspace(0, 7, 43).tolist(), color=COLOUR)
    axes.set_xticks(range(8), [f"$10^{power}$" for power in range(8)])
    axes.set(title="Length of the texts in this release", xlabel="characters", ylabel="documents")


def _confidence(axes: Axes, entries: pa.Table) -> None:
    values = entries["ocr_confidence"].drop_null().to_numpy()
    axes.hist(values, bins=np.linspace(0.5, 1, 51).tolist(), color=COLOUR)
    axes.set(title=f"OCR confidence of the {len(values):,} documents with pages read by OCR", ylabel="documents")
    axes.set_xlabel("mean confidence, weighted by characters")
    axes.set_ylim(bottom=0)


def _licences(axes: Axes, entries: pa.Table) -> None:
    """Documents by licence, those with their text in the release apart."""
    ones = entries.select(["license"]).append_column("texts", pc.cast(entries["text"], pa.int64()))
    table = ones.group_by("license").aggregate([("texts", "sum"), ("texts", "count")]).sort_by("license")
    names, texts, all_ = (table[name].to_pylist() for name in ("license", "texts_sum", "texts_count"))
    axes.barh(names, all_, color="#c9d3d8", label="metadata only")
    axes.barh(names, texts, color=COLOUR, label="with text")
    axes.set(title="Documents by licence", xlabel="documents")
    axes.legend(frameon=False)
