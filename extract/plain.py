"""Plain text and JSON."""

import json
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.charset import decode
from kobunko.extract.law_xml import read_law_json
from kobunko.extract.proceedings import meetings_in_json, read_meetings
from kobunko.extract.reading import Reading, text_page


def read_text(body: bytes, media_type: str = "") -> Reading:
    """Text as it stands."""
    decoded = decode(body, media_type)
    if not decoded.text.strip():
        raise Reject("no-text", "a text file without text")
    metadata: dict[str, Any] = {"encoding": decoded.encoding}
    if decoded.replaced:
        metadata["undecodable"] = decoded.replaced
    page = text_page(1, decoded.text, "text-file")
    return Reading("text", [page], metadata=metadata, structure={"kind": "document"})


def read_json(body: bytes, url: str = "", ruby: bool = True) -> Reading:
    """A law in the API's JSON tree, meetings of the Diet, or any other JSON, indented.

    Raises `error-document` for an API's error.
    """
    try:
        data = json.loads(body)
        if law := read_law_json(data, url, ruby):
            return law
        if meetings := meetings_in_json(data):
            return read_meetings(meetings, "diet-json")
        _raise_error_answer(data)
        page = text_page(1, json.dumps(data, ensure_ascii=False, indent=1), "markup")
        return Reading("json", [page], structure={"kind": "data"})
    except RecursionError as error:
        raise Reject("malformed-json", "JSON nested too deep") from error


def _raise_error_answer(data: Any) -> None:
    """EDINET answers errors with HTTP 200: `{"metadata": {"status": "404"}}` or `{"StatusCode": 401}`; e-Gov too."""
    if not isinstance(data, dict):
        return
    metadata = data.get("metadata")
    status = metadata.get("status") if isinstance(metadata, dict) else None
    status = status or data.get("StatusCode") or data.get("statusCode")
    if status is None and data.keys() <= {"code", "message"}:
        status = data.get("code")
    if status is not None and str(status) != "200":
        message = (metadata or {}).get("message") or data.get("message") or ""
        raise Reject("error-document", f"{status} {message}".strip())
