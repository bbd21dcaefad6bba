"""Pages as hOCR, the HTML of OCR tools: blocks, lines, boxes in pixels, confidence in percent."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

_HEAD = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>
<meta name="ocr-system" content="{engine}">
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_line">
</head><body>
"""


def hocr(title: str, engine: str, pages: Sequence[Mapping[str, Any]], notes: Mapping[str, Mapping[str, Any]]) -> str:
    """`pages` as `records.Page` in plain data; `notes` by page number with the `size` of its image."""
    parts = [_HEAD.format(title=escape(title), engine=escape(engine))]
    for page in pages:
        size = notes.get(str(page["number"]), {}).get("size", [0, 0])
        parts.append(f'<div class="ocr_page" id="page_{page["number"]}" title="bbox 0 0 {size[0]} {size[1]}">\n')
        for block, lines in groupby(page["lines"], key=lambda line: line["block"]):
            parts.append(f'<div class="ocr_carea" id="block_{page["number"]}_{block}">\n')
            parts += [_line(line, page["text"], size, page["writing"]) for line in lines]
            parts.append("</div>\n")
        parts.append("</div>\n")
    return "".join([*parts, "</body></html>\n"])


def _line(line: Mapping[str, Any], text: str, size: Sequence[int], writing: str) -> str:
    box = [round(line[side] * extent) for side, extent in zip(("x0", "y0", "x1", "y1"), [*size, *size], strict=True)]
    direction = "; x_wmode vertical-rl" if writing == "vertical" else ""
    title = f"bbox {' '.join(map(str, box))}; x_wconf {round(100 * (line['confidence'] or 0))}{direction}"
    content = escape(line["text"] or text[line["start"] : line["end"]])
    return f'<span class="ocr_line" title="{title}">{content}</span><br>\n'
