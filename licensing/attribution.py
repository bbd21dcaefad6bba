"""The line that a user of a text has to show: its source, its licence, and who edited it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from kobunko.licensing.vocabulary import find

JST = timezone(timedelta(hours=9))  # the day of use that the templates ask for is a day in Japan
FIELDS = ("title", "publisher", "url", "date", "processor", "work", "case", "term")
_DATED = re.compile(r"（[^（）]*\{date\}[^（）]*）")


def attribution(
    template: str,
    edited: str,
    *,
    title: str,
    publisher: str,
    url: str,
    fetched_at: datetime | None,
    processor: str,
    license_id: str,
    case: str = "",
) -> str:
    """The source line from its template with the licence that was granted, then the sentence (`edited`) that says that
    the text was edited and by whom: 公共データ利用規約 wants the two apart, and the editor named.

    The day of use is the day of the capture; where it is not known, the bracket that would hold it is left out. `case`
    names a judgment (see `case_of`); `{term}` says of a work that its term of protection is over, where that was
    granted.
    """
    day = f"{fetched_at.astimezone(JST):%Y年%-m月%-d日}" if fetched_at else ""
    work = f"「{title}」（{publisher}）" if title else publisher
    term = "（保護期間満了）" if license_id == "CC-PDM-1.0" else ""
    facts = {"case": case, "term": term}
    facts |= {"title": title, "publisher": publisher, "url": url, "date": day, "processor": processor, "work": work}
    source = (template if day else _DATED.sub("", template)).format_map(facts)
    licence = find(license_id)
    if licence and licence.credit:
        source += f"、{licence.credit}（{licence.url}）"
        source += f"（{day}に利用）" if day and "{date}" not in template else ""
    return f"{source}／{edited.format_map(facts)}"


def case_of(metadata: Mapping[str, Any], published: str | None) -> str:
    """Court, date and case number of a judgment, as far as its source gives them."""
    court, number = (str(metadata.get(name) or "") for name in ("court", "case_number"))
    day = f"{date.fromisoformat(published):%Y年%-m月%-d日}" if published and (court or number) else ""
    return " ".join(part for part in (f"{court}{day}", number) if part)


def unknown_fields(template: str) -> list[str]:
    """Placeholders of a template that cannot be filled."""
    return sorted(set(re.findall(r"\{([^{}]*)\}", template)) - set(FIELDS))
