"""The line that a user of a text has to show: its source, its licence, and who edited it."""

import re
from datetime import datetime, timedelta, timezone

from kobunko.licensing.vocabulary import find

JST = timezone(timedelta(hours=9))  # the day of use that the templates ask for is a day in Japan
FIELDS = ("title", "publisher", "url", "date", "processor", "work")
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
) -> str:
    """The source line from its template with the licence that was granted, then the sentence (`edited`) that says that
    the text was edited and by whom: 公共データ利用規約 wants the two apart, and the editor named.

    The day of use is the day of the capture; where it is not known, the bracket that would hold it is left out.
    """
    date = f"{fetched_at.astimezone(JST):%Y年%-m月%-d日}" if fetched_at else ""
    work = f"「{title}」（{publisher}）" if title else publisher
    facts = {"title": title, "publisher": publisher, "url": url, "date": date, "processor": processor, "work": work}
    source = (template if date else _DATED.sub("", template)).format_map(facts)
    licence = find(license_id)
    if licence and licence.credit:
        source += f"、{licence.credit}（{licence.url}）"
        source += f"（{date}に利用）" if date and "{date}" not in template else ""
    return f"{source}／{edited.format_map(facts)}"


def unknown_fields(template: str) -> list[str]:
    """Placeholders of a template that cannot be filled."""
    return sorted(set(re.findall(r"\{([^{}]*)\}", template)) - set(FIELDS))
