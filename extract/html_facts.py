"""What a page says of itself and where it leads: publisher, dates, breadcrumbs, headings, links, tables."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from kobunko.extract.days import DAY, day_alone, day_of
from kobunko.extract.html_text import Element, data_tables, inner_text
from kobunko.extract.markdown import headings
from kobunko.wareki import parse_wareki

_TRAIL_NAME = re.compile(r"bread|topic-?path|pankuzu|\bcrumbs?\b", re.IGNORECASE)
_TRAIL_MARK = re.compile(r"[>＞»›→]")
_SITE_NAMES = ("og:site_name", "DC.publisher", "dcterms.publisher", "author", "copyright")
_COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\)|（c）)(?:[\s©\d,\-–.]|\(c\))*(?:by\s+)?([^\d\s©(][^.。©]{1,60})", re.IGNORECASE
)
_RESERVED = re.compile(r"[\s,.]*all rights? reserved.*$", re.IGNORECASE)
_TITLE_END = re.compile(r"[｜|]\s*([^｜|]{2,40})$")
_DATED = re.compile(
    r"(?P<what>(?:最終)?更新|改[定訂]|公表|公開|掲載|発表|登録|作成|制定|施行|適用)(?:年月)?日?時?"
    rf"\s?[:：\]】]?\s?(?P<when>{DAY})"
)
_KINDS = {"更新": "updated", "最終更新": "updated", "改定": "updated", "改訂": "updated"} | {
    "作成": "made",
    "制定": "made",
    "施行": "in_force",
    "適用": "in_force",
}


def page_facts(root: Element, title: str, text: str, top: Sequence[str], url: str) -> dict[str, Any]:
    """The structure of a page; offsets are those of `text`, whose first lines stand with all before them in `top`.

    What the page does not say is not there.
    """
    found: dict[str, Any] = {
        "kind": "page",
        "publisher": _publisher(root, title),
        "dates": _dates(root, text, top),
        "breadcrumbs": _breadcrumbs(root),
        "headings": headings(text),
        "links": _links(root, text, url),
        "tables": [{"page": 1, "box": None, "cells": cells} for cells in data_tables(root)],
    }
    return {name: value for name, value in found.items() if value}


def _publisher(root: Element, title: str) -> str:
    metas = {meta.get("name") or meta.get("property") or "": meta.get("content", "") for meta in root.iter("meta")}
    for name in _SITE_NAMES:
        if value := metas.get(name, "").strip():
            return _RESERVED.sub("", _COPYRIGHT.sub(r"\1", value)).strip()
    if found := _TITLE_END.search(title):
        return found[1].strip()
    for element in reversed(list(root.iter("address", "small", "p", "div", "li"))):
        line = " ".join((element.text or "")[:500].split())
        if found := _COPYRIGHT.search(line):
            return _RESERVED.sub("", found[1]).strip(" ,.")
    return ""


def _dates(root: Element, text: str, top: Sequence[str]) -> dict[str, str]:
    """ISO dates by what the page calls them; the first date near the top of the text is `stated`."""
    found: dict[str, str] = {}
    bottom = " ".join(inner_text(root)[-20_000:].split())
    for match in _DATED.finditer(f"{text[:2000]}\n{bottom}"):
        if day := day_of(match["when"]):
            found.setdefault(_KINDS.get(match["what"], "published"), day.isoformat())
    days = {day for line in (*top, *text.split("\n")) if (day := day_alone(line))}
    if len(days) == 1 and any(map(day_alone, top)):  # several days are those of a list
        found.setdefault("published", days.pop().isoformat())
    if first := parse_wareki(text[:600]):
        found["stated"] = first.isoformat()
    return found


def _breadcrumbs(root: Element) -> list[str]:
    """Names on the way from the site's top to the page: by the container's name, else by its `>` between links."""
    for element in root.iter("nav", "div", "ol", "ul", "p"):
        named = _TRAIL_NAME.search(
            f"{element.get('class', '')} {element.get('id', '')} {element.get('aria-label', '')}"
        )
        links = [name for link in element.iter("a") if (name := _plain(link))]
        short = len(inner_text(element)) < 400
        if short and links and (named or (len(links) >= 2 and _marked(element, len(links)))):
            steps = [name for item in element.iter("li") if (name := _plain(item))]
            trail = steps or _TRAIL_MARK.split(_plain(element))
            return [name for step in trail if (name := _TRAIL_MARK.sub("", step).strip())]
    return []


def _marked(element: Element, links: int) -> bool:
    """Whether a text is links with a mark after each."""
    return len(_TRAIL_MARK.findall(_plain(element))) in (links - 1, links)


def _links(root: Element, text: str, url: str) -> list[dict[str, str]]:
    """Links whose words are in the text, absolute where the page's own URL is known; each target once."""
    found: dict[str, str] = {}
    for link in root.iter("a"):
        name, target = _plain(link), (link.get("href") or "").strip()
        if not name or not target or target.startswith(("#", "javascript:", "mailto:", "tel:")) or name not in text:
            continue
        try:
            found.setdefault(urljoin(url, target), name)
        except ValueError:
            continue
    return [{"text": name, "url": target} for target, name in found.items()]


def _plain(element: Element) -> str:
    return " ".join(inner_text(element).split())
