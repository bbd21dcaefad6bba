"""Pictures of pages, made in killable workers and kept for a while."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from kobunko.errors import KobunkoError, NotFound
from kobunko.executors import Processes
from kobunko.records import Part, arrow_fields, to_row
from kobunko.stage import OK, ReadBlob, Stage

WORKERS = 2
KEPT = 64  # pictures
WAITING = 16  # requests for pictures at a time; more are told to come again


class PageImages:
    def __init__(self, read_blob: ReadBlob, view: Stage[Any, Any]) -> None:
        self._view = view
        self._workers = Processes(read_blob, WORKERS)
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._kept: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()

    def close(self) -> None:
        self._workers.close()

    def warm(self) -> None:
        """Starts the workers, which takes seconds: by asking for a page that is not there."""
        with contextlib.suppress(KobunkoError):
            self.get(Part("", "", "", "", 0, "", "", 0, None), 1, [])

    def get(self, part: Part, page: int, boxes: Sequence[tuple[float, ...]]) -> bytes:
        key = (part.sha256, page, tuple(boxes))
        if key in self._kept:
            return self._kept[key]
        if not self._waiting.acquire(blocking=False):
            raise KobunkoError("too many pictures are being made just now: ask again in a few seconds.")
        try:
            with self._lock:  # one flight at a time: a picture takes a fraction of a second
                found = self._kept.get(key) or self._render(part, page, boxes)
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        finally:
            self._waiting.release()
        return found

    def _render(self, part: Part, page: int, boxes: Sequence[tuple[float, ...]]) -> bytes:
        row = {"doc_id": part.sha256, "input_sha256": part.sha256, "page": page, "parts": [to_row(part)]}
        row["boxes"] = [dict(zip(("x0", "y0", "x1", "y1"), box, strict=True)) for box in boxes]
        names = {item.name: item for item in arrow_fields(self._view.reads)}
        key = [pa.field("doc_id", pa.string()), pa.field("input_sha256", pa.string())]
        parts = pa.field("parts", pa.list_(pa.struct(arrow_fields(Part))))
        table = pa.Table.from_pylist([row], schema=pa.schema([*key, names["page"], names["boxes"], parts]))
        (output,) = list(self._workers.map(self._view, [table]))
        (answer,) = output.to_pylist()
        if answer["outcome"].startswith("error:"):
            raise KobunkoError(f"the picture of this page could not be made ({answer['outcome']}).")
        if answer["outcome"] != OK:
            raise NotFound(f"this page has no picture ({answer['outcome']}).")
        image: bytes = answer["image"]
        return image
