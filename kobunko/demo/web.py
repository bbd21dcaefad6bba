"""What a host of the demo is: a function from a path and its query to an answer."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

HTML = "text/html; charset=UTF-8"
JSON = "application/json; charset=utf-8"
PDF = "application/pdf"
XML = "application/xml; charset=UTF-8"
ZIP = "application/octet-stream"

CONTENT = files("kobunko.demo") / "content"


@dataclass(frozen=True)
class Answer:
    """One answer. `stored` marks a file that lies on a server: it has an ETag, and an unchanged one answers 304."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    stored: bool = False

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


Query = Mapping[str, str]
Host = Callable[[str, Query], Answer]

NOT_FOUND = Answer("<!DOCTYPE html><title>404</title><p>お探しのページは見つかりません。</p>\n".encode(), status=404)


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), JSON, status)


def text(path: str) -> str:
    """A text of the demo's content, e.g. `text("judgments/list.html")`."""
    return CONTENT.joinpath(path).read_text(encoding="utf-8")
