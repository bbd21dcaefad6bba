"""HTML as the parsers see it: decoded as declared, forgiving of what old pages do."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup, Tag
from parsel import Selector
from w3lib.encoding import html_to_unicode
from w3lib.url import safe_url_string

from kobunko.errors import Reject

_JIS_ESCAPE = b"\x1b$"  # how ISO-2022-JP, which is all ASCII bytes, goes over to kanji


@dataclass(frozen=True, slots=True)
class Link:
    url: str  # absolute, without fragment
    text: str  # what the reader sees on it


def is_html(content_type: str, body: bytes) -> bool:
    declared = content_type.split(";")[0].strip().lower()
    if declared in ("text/html", "application/xhtml+xml"):
        return True
    return declared in ("", "text/plain") and body.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


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
    """For pages of a known layout, where XPath says exactly what is meant."""
    return Selector(text=_markup(body, content_type), type="html")


def soup(body: bytes, content_type: str = "") -> BeautifulSoup:
    """For pages of any layout."""
    return BeautifulSoup(_markup(body, content_type), "lxml")


def _markup(body: bytes, content_type: str) -> str:
    text = decode(body, content_type).replace("\x00", "")
    if not text.strip():
        raise Reject("empty-body")
    return text


def words(text: str) -> str:
    """Text with its white space (full-width included) made single spaces."""
    return " ".join(text.split())


def text_of(node: Selector) -> str:
    """What a reader sees in an element: its text, and the alternative text of its images."""
    return words(" ".join(node.xpath(".//text()[not(parent::script or parent::style)] | .//img/@alt").getall()))


def title(page: BeautifulSoup) -> str:
    """`<title>`, or the first heading where there is none."""
    return next((text for tag in page.find_all(["title", "h1"]) if (text := words(tag.get_text()))), "")


def meta_tags(body: bytes, content_type: str = "") -> dict[str, str]:
    """`<meta name= content=>` by name in lower case, wherever they stand: some pages put them before the doctype."""
    try:
        return meta_of(soup(body, content_type))
    except Reject:
        return {}


def meta_of(page: BeautifulSoup) -> dict[str, str]:
    tags = page.find_all("meta", attrs={"name": True})
    return {_attribute(tag, "name").lower(): _attribute(tag, "content") for tag in reversed(tags)}


def links(page: BeautifulSoup, url: str) -> Iterator[Link]:
    """Links of a page in order, frames included; `javascript:` and the like are left out."""
    first = page.find("base", href=True)
    base = urljoin(url, _attribute(first, "href")) if first else url
    for tag in page.select("a[href], area[href], frame[src], iframe[src]"):
        if absolute := _absolute(base, _attribute(tag, "href") or _attribute(tag, "src")):
            yield Link(absolute, _shown(tag) or words(_attribute(tag, "alt") or _attribute(tag, "title")))


def _shown(tag: Tag) -> str:
    """What a reader sees on a link: its text, and the alternative text of its images."""
    images = [_attribute(image, "alt") for image in tag.find_all("img")]
    return words(" ".join([tag.get_text(" "), *images]))


def _attribute(tag: Tag, name: str) -> str:
    return str(tag.get(name) or "").strip()


def _absolute(base: str, href: str) -> str:
    if not href or href.startswith("#") or re.match(r"(?i)(javascript|mailto|tel|data):", href):
        return ""
    try:
        absolute = urldefrag(urljoin(base, href)).url
    except ValueError:  # e.g. a bracket where a host should be
        return ""
    return safe_url_string(absolute) if absolute.startswith(("http://", "https://")) else ""
