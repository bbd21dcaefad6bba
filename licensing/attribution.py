"""The line that a user of a text has to show: its source, and who edited it."""

import re
from datetime import datetime, timedelta, timezone

JST = timezone(timedelta(hours=9))  # the day of use that the templates ask for is a day in Japan
FIELDS = ("title", "publisher", "url", "date", "processor")
_DATED = re.compile(r"（[^（）]*\{date\}[^（）]*）")


def attribution(
    template: str, *, title: str, publisher: str, url: str, fetched_at: datetime | None, processor: str
) -> str:
    """The source line from its template, then the sentence that says that the text was edited and by whom.

    Where the day of the capture is not known, the bracket that would hold it is left out.
    """
    date = f"{fetched_at.astimezone(JST):%Y年%-m月%-d日}" if fetched_at else ""
    source = (template if date else _DATED.sub("", template)).format(
        title=title, publisher=publisher, url=url, date=date, processor=processor
    )
    work = f"「{title}」（{publisher}）" if title else publisher
    return f"{source}／{work}（{url}）を加工して{processor}作成"


def unknown_fields(template: str) -> list[str]:
    """Placeholders of a template that cannot be filled."""
    return sorted(set(re.findall(r"\{([^{}]*)\}", template)) - set(FIELDS))
