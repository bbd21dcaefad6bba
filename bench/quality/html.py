"""Main text of government web pages: ours beside trafilatura, resiliparse (if importable) and the whole body.

What is content says the site itself: on the pages of the tax agency it stands in `#bodyArea`, the path to the page
left out. Counted are characters without white space wherever they stand, and apart from them the full-width blanks,
which set off headings and indents.
"""

import importlib.util
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trafilatura
from bs4 import BeautifulSoup

from kobunko.errors import Reject
from kobunko.extract.charset import decode
from kobunko.extract.html import read_html

NEEDS_SAMPLES = True
FLOORS: dict[str, tuple[str, float]] = {
    "pages": (">=", 40),
    "ours, precision": (">=", 0.99),
    "ours, recall": (">=", 0.985),
    "ours, full-width blanks": (">=", 0.98),
}
PAGES = "ministry/nta_html/**/*.htm"
CONTENT = "#bodyArea"
_NOT_CONTENT = "script, style, noscript, .breadcrumb, .skip"
BLANK = "\u3000"


def measure(samples: Path) -> dict[str, float]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in EXTRACTORS}
    pages = 0
    for path in sorted(samples.glob(PAGES)):
        body = path.read_bytes()
        soup = BeautifulSoup(decode(body, "").text, "lxml")
        content = soup.select_one(CONTENT)
        if content is None:
            continue
        pages += 1
        for part in content.select(_NOT_CONTENT):
            part.decompose()
        for name, extractor in EXTRACTORS.items():
            counts[name] += compared(content.get_text(), extractor(body))
    found: dict[str, float] = {"pages": pages}
    for name, count in counts.items():
        found[f"{name}, precision"] = count["right"] / max(count["found"], 1)
        found[f"{name}, recall"] = count["right"] / count["wanted"]
        found[f"{name}, full-width blanks"] = count["blanks right"] / count["blanks"]
    return found


def compared(wanted: str, found: str) -> Counter[str]:
    one, other = Counter("".join(wanted.split())), Counter("".join(found.split()))
    blanks, kept = wanted.count(BLANK), found.count(BLANK)
    right = (one & other).total()
    return Counter(
        {
            "wanted": one.total(),
            "found": other.total(),
            "right": right,
            "blanks": blanks,
            "blanks right": min(blanks, kept),
        }
    )


def ours(body: bytes) -> str:
    """Without what our text adds: marks of headings, lists, tables and images."""
    try:
        text = read_html(body).pages[0].text
    except Reject:
        return ""
    lines = (line.lstrip("#- ") for line in text.split("\n") if not line.startswith("| ---"))
    return "\n".join(lines).replace("<br>", "").replace("|", "")


def by_trafilatura(body: bytes) -> str:
    return trafilatura.extract(decode(body, "").text, favor_recall=True, include_tables=True) or ""


def by_resiliparse(body: bytes) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(decode(body, "").text, main_content=True))


def whole_body(body: bytes) -> str:
    soup = BeautifulSoup(decode(body, "").text, "lxml")
    for part in soup(["script", "style", "noscript"]):
        part.decompose()
    return str((soup.body or soup).get_text())


EXTRACTORS: dict[str, Callable[[bytes], str]] = {
    "ours": ours,
    "trafilatura": by_trafilatura,
    "the whole body": whole_body,
}
if importlib.util.find_spec("resiliparse"):
    EXTRACTORS["resiliparse"] = by_resiliparse
