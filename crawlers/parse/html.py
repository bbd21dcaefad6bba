"""HTML as the parsers see it: decoded as declared, forgiving of what old pages do."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from parsel import Selector
from w3lib.encoding import html_to_unicode
from w3lib.url import safe_url_string

from kobunko.errors import Reject

_JIS_ESCAPE = b"\x1b$"  # how ISO-2022-JP, which is all ASCII bytes, goes over to kanji


@dataclass(frozen=True, slots=True)
class Link:
    url: str  # absolute, without fragment
    text: str  # what the reader sees on it


def decode(body: bytes, content_type: str = "") -> str:
    """Text of a page. Bytes that are UTF-8 are taken for UTF-8 whatever they are declared to be: other Japanese
    encodings are hardly ever valid UTF-8, and old pages are often mislabelled. Else BOM, header and meta decide."""
    if _JIS_ESCAPE not in body:
        with suppress(UnicodeDecodeError):
            return body.decode("utf-8-sig")
    return html_to_unicode(content_type, body, auto_detect_fun=_guess)[1]


def _guess(raw: bytes) -> str:
    for name in ("iso2022_jp", "cp932", "euc_jp"):
        try:
            raw.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "utf-8"


def selector(body: bytes, content_type: str = "") -> Selector:
    text = decode(body, content_type).replace("\x00", "")
    if not text.strip():
        raise Reject("empty-body")
    return Selector(text=text, type="html")


def words(text: str) -> str:
    """Text with its white space (full-width included) made single spaces."""
    return " ".join(text.split())


def text_of(node: Selector) -> str:
    """What a reader sees in an element: its text, and the alternative text of its images."""
    return words(" ".join(node.xpath(".//text()[not(parent::script or parent::style)] | .//img/@alt").getall()))


def title(page: Selector) -> str:
    """`<title>`, or the first heading where there is none."""
    return words(page.xpath("string(//title)").get() or "") or words(page.xpath("string(//h1)").get() or "")


def meta_tags(body: bytes, content_type: str = "") -> dict[str, str]:
    """`<meta name= content=>` by name in lower case, wherever they stand: some pages put them before the doctype."""
    try:
        page = selector(body, content_type)
    except Reject:
        return {}
    pairs = ((tag.attrib["name"].lower(), tag.attrib.get("content", "")) for tag in page.xpath("//meta[@name]"))
    return {name: value.strip() for name, value in reversed(list(pairs))}


def links(page: Selector, url: str) -> Iterator[Link]:
    """Links of a page in order, frames included; `javascript:` and the like are left out."""
    base = urljoin(url, (page.xpath("//base/@href").get() or "").strip())
    for node in page.xpath("//a[@href] | //area[@href] | //frame[@src] | //iframe[@src]"):
        href = (node.attrib.get("href") or node.attrib.get("src") or "").strip()
        absolute = _absolute(base, href)
        if absolute:
            yield Link(absolute, text_of(node) or words(node.attrib.get("alt") or node.attrib.get("title") or ""))


def _absolute(base: str, href: str) -> str:
    if not href or href.startswith("#") or re.match(r"(?i)(javascript|mailto|tel|data):", href):
        return ""
    try:
        absolute = urldefrag(urljoin(base, href)).url
    except ValueError:  # e.g. a bracket where a host should be
        return ""
    return safe_url_string(absolute) if absolute.startswith(("http://", "https://")) else ""
