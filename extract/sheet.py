"""CSV and other tables in plain text: the text as it stands, and its cells."""

import csv
import io
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.charset import decode
from kobunko.extract.controls import clean
from kobunko.extract.reading import Reading, text_page

_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE, _SAMPLE_LINES = 20_000, 50


def read_csv(body: bytes, media_type: str = "") -> Reading:
    """Raises `no-text` for an empty file. A file without any delimiter is plain text in one column."""
    decoded = decode(body, media_type)
    if not decoded.text.strip():
        raise Reject("no-text", "a CSV file without text")
    text = clean(decoded.text.removeprefix("\ufeff"))[0]
    delimiter = _delimiter(text)
    metadata: dict[str, Any] = {"encoding": decoded.encoding, "delimiter": delimiter}
    if decoded.replaced:
        metadata["undecodable"] = decoded.replaced
    structure: dict[str, Any] = {"kind": "sheet"}
    if delimiter:
        structure["tables"] = [{"page": 1, "box": None, "cells": _cells(text, delimiter)}]
    return Reading("csv", [text_page(1, decoded.text, "text-file")], metadata=metadata, structure=structure)


def _delimiter(text: str) -> str:
    """The delimiter that gives most lines the same number of cells, more than one."""
    lines = text[:_SAMPLE].split("\n")[:_SAMPLE_LINES]
    best, best_lines = "", 0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _cells("\n".join(lines), delimiter) if len(row) > 1]
        same = max((widths.count(width) for width in set(widths)), default=0)
        if same > best_lines:
            best, best_lines = delimiter, same
    return best


def _cells(text: str, delimiter: str) -> list[list[str]]:
    limit = csv.field_size_limit(1 << 30)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    finally:
        csv.field_size_limit(limit)
