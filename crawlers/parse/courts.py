"""裁判例検索 of the courts' site: search URLs, lists and detail pages."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from parsel import Selector

from kobunko.crawlers.parse.html import meta_tags, selector, text_of, words
from kobunko.errors import Reject
from kobunko.wareki import from_era, parse_wareki, to_era

_ID = (
    re.compile(r"/hanrei/0*(\d+)/detail\d+"),
    re.compile(r"/hanrei-(?:point_)?pdf-0*(\d+)\.pdf"),
    re.compile(r"/hanrei_jp/detail\d+\?(?:.*&)?id=0*(\d+)"),
    re.compile(r"/hanrei_jp/\d+/0*(\d+)_(?:hanrei|point)\.pdf"),
)
_DETAIL = re.compile(r"/hanrei/\d+/detail(\d+)|/hanrei_jp/detail(\d+)\?")
_COUNT = re.compile(r"([\d,]+)件中\s*(\d+)\s*[~〜-]\s*(\d+)件")


@dataclass(frozen=True, slots=True)
class Row:
    judgment_id: str
    url: str  # detail page, of the first category where it stands in several
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a search. `too_many`: the site shows no rows above 2,000 hits, so the dates must be narrowed."""

    rows: list[Row]
    next_offset: int | None = None
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Judgment:
    judgment_id: str
    title: str
    date: str | None  # ISO
    pdf_url: str
    attachments: list[str]  # URLs of 添付文書: lists, drawings and the like that belong to the judgment
    facts: dict[str, Any]


def judgment_id(url: str) -> str:
    """Id in any form of URL that the site has had, without leading zeros; empty where there is none."""
    return next((found[1] for pattern in _ID if (found := pattern.search(url))), "")


def is_detail_url(url: str) -> bool:
    return bool(_DETAIL.search(url))


def search_url(page: str, start: date, end: date, offset: int = 0) -> str:
    """Search of everything that was decided from `start` to `end`, both included."""
    query: dict[str, Any] = {"query1": "", "query2": "", "filter[judgeDateMode]": 2}
    for name, day in (("From", start), ("To", end)):
        era, year = to_era(day)
        values = {"Gengo": era, "Year": year, "Month": day.month, "Day": day.day}
        query |= {f"filter[judge{field}{name}]": value for field, value in values.items()}
    return f"{page}?{urlencode(query | {'offset': offset})}"


def dates_of(url: str) -> tuple[date, date] | None:
    """The first and the last day that a search URL asks for."""
    query = dict(parse_qsl(urlsplit(url).query))
    try:
        first, last = (
            from_era(query[f"filter[judgeGengo{n}]"], *(int(query[f"filter[judge{f}{n}]"]) for f in _FIELDS))
            for n in ("From", "To")
        )
    except (KeyError, ValueError):
        return None
    return first, last


_FIELDS = ("Year", "Month", "Day")


def with_offset(url: str, offset: int) -> str:
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "offset"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("offset", str(offset))])))


def years(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Slices of a year each, the newest first."""
    for year in range(end.year, start.year - 1, -1):
        yield max(start, date(year, 1, 1)), min(end, date(year, 12, 31))


def halves(start: date, end: date) -> list[tuple[date, date]]:
    """A slice cut in two, the newer half first; raises `Reject` where one day alone is too much."""
    if start == end:
        raise Reject("too-many-results", f"{start}: more than one search shows, and it cannot be narrowed by date")
    middle = start + (end - start) // 2
    return [(middle + timedelta(days=1), end), (start, middle)]


def parse_list(body: bytes, url: str) -> Listing:
    """Rows of a page of results; raises `Reject` when it is no such page or rows are missing."""
    page = selector(body)
    text = unicodedata.normalize("NFKC", text_of(page))
    if re.search(r"2,?000件を超え", text):
        return Listing([], too_many=True)
    if "該当する裁判例がありません" in text:
        return Listing([])
    count = _COUNT.search(text)
    if not count:
        raise Reject("unknown-layout", "neither rows, nor their number, nor the words for no results")
    total, first, last = (int(number.replace(",", "")) for number in count.groups())
    found = [_row(node, url) for node in page.css("table.search-result-table > tbody > tr")]
    if len(found) != last - first + 1:
        raise Reject("incomplete-list", f"{len(found)} rows where the page says {first} to {last} of {total}")
    rows: dict[str, Row] = {}
    for row in found:
        rows.setdefault(row.judgment_id, row)
    return Listing(list(rows.values()), last if last < total else None)


def _row(node: Selector, url: str) -> Row:
    links = [urljoin(url, href) for href in node.xpath("./th//a/@href").getall()]
    details = sorted(link for link in links if is_detail_url(link))
    if not details:
        raise Reject("unknown-layout", f"a row without a link to its detail page: {text_of(node)[:100]}")
    return Row(judgment_id(details[0]), details[0], text_of(node))


def parse_detail(body: bytes, url: str) -> Judgment:
    """Facts of a detail page: the meta fields that stand before its doctype, else the table."""
    page, tags = selector(body), meta_tags(body)
    table = {text_of(dl.xpath("./dt")[0]): text_of(dl.xpath("./dd")[0]) for dl in page.xpath("//dl[dt and dd]")}
    number = tags.get("composite_jiken_number") or table.get("事件番号", "")
    name = tags.get("jiken_name") or table.get("事件名", "")
    if not (number or name):
        raise Reject("unknown-layout", "neither case number nor case name")
    pdf_url = _pdf_url(page, tags, url)
    day = tags.get("judge_date", "")[:10] or _iso(table.get("裁判年月日", ""))
    files = [urljoin(url, href) for href in page.xpath("//dl//a[contains(@href, '.pdf')]/@href").getall()]
    attached = page.xpath("//dl[contains(dt, '添付')]//a/@href").getall()
    attachments = [file for file in dict.fromkeys(urljoin(url, href) for href in attached) if file != pdf_url]
    facts: dict[str, Any] = {"case_number": words(number), "case_name": words(name)}
    facts["table"] = {label: text for label, text in table.items() if not _OF_AUTHORS.search(label)}
    facts |= {field: tags[tag] for field, tag in _FACTS.items() if tags.get(tag)}
    facts["other_files"] = [file for file in files if file not in (pdf_url, *attachments)]
    facts["meta_robots"] = tags.get("robots", "")
    return Judgment(judgment_id(url), words(name) or words(number), day or None, pdf_url, attachments, facts)


# Holdings and abstracts are somebody's writing, not the judgment: they stay in the captured page.
_OF_AUTHORS = re.compile("判示事項|要旨")
_FACTS = {
    "court": "court_name",
    "branch": "branch_name",
    "decision": "judge_type_name",
    "result": "judge_result_name",
    "lower_case_number": "genshin_composite_jiken_number",
    "lower_court": "genshin_court_name",
}


def _pdf_url(page: Selector, tags: dict[str, str], url: str) -> str:
    links = page.xpath("//dl[contains(dt, '全文')]//a/@href | //a[contains(@href, 'hanrei-pdf-')]/@href").getall()
    found = (links or [tags.get("pdf_url", "")])[0]
    if not found:
        raise Reject("no-full-text", "the detail page links no PDF")
    parts = urlsplit(urljoin(url, found))
    return urlunsplit(parts._replace(path=re.sub(r"/{2,}", "/", parts.path)))


def _iso(text: str) -> str:
    day = parse_wareki(text)
    return day.isoformat() if day else ""
