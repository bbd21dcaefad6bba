"""The words of a terms page as a reader sees them, with the targets of its links, which may name a licence."""

import re

from lxml import html
from lxml.etree import ParserError
from w3lib.encoding import html_to_unicode

_BLOCKS = frozenset(("address", "article", "br", "dd", "div", "dl", "dt", "footer", "header", "li", "main", "ol", "p"))
_BLOCKS |= {"h1", "h2", "h3", "h4", "h5", "h6", "section", "td", "th", "tr", "ul"}
_SPACE = re.compile(r"\s+")
_SILENT = frozenset(("script", "style", "noscript", "template"))


def page_text(body: bytes, media_type: str = "") -> str:
    """Text of an HTML page or of plain text, a line for each block; nothing for other formats.

    A link's target stands behind it in `<…>`: terms pages often name a licence in a link alone. Phrases are quoted from
    this text and places counted in it, so that it must not change for pages that were reviewed.
    """
    if body[:5] == b"%PDF-" or b"\x00" in body[:1024]:
        return ""
    text = _decoded(body, media_type)
    if "<" not in text[:2000]:
        return text
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    except ParserError:
        return ""
    parts: list[str] = []
    _collect(root, parts)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _decoded(body: bytes, media_type: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return html_to_unicode(media_type, body, default_encoding="cp932")[1]


def _collect(element: html.HtmlElement, parts: list[str]) -> None:
    if not isinstance(element.tag, str) or element.tag in _SILENT:
        return
    if element.tag in _BLOCKS:
        parts.append("\n")
    parts.append(_SPACE.sub(" ", element.text or ""))
    for child in element:
        _collect(child, parts)
        parts.append(_SPACE.sub(" ", child.tail or ""))
    licence = element.get("rel") == "license" or element.tag == "a"
    target = element.get("href", "") if licence else ""
    if "://" in target:
        parts.append(f" <{target}>")
    name = (element.get("name") or element.get("property") or "").lower()
    if element.tag == "meta" and name in ("dcterms.license", "dc.rights"):
        parts.append(f"\n{element.get('content', '')}\n")
    if element.tag in _BLOCKS:
        parts.append("\n")
