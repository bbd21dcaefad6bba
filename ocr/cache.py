"""What was recognised on a page image is kept, so that no page is read twice by the same models.

The image is known by the SHA-256 of its file and the number of its page. The path says it, so that a removal, which
names files, can take everything away that came from them (`kobunko.purge`). Only what the recogniser found is kept:
reading order, tables and repairs are made anew, and may get better without a page being read again.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kobunko import durable
from kobunko.ids import short_hash
from kobunko.ocr.lines import Line
from kobunko.ocr.reading import Reading

VERSION = 3  # of what is found on a page with given models; raised when `reader` would find something else


def folder(home: Path) -> Path:
    """Where a home keeps its readings."""
    return home / "cache" / "ocr"


class Cache:
    """Readings by image and models, under a folder. `models` is what identifies the models."""

    def __init__(self, folder: Path, models: Any) -> None:
        self._folder = folder
        self._name = short_hash([VERSION, models])

    def get(self, sha256: str, page: int) -> Reading | None:
        """The reading of a page of a file, if there is one; a torn file counts as none."""
        try:
            found = json.loads(self._path(sha256, page).read_bytes())
            lines = [Line(text, score, tuple(box)) for text, score, box in found.pop("lines")]
            boxes: Any = {name: [tuple(box) for box in found.pop(name)] for name in ("cells", "rules", "seals")}
            return Reading(lines=lines, **boxes, **found)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, sha256: str, page: int, reading: Reading) -> None:
        found = asdict(reading) | {"lines": [[line.text, line.confidence, line.box] for line in reading.lines]}
        durable.write_bytes(self._path(sha256, page), json.dumps(found, ensure_ascii=False).encode())

    def _path(self, sha256: str, page: int) -> Path:
        return _of_file(self._folder, sha256) / f"{page}-{self._name}.json"


def _of_file(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256
