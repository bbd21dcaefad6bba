"""Topic pages of national examinations: which PDFs are the questions, booklets and answers of one paper.

Question, booklet of pictures and answers are separate files; what they belong to stands in their link texts and in
the headings and row labels around them. A paper is what is left of those words when the words for the kind of file
are taken out, e.g. 「A問題」「A問題（別冊）」 → 「A」, 「午前 問題冊子」「午前 解答例」 → 「午前」.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from kobunko.crawlers.parse.html import decode, words
from kobunko.errors import Reject

_KINDS = (  # the first that matches decides
    ("booklet", re.compile(r"別冊|図版|画像|付図")),
    ("commentary", re.compile(r"採点講評|採点実感|出題の?趣旨|配点")),
    ("answers", re.compile(r"正答|解答|正解")),
    ("questions", re.compile(r"問題|論文式|短答式|設問")),
)
_NOT_A_PAPER = re.compile(
    r"問題冊子|試験問題|問題文|問題|別冊|図版|画像|付図|採点講評|採点実感|出題の?趣旨|配点割合|正答一覧|正答値表|正答|解答例|解答用紙"
    r"|解答|正解|等について|について|の公表|公表|および|及び|PDF(形式)?|\[?[\d,.]+\s*(KB|MB|キロバイト|メガバイト)\]?|[\s・:：()（）「」【】\[\]]"
)
_SITTING = re.compile(r"第\s*\d+\s*回|(?:令和|平成)\s*(?:元|\d+)\s*年(?:度)?(?:\s*[春秋]期)?|(?:19|20)\d\d\s*年(?:度)?")
_FILES = (".pdf", ".zip", ".xlsx", ".docx", ".jpg", ".png")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "caption", "dt")


@dataclass(frozen=True, slots=True)
class File:
    url: str
    kind: str  # questions | booklet | answers | commentary
    text: str  # of its link


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of one sitting. Answers that are for the whole sitting stand with every paper of it."""

    sitting: str
    name: str
    files: list[File] = field(default_factory=list)

    @property
    def title(self) -> str:
        return words(f"{self.sitting} {self.name}")


def parse_papers(body: bytes, url: str, content_type: str = "") -> list[Paper]:
    """Papers of a topic page in its order; none where the page links no examination files."""
    page = BeautifulSoup(decode(body, content_type), "lxml")
    page_title = _plain(page.title.get_text() if page.title else "")
    papers: dict[tuple[str, str], Paper] = {}
    for file, context in _files(page, url):
        sitting = _sitting([file.text, *context, page_title])
        if not sitting:
            continue
        name = _paper_name(file.text) or _paper_name(context[0] if context else "", without=sitting)
        papers.setdefault((sitting, name), Paper(sitting, name)).files.append(file)
    return _with_shared(list(papers.values()))


def _files(page: BeautifulSoup, url: str) -> Iterator[tuple[File, list[str]]]:
    """Files that are some part of a paper, with the words around each from near to far: row label, headings."""
    headings: dict[str, str] = {}
    for tag in page.find_all([*_HEADINGS, "a"]):
        if tag.name != "a":
            level = _HEADINGS.index(tag.name)
            headings = {name: text for name, text in headings.items() if _HEADINGS.index(name) < level}
            headings[tag.name] = _plain(tag.get_text(" "))
            continue
        address = urljoin(url, str(tag.get("href") or "").strip())
        if not urlsplit(address).path.lower().endswith(_FILES):
            continue
        text, context = _plain(tag.get_text(" ")), [_row_label(tag), *reversed(headings.values())]
        if kind := next(iter(_kinds(text)), "") or _kind_around(context):
            yield File(address, kind, text), [item for item in context if item]


def _kinds(text: str) -> list[str]:
    return [kind for kind, pattern in _KINDS if pattern.search(text)]


def _kind_around(context: list[str]) -> str:
    """Kind that the nearest words of the context name, where they name one alone."""
    near = next((kinds for text in context if (kinds := _kinds(text))), [])
    return near[0] if len(near) == 1 else ""


def _row_label(link: Tag) -> str:
    row = link.find_parent("tr")
    label = row.find("th") if row else None
    return _plain(label.get_text(" ")) if label else ""


def _plain(text: str) -> str:
    return words(unicodedata.normalize("NFKC", text))


def _sitting(context: list[str]) -> str:
    """The nearest words that name a sitting, with the name of the examination where it stands beside them."""
    for text in context:
        if found := _SITTING.search(text):
            exam = re.search(r"[一-龥ァ-ヶー]{2,}(?:国家試験|試験)", text[found.end() :])
            return words(f"{found[0]} {exam[0] if exam else ''}").replace(" 第", "第")
    return ""


def _paper_name(text: str, without: str = "") -> str:
    for word in without.split():
        text = text.replace(word, "")
    return _NOT_A_PAPER.sub("", _SITTING.sub("", text))[:60]


def _with_shared(papers: list[Paper]) -> list[Paper]:
    """Files of papers without questions (answers to all of them) go to every paper of their sitting."""
    has_questions = {id(paper) for paper in papers if any(file.kind == "questions" for file in paper.files)}
    whole = [paper for paper in papers if id(paper) in has_questions]
    for rest in (paper for paper in papers if id(paper) not in has_questions):
        targets = [paper for paper in whole if paper.sitting == rest.sitting]
        named = [paper for paper in targets if rest.name and (rest.name in paper.name or paper.name in rest.name)]
        for paper in named or targets:
            paper.files.extend(rest.files)
        if not targets:
            whole.append(rest)
    return [paper for paper in whole if any(file.kind == "questions" for file in paper.files)] or _refuse(whole)


def _refuse(papers: list[Paper]) -> list[Paper]:
    if papers:
        raise Reject("no-questions", f"files of {papers[0].title}, and none of them are questions")
    return []
