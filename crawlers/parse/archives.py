"""国立公文書館デジタルアーカイブ and アジア歴史資料センター: searches, items, and the trap in each.

The archive's search ignores parameters that it does not know and then finds everything that it holds; JACAR's finds
nothing, with status 200, when its order (`sf`) is missing. So a search may only be made of what is known to work.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from kobunko.crawlers.parse.html import selector, soup, text_of, title
from kobunko.errors import Reject

ROWS = 100
WHOLE_ARCHIVE = 1_000_000  # hits: what the archive finds when it understood nothing of a question
_ITEM = re.compile(r"/item/(\d+)(?:\.json)?$")
_IMAGE = re.compile(r"/img/(\d+)")
_CODE = re.compile(r"^[A-Z]\d{11}$")
_KNOWN = ("q", "title")


@dataclass(frozen=True, slots=True)
class Hit:
    code: str  # レファレンスコード of JACAR; empty for an item of the archive
    url: str  # of its description
    image_id: str  # of the archive's viewer; empty where it is not known


@dataclass(frozen=True, slots=True)
class Hits:
    rows: list[Hit]
    total: int


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    manifest_url: str  # empty where there are no images
    facts: dict[str, Any]


def search_url(site: str, query: dict[str, str]) -> str:
    """Search of the archive; raises `ValueError` for a parameter that it would ignore."""
    if unknown := sorted(set(query) - set(_KNOWN)):
        raise ValueError(f"the archive's search ignores {unknown} and returns everything: use {' or '.join(_KNOWN)}")
    return f"{site}/api/search?{urlencode(query)}"


def jacar_url(site: str, words: str, page: int) -> str:
    query = {"kl0": "AND", "ks0": "kw_all", "kw0": words, "rows": ROWS, "sf": "seq_a", "page": page}
    return f"{site}/aj/search?{urlencode(query)}"


def manifest_url(site: str, image_id: str) -> str:
    return f"{site}/api/iiif/{image_id}/manifest.json"


def parse_search(body: bytes, url: str) -> Hits:
    """Items of the archive's search. Its layout is not documented: addresses of items and one total are looked for,
    wherever they stand, and an answer without them is refused."""
    try:
        answer = json.loads(body)
    except ValueError:
        code = "access-limited" if "アクセス制限" in body.decode("utf-8", errors="replace") else "unexpected-format"
        raise Reject(code, body[:80].decode("utf-8", errors="replace")) from None
    totals = {value for name, value in _walk(answer) if name in ("total", "numFound", "hits", "count", "totalItems")}
    numbers = [value for value in totals if isinstance(value, int)]
    if len(numbers) != 1:
        raise Reject("unknown-layout", f"{len(numbers)} totals in the answer")
    if numbers[0] >= WHOLE_ARCHIVE:
        raise Reject("whole-archive", f"{numbers[0]} hits: the search ignored the question")
    links = {urljoin(url, value) for _, value in _walk(answer) if isinstance(value, str) and _ITEM.search(value)}
    rows = [Hit("", _json_url(link), "") for link in sorted(links)]
    if numbers[0] and not rows:
        raise Reject("unknown-layout", f"{numbers[0]} hits and no address of an item")
    return Hits(rows, numbers[0])


def _walk(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Every plain value of a JSON answer with the name that it stands under."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _walk(inner, key)]
    if isinstance(value, list):
        return [pair for inner in value for pair in _walk(inner, name)]
    return [(name, value)]


def number_of(url: str) -> str:
    """Number of an item of the archive; empty for other URLs."""
    found = _ITEM.search(urlsplit(url).path)
    return found[1] if found else ""


def hit_of(url: str) -> Hit | None:
    """The item that a URL describes, in the form that can be read: JSON of the archive, a page of JACAR."""
    code = urlsplit(url).path.rpartition("/das/meta/")[2]
    if _CODE.match(code):
        return Hit(code, url, "")
    return Hit("", url, "") if number_of(url) and url.endswith(".json") else None


def _json_url(url: str) -> str:
    return url if url.endswith(".json") else f"{url}.json"


def parse_item(body: bytes) -> Item:
    """An item of the archive (`/item/<id>.json`): its manifest is `rdfs:seeAlso`, and its image id is not its own."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject("unexpected-format", body[:80].decode("utf-8", errors="replace")) from None
    pairs = [(name.rsplit(":", 1)[-1].rsplit("/", 1)[-1].rsplit("#", 1)[-1], value) for name, value in _named(answer)]
    manifests = [value for name, value in pairs if name == "seeAlso" and value.endswith("manifest.json")]
    titles = [value for name, value in pairs if name in ("title", "label", "name")]
    if not titles:
        raise Reject("unknown-layout", "an item without title")
    licences = [value for name, value in pairs if name in ("license", "rights")]
    facts = {"licence": licences[0]} if licences else {}
    return Item(titles[0], manifests[0] if manifests else "", facts)


def _named(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Like `_walk`, with the values of RDF (`@value`, `@id`, `value`) under the name of their property."""
    if isinstance(value, dict):
        inner = ("@value", "@id", "value", "@list")
        return [pair for key, item in value.items() for pair in _named(item, name if key in inner and name else key)]
    if isinstance(value, list):
        return [pair for item in value for pair in _named(item, name)]
    return [(name, str(value))]


def parse_jacar_search(body: bytes, url: str) -> Hits:
    """Rows of a page of JACAR's search, with the ids of their images."""
    page = selector(body)
    total = page.css(".count-number::attr(data-count)").get()
    if total is None:
        raise Reject("unknown-layout", "the page does not say how many hits there are")
    rows = []
    for box in page.css("input[type=checkbox]"):
        code = (box.attrib.get("value") or "").rsplit("/", 1)[-1]
        if _CODE.match(code):
            links = box.xpath("./ancestor::*[count(.//input[@type='checkbox']) = 1][last()]//a/@href").getall()
            image = next((found[1] for link in links if (found := _IMAGE.search(link))), "")
            rows.append(Hit(code, urljoin(url, f"/das/meta/{code}"), image))
    if int(total) and not rows:
        raise Reject("unknown-layout", f"{total} hits and no reference code")
    return Hits(rows, int(total))


def parse_jacar_item(body: bytes) -> Item:
    """The description of an item: its title, and its table of label and value."""
    page = selector(body)
    pairs = [(text_of(dt), text_of(dd)) for dt, dd in _rows(page)]
    heading = title(soup(body))
    if not heading or not pairs:
        raise Reject("unknown-layout", "neither title nor description")
    image = next((found[1] for link in page.xpath("//a/@href").getall() if (found := _IMAGE.search(link))), "")
    return Item(heading, image, {label: value for label, value in pairs if label and value})


def _rows(page: Any) -> list[tuple[Any, Any]]:
    terms = [(dl.xpath("./dt")[0], dl.xpath("./dd")[0]) for dl in page.xpath("//dl[dt and dd]")]
    cells = [(row.xpath("./th")[0], row.xpath("./td")[0]) for row in page.xpath("//tr[th and td]")]
    return terms + cells
