"""Small plots as SVG, made on the server: they need no script and no style of their own."""

from collections.abc import Mapping, Sequence
from html import escape

from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 210, 56, 42, 12
_KINDS = ("a", "b", "c", "d")


def bars(title: str, names: Sequence[str], series: Mapping[str, Sequence[float]]) -> Markup:
    """Stacked bars, one per name; the numbers are told by the table beside the plot and by each bar's title."""
    totals = [sum(values[n] for values in series.values()) for n in range(len(names))]
    top = max([*totals, 1])
    step = (_WIDTH - _LEFT) / max(1, len(names))
    wide = min(48.0, max(1.0, step - 2))
    parts = [_frame(title, top)]
    for n, name in enumerate(names):
        base, x = 0.0, _LEFT + (n + 0.5) * step
        for kind, (label, values) in zip(_KINDS, series.items(), strict=False):
            height = values[n] / top * (_HEIGHT - _BOTTOM - _TOP)
            y = _HEIGHT - _BOTTOM - base - height
            told = escape(f"{name}: {label} {values[n]:g}")
            parts.append(
                f'<rect class="bar-{kind}" x="{x - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" '
                f'height="{height:.1f}"><title>{told}</title></rect>'
            )
            base += height
    for n in range(0, len(names), max(1, len(names) // 6)):
        x = _LEFT + (n + 0.5) * step
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 20}" text-anchor="middle">{escape(names[n])}</text>')
    legend = [
        f'<tspan class="bar-{kind}">■</tspan> {escape(label)} ' for kind, label in zip(_KINDS, series, strict=False)
    ]
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{"".join(legend)}</text>')
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704  every text in it was escaped above


def _frame(title: str, top: float) -> str:
    low = _HEIGHT - _BOTTOM
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{escape(title)}">'
        f'<line x1="{_LEFT}" y1="{low}" x2="{_WIDTH}" y2="{low}"/>'
        f'<line x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{low}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 10}" text-anchor="end">{top:g}</text>'
        f'<text x="{_LEFT - 6}" y="{low}" text-anchor="end">0</text>'
    )
