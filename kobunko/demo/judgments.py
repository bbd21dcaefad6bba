"""courts.demo.example: the site of the courts with its list, detail pages and judgments as PDF."""

import re
import tomllib
from datetime import date
from string import Template
from typing import Any

from kobunko.demo import pdf
from kobunko.demo.web import NOT_FOUND, PDF, Answer, Host, Query, text

Judgment = dict[str, Any]

ROWS = 30  # a page
ERAS = {"昭和": 1925, "平成": 1988, "令和": 2018}
COURT_LABELS = {2: "法廷名", 3: "裁判所名・部"}  # the site's label changes with the category


def host() -> Host:
    judgments: list[Judgment] = tomllib.loads(text("judgments/judgments.toml"))["judgment"]
    files = _files(judgments)

    def answer(path: str, query: Query) -> Answer:
        if path == "/hanrei/search1/index.html":
            return _list(judgments, query)
        return files.get(path, NOT_FOUND)

    return answer


def _files(judgments: list[Judgment]) -> dict[str, Answer]:
    files = {}
    for judgment in judgments:
        name = judgment["id"]
        for number, label in judgment["categories"]:
            page = _detail(judgment, number, label).encode()
            files[f"/hanrei/{name}/detail{number}/index.html"] = Answer(page, stored=True)
        body = pdf.horizontal(text(f"judgments/{name}.txt"), judgment["name"], pdf.JUDGMENT)
        files[f"/assets/hanrei/hanrei-pdf-{name}.pdf"] = Answer(body, PDF, stored=True)
    return files


def _list(judgments: list[Judgment], query: Query) -> Answer:
    first, last = _bound(query, "From", date.min), _bound(query, "To", date.max)
    found = [item for item in judgments if first <= item["date"] <= last]
    offset = int(query["offset"]) if query.get("offset", "").isdecimal() else 0
    shown = found[offset : offset + ROWS]
    if not shown:
        return Answer(text("judgments/empty.html").encode())
    end = offset + len(shown)
    step = f'<a title="次へ" href="javascript:change_offset({end})">次へ</a>' if end < len(found) else ""
    page = Template(text("judgments/list.html")).substitute(
        range=f"{len(found)}件中 {offset + 1}～{end}件を表示",
        rows="".join(map(_row, shown)),
        next=step,
    )
    return Answer(page.encode())


def _bound(query: Query, side: str, default: date) -> date:
    """A date of the search form, given as era, year of the era, month and day; the default where one is missing."""
    era = query.get(f"filter[judgeGengo{side}]", "")
    parts = [query.get(f"filter[judge{part}{side}]", "") for part in ("Year", "Month", "Day")]
    if era not in ERAS or not all(re.fullmatch(r"\d{1,2}", part) for part in parts):
        return default
    year, month, day = map(int, parts)
    return date(ERAS[era] + year, month, day)


def _row(judgment: Judgment) -> str:
    links = "\n<br>\n".join(
        f'<a href="./../{judgment["id"]}/detail{number}/index.html" target="_self">{label}</a>'
        for number, label in judgment["categories"]
    )
    lower = "  ".join(filter(None, (judgment["lower_court"], judgment["lower_number"])))
    return Template(text("judgments/row.html")).substitute(judgment, links=links, lower=lower)


def _detail(judgment: Judgment, number: int, label: str) -> str:
    return Template(text("judgments/detail.html")).substitute(
        judgment,
        label=label,
        court_label=COURT_LABELS.get(number, "裁判所名"),
        date_num=f"{judgment['date']:%Y%m%d}",
    )
