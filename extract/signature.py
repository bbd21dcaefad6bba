"""What a file is: its bytes first, then the media type, then the extension in its URL."""

import codecs
import json
import re
from urllib.parse import unquote, urlsplit

from kobunko.extract.charset import decode

_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ", b"\xffO\xffQ")
_TEXT_TYPES = {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/plain": "text",
    "text/markdown": "text",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/xml": "xml",
    "text/xml": "xml",
}
_EXTENSIONS = {"csv": "csv", "tsv": "csv", "txt": "text", "md": "text", "htm": "html", "html": "html", "xml": "xml"}
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]|<(?:head|body|meta|title|div|table|p|h1)[\s>]", re.IGNORECASE)
_HEAD = 4096  # bytes
_HIGH = bytes(range(0x80, 0x100))
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def file_format(body: bytes, media_type: str = "", url: str = "") -> str:
    """pdf · zip · ole · image · html · xml · json · csv · text, or an empty string for what is none of these."""
    return _binary(body) or _text(body, media_type.partition(";")[0].strip().lower(), url)


def _binary(body: bytes) -> str:
    if b"%PDF-" in body[:1024]:
        return "pdf"
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if body.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"
    webp = body.startswith(b"RIFF") and body[8:12] == b"WEBP"
    bitmap = body.startswith(b"BM") and body[6:10] == b"\0\0\0\0"
    if body.startswith(_IMAGES) or webp or bitmap:
        return "image"
    return ""


def _text(body: bytes, media_type: str, url: str) -> str:
    head = decode(_head(body), media_type).text.lstrip()
    declared = _TEXT_TYPES.get(media_type) or _EXTENSIONS.get(extension(url), "")
    if _CONTROL.search(head) or head.startswith("{\\rtf"):
        return ""
    if head.startswith("<"):
        return _markup(head, declared)
    if head[:1] in ("{", "[") and _is_json(body):
        return "json"
    if declared in ("csv", "text", "html"):
        return declared
    return "text" if head and media_type in ("", "application/octet-stream") and _reads_as_text(body) else ""


def _head(body: bytes) -> bytes:
    """The first bytes, without a letter that is cut in two, over which its charset would have to be guessed."""
    head = body[:_HEAD]
    whole = head.rstrip(_HIGH) if len(body) > _HEAD and not body.startswith(codecs.BOM_UTF16_LE) else head
    return whole or head


def _markup(head: str, declared: str) -> str:
    if re.match(r"<(?:!doctype\s+html|html[\s>]|meta[\s>])", head, re.IGNORECASE):
        return "html"
    prolog = re.sub(r"<\?.*?\?>|<!--.*?-->|<!doctype[^>]*>", "", head, flags=re.IGNORECASE | re.DOTALL).lstrip()
    if re.match(r"<html[\s>]", prolog, re.IGNORECASE):
        return "html"
    if head.startswith("<?xml"):
        return "xml"
    return "html" if declared == "html" or _HTML.match(prolog) else "xml"


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _reads_as_text(body: bytes) -> bool:
    decoded = decode(body)
    return not decoded.replaced and not _CONTROL.search(decoded.text)


def extension(url: str) -> str:
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    return name.rpartition(".")[2].lower()
