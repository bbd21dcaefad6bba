"""Pages and files of an ordinary ministry site."""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kobunko.crawlers.parse.html import Link, links, meta_of, soup, title, words
from kobunko.crawlers.parse.html import is_html as is_html
from kobunko.errors import Reject

# fmt: off
FILES = frozenset((
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "tsv", "json", "zip", "lzh", "rtf", "odt", "ods", "odp",
    "jtd", "png", "jpg", "jpeg", "tif", "tiff", "gif",
))
NEVER = frozenset((
    "css", "js", "ico", "svg", "woff", "woff2", "mp3", "mp4", "m4a", "m4v", "wav", "wma", "wmv", "avi", "mov", "mpg",
    "mpeg", "flv", "swf", "exe", "dmg", "ics",
))
# fmt: on
_NOT_THERE = re.compile(
    r"(ページ|ファイル|お探し|ご指定|URL).{0,20}(見つかりません|存在しません|表示できません)"
    r"|^\s*404\b|404 not found|page not found|アクセスがブロック|メンテナンス中|request rejected",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageFacts:
    title: str
    links: list[Link]
    meta_robots: str


def extension(url: str) -> str:
    return posixpath.splitext(urlsplit(url).path)[1].lower().lstrip(".")


def file_name(url: str) -> str:
    return unquote(posixpath.basename(urlsplit(url).path))


def labelled(body: bytes, label: str, content_type: str = "") -> str:
    """What a table or list of a page says beside a label; empty where it says nothing, or more than one thing."""
    names = [tag for tag in soup(body, content_type).find_all(("th", "td", "dt")) if label in tag.get_text()]
    values = [tag.find_next_sibling(("td", "dd")) for tag in names if not tag.find(("th", "td", "dt"))]
    said = {words(value.get_text()) for value in values if value}
    return said.pop() if len(said) == 1 else ""


def parse_page(body: bytes, url: str, content_type: str = "") -> PageFacts:
    """Title, links and robots tag of a page; raises `Reject` for an error page that came with status 200."""
    page = soup(body, content_type)
    heading = title(page)
    if any(
        _NOT_THERE.search(text) for text in (heading, *(words(tag.get_text()) for tag in page.find_all("h1", limit=2)))
    ):
        raise Reject("soft-404", heading)
    return PageFacts(heading, list(links(page, url)), meta_of(page).get("robots", ""))
