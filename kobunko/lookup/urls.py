"""Other forms of a URL: what sites were called before, and archives that hold copies of them.

Pure: from a URL to the URLs and names under which the same document may be known here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kobunko.ids import url_key
from kobunko.names import LAW_ID

_COURTS = "https://www.courts.go.jp"
_ARCHIVED = re.compile(
    r"https?://(?:web\.archive\.org/web/\d+[a-z_]*/|warp\.(?:da\.)?ndl\.go\.jp/(?:info:ndljp/pid/\d+|\d+/\d+)/)(.+)"
)
_COURTS_DETAIL = re.compile(r"courts\.go\.jp/(?:app/hanrei_jp/detail\d\?id=(\d+)|hanrei/0*(\d+)/detail\d)")
_COURTS_PDF = re.compile(r"courts\.go\.jp/(?:app/files/hanrei_jp/\d{3}/(\d{6})_hanrei\.pdf|.*/hanrei-pdf-(\d+)\.pdf)")
_OLD_LAW = re.compile(r"/htmldata/([MTSH])(\d\d)/\1\2(HO|SE)(\d{3})\.html", re.IGNORECASE)
_FILING = re.compile(r"edinet-fsa\.go\.jp/.*?\b(S[0-9A-Z]{7})\b")
_ERAS = {"M": 1, "T": 2, "S": 3, "H": 4}
_KINDS = {"HO": "AC", "SE": "CO"}


@dataclass(frozen=True, slots=True)
class Forms:
    """`urls` in canonical form, the given one first; `names` are the source's own keys for the same work."""

    urls: tuple[str, ...]
    names: tuple[str, ...]


def forms_of(url: str) -> Forms:
    """Raises nothing: a string that is no URL has only itself."""
    inner = url
    while match := _ARCHIVED.match(inner):
        inner = match[1] if "://" in match[1] else f"http://{match[1]}"
    urls = [url, inner, *_other_scheme(inner), *_courts(inner)]
    keys = [key for key in map(_key, urls) if key]
    return Forms(tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(_names(inner))))


def _key(url: str) -> str:
    try:
        return url_key(url)
    except ValueError:
        return ""


def _other_scheme(url: str) -> Iterator[str]:
    for one, other in (("http://", "https://"), ("https://", "http://")):
        if url.startswith(one):
            yield other + url.removeprefix(one)


def _courts(url: str) -> Iterator[str]:
    """A judgment has one number on its page and on its PDF, on the site of old and on that of today."""
    if match := _COURTS_DETAIL.search(url) or _COURTS_PDF.search(url):
        number = int(match[1] or match[2])
        for category in range(2, 9):
            yield f"{_COURTS}/hanrei/{number}/detail{category}/index.html"
            yield f"{_COURTS}/app/hanrei_jp/detail{category}?id={number}"
        yield f"{_COURTS}/assets/hanrei/hanrei-pdf-{number}.pdf"
        yield f"{_COURTS}/app/files/hanrei_jp/{number % 1000:03d}/{number:06d}_hanrei.pdf"


def _names(url: str) -> Iterator[str]:
    if match := LAW_ID.search(url):
        yield match[1]
    if match := _OLD_LAW.search(url):
        era, year, kind, number = match[1].upper(), match[2], match[3].upper(), int(match[4])
        yield f"{_ERAS[era]}{year}{_KINDS[kind]}{number:010d}"
    if match := _FILING.search(url):
        yield match[1]
    if match := _COURTS_DETAIL.search(url) or _COURTS_PDF.search(url):
        yield str(int(match[1] or match[2]))
