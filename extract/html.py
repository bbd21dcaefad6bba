"""HTML pages: what the page is about, its title, and what it says of itself.

trafilatura finds where the content begins and ends; the text between is written by ourselves, because trafilatura
turns full-width spaces into ASCII ones. Where it would lose too much, the whole body is kept, and `reason` says so.
"""

import logging
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import trafilatura

from kobunko.errors import Reject
from kobunko.extract.charset import decode
from kobunko.extract.controls import clean
from kobunko.extract.html_facts import page_facts
from kobunko.extract.html_text import Element, inner_text, lines, parse
from kobunko.extract.law_facts import law_number
from kobunko.extract.law_lines import articles
from kobunko.extract.reading import Reading, text_page
from kobunko.wareki import parse_wareki

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it cannot use is in `reason`

_WHITE = re.compile(r"\s+")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_SEPARATORS = re.compile(r"[>＞|｜]|^[#-]+ ")
_TECHNICAL_META = {"viewport", "format-detection", "generator", "google-site-verification", "theme-color"}
_TRAFILATURA_LIMIT = 1_000_000  # characters of markup; above this a page is a whole law, not a portal page
_SHORT = 12  # characters; shorter lines occur in menus as well as in the content
_LEAST_SHARE = 0.5  # of the body without menus, which the main content must hold to be believed
_WORTH_CUTTING = 0.98  # of the page; to cut away less is not worth the risk, unless the site itself calls it a menu
_FILES_WITHIN = 4  # lines of links
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|csv|zip|txt)(?:$|[?#])", re.IGNORECASE)
_LEAST_ARTICLES = 2
_LAW_SHARE = 0.3  # of a text, which its main articles hold where it is a law
_MAIN_ARTICLE = re.compile("MainProvision/Article_[^/]+")
_TOP_LINES = 6
_HEAD_LINES = 10  # of the content, where its date may have a line to itself
_LAW_NUMBER = re.compile(
    r"[（(]?((?:明治|大正|昭和|平成|令和)[^\s年]{1,6}年)([^\s月]{1,3}月[^\s日]{1,4}日)?\s*"
    r"([^\s（）年月日]{1,20}第[〇一二三四五六七八九十百千0-9０-９]+号|人事院規則[〇一二三四五六七八九十―－-]+)[）)]?"
)
_ERROR_PAGE = re.compile(
    r"^(?:Request Rejected|Access Denied|(?:403|404|500|502|503)\b.{0,40}$|(?:Not Found|Forbidden|Bad Gateway)$"
    r"|.{0,20}(?:アクセスがブロック|アクセス制限|ページ.{0,6}(?:見つかりません|表示できません)|ただいまメンテナンス))"
)
_ERROR_PAGE_LENGTH = 1500


def read_html(body: bytes, media_type: str = "", url: str = "") -> Reading:
    """A page. Raises `error-document` for a server's error page and `no-text` for a page without text."""
    decoded = decode(body, media_type)
    root = parse(_XML_DECLARATION.sub("", decoded.text))
    whole = lines(root) if root is not None else []
    if root is None or not whole:
        raise Reject("no-text", "HTML without text")
    title = page_title(root)
    _raise_error_page(title, whole)
    kept, reason = _main_content(root, decoded.text, whole)
    metadata: dict[str, Any] = {"encoding": decoded.encoding, "declared_encoding": decoded.declared}
    if decoded.replaced:
        metadata["undecodable"] = decoded.replaced
    if frames := [source for frame in root.iter("frame") if (source := frame.get("src", "").strip())]:
        metadata["frames"] = frames  # files of their own, where the text of such a page is
    if meta := meta_fields(root):
        metadata["meta"] = meta
    if fields := definitions(root):
        metadata["fields"] = fields
    text = "\n".join(kept)
    as_kept = clean(text)[0]
    top = whole[: whole.index(kept[0]) + _HEAD_LINES]
    structure = law_structure(as_kept) or page_facts(root, title, as_kept, top, url)
    return Reading("html", [text_page(1, text, reason)], title, metadata, structure)


def law_structure(text: str) -> dict[str, Any]:
    """The provisions of a page that is a law, an ordinance or a rule; empty for any other."""
    found, facts = articles(text), _law_facts(text)
    tops = [node for node in found if _MAIN_ARTICLE.fullmatch(node["path"])]
    covered = sum(node["end"] - node["start"] for node in tops)
    if not found or not (facts or (len(tops) >= _LEAST_ARTICLES and covered >= _LAW_SHARE * len(text))):
        return {}
    return {"kind": "law", "law": facts, "articles": found}


def _law_facts(text: str) -> dict[str, Any]:
    """Number and day of promulgation, from a line at the top with nothing else; ordinances have them in two."""
    top = [line.strip() for line in text.split("\n", _TOP_LINES)[:_TOP_LINES]]
    for candidate in [*top, *map("".join, pairwise(top))]:
        if match := _LAW_NUMBER.fullmatch(candidate):
            era, day, number = match.groups()
            found: dict[str, Any] = {"law_num": era + number, "law_num_parts": law_number(era + number)}
            promulgated = parse_wareki(f"{era}{day}") if day else None
            return found | ({"promulgation_date": promulgated.isoformat()} if promulgated else {})
    return {}


def page_title(root: Element) -> str:
    for name in ("title", "h1"):
        for element in root.iter(name):
            if text := _WHITE.sub(" ", inner_text(element)).strip():
                return text
    return ""


def meta_fields(root: Element) -> dict[str, str]:
    """`<meta name= content=>` pairs; the pages of judgments carry some 75 of them."""
    return {
        name: content
        for meta in root.iter("meta")
        if (name := meta.get("name", ""))
        and (content := meta.get("content", "").strip())
        and name.lower() not in _TECHNICAL_META
    }


def definitions(root: Element) -> dict[str, str]:
    """Pairs of the page's definition lists, where each term has one description."""
    found: dict[str, str] = {}
    for term in root.iter("dt"):
        description = term.getnext()
        if description is not None and description.tag == "dd":
            key = _WHITE.sub(" ", inner_text(term)).strip()
            found.setdefault(key, _WHITE.sub(" ", inner_text(description)).strip())
    return {key: value for key, value in found.items() if key and value}


def _main_content(root: Element, markup: str, whole: list[str]) -> tuple[list[str], str]:
    if len(markup) > _TRAFILATURA_LIMIT:
        return whole, "whole-body"
    found = trafilatura.extract(markup, favor_recall=True, include_tables=True, deduplicate=False) or ""
    content = _squeezed(found)
    body = lines(root, boilerplate=False)
    around = set(whole) - set(body)
    keys = {index: _key(line) for index, line in enumerate(whole) if line not in around}
    hits = [index for index, key in keys.items() if len(key) >= _SHORT and key in content]
    if not hits:
        return whole, "whole-body"
    menu = _menu(root, around)
    first, last = hits[0], hits[-1] + 1
    while first and not menu(whole[first - 1]):
        first -= 1
    last = _last(whole, last, menu, _documents(root))
    heading = next((index for index in range(first) if whole[index].startswith("# ")), first)
    if around.isdisjoint(whole[heading:first]):  # links between a heading and its text are a table of contents
        first = heading
    main = whole[first:last]
    if _length(main) < _LEAST_SHARE * _length(body):
        return whole, "whole-body"
    if _length(main) >= _WORTH_CUTTING * _length(whole):
        main = _without_ends(whole, around)
    return (main, "main-content") if len(main) < len(whole) else (whole, "whole-body")


def _last(whole: list[str], last: int, menu: Callable[[str], bool], documents: set[str]) -> int:
    """Where the content ends: before a menu, but not before links to files that follow soon, as a release has them."""
    least = last
    while last < len(whole) and not menu(whole[last]):
        last += 1
    near = range(min(last + _FILES_WITHIN, len(whole)) - 1, last - 1, -1)
    found = next((index for index in near if _squeezed(whole[index]).lstrip("#-") in documents), None)
    if found is not None:
        return _last(whole, found + 1, menu, documents)
    while least < last < len(whole) and whole[last - 1].startswith("#"):  # of the menu
        last -= 1
    return last


def _documents(root: Element) -> set[str]:
    """Words of links to files: what they lead to is no part of a menu."""
    return {_squeezed(inner_text(link)) for link in root.iter("a") if _FILE.search(link.get("href", ""))} - {""}


def _without_ends(whole: list[str], around: set[str]) -> list[str]:
    """The page from its first to its last line that is not called a menu, a path or a footer."""
    own = [index for index, line in enumerate(whole) if line not in around]
    return whole[own[0] : own[-1] + 1]


def _menu(root: Element, boilerplate: set[str]) -> Callable[[str], bool]:
    """Whether a line is one of a menu: it stands in a navigation or footer, or holds nothing but links."""
    links = {_squeezed(inner_text(link)) for link in root.iter("a")} - _documents(root)

    def is_menu(line: str) -> bool:
        pieces = [key for piece in _SEPARATORS.split(line) if (key := _squeezed(piece))]
        return line in boilerplate or all(piece in links for piece in pieces)

    return is_menu


def _key(line: str) -> str:
    """A line as it can be searched for: of a table its longest cell."""
    cells = [_squeezed(cell) for row in line.split("\n") for cell in re.split(r"\||<br>", row)]
    return max(cells, key=len).lstrip("#-")


def _squeezed(text: str) -> str:
    return _WHITE.sub("", text)


def _length(found: list[str]) -> int:
    return sum(len(_squeezed(line)) for line in found)


def _raise_error_page(title: str, whole: list[str]) -> None:
    if _length(whole) < _ERROR_PAGE_LENGTH:
        for line in (title, whole[0].lstrip("# ")):
            if _ERROR_PAGE.search(line):
                raise Reject("error-document", line)
