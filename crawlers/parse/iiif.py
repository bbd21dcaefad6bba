"""IIIF Presentation 2.1 manifests: the images of an item, in order. Source: iiif.io/api/presentation/2.1."""

import json
from dataclasses import dataclass
from typing import Any

from kobunko.errors import Reject


@dataclass(frozen=True, slots=True)
class Manifest:
    label: str
    licence: str  # URL, as the holder gives it; empty where it gives none
    attribution: str
    images: list[str]  # URLs in reading order


def parse_manifest(body: bytes) -> Manifest:
    """Raises `Reject` for an answer that is no manifest, or one without images."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject("not-a-manifest", body[:80].decode("utf-8", errors="replace")) from None
    if not isinstance(answer, dict) or not answer.get("sequences"):
        raise Reject("not-a-manifest", f"keys {sorted(answer)[:10] if isinstance(answer, dict) else type(answer)}")
    try:
        canvases = answer["sequences"][0]["canvases"]
        images = [_image(canvas["images"][0]["resource"]) for canvas in canvases]
    except (KeyError, IndexError, TypeError) as error:
        raise Reject("unknown-layout", f"a canvas without image: {error}") from None
    if not images:
        raise Reject("no-images")
    return Manifest(_text(answer.get("label")), _text(answer.get("license")), _text(answer.get("attribution")), images)


def _image(resource: dict[str, Any]) -> str:
    """The whole image at full size: as the manifest names it, else as the image API spells it."""
    url = str(resource.get("@id", ""))
    if url.startswith(("http://", "https://")) and not url.endswith("/info.json"):
        return url
    return f"{str(resource['service']['@id']).rstrip('/')}/full/full/0/default.jpg"


def _text(value: Any) -> str:
    """A IIIF value: a string, a string with its language, or a list of either."""
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    return _text(value.get("@value")) if isinstance(value, dict) else str(value or "")
