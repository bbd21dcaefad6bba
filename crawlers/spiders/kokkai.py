"""Diet records: lists by month, then the record of each meeting, one after the other.

A document is a meeting, never what one speaker said: a collection by speaker is not what Article 40 allows.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from scrapy.http import Response

from kobunko.crawlers import slices
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Listed
from kobunko.crawlers.parse import kokkai
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider

CORRECTED_MONTHS = 6  # a record is preliminary at first, and is corrected for some time


class KokkaiSpider(SourceSpider):
    """`crawl.start` holds the base of the API; `params`: `from`, `to` (days) and `old_months` a night of those that
    lie further back than records are usually corrected."""

    @property
    def base(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    def first(self) -> Iterable[Wanted]:
        params, today = self.seed.crawl.params, slices.today()
        end = date.fromisoformat(params["to"]) if "to" in params else today
        spans = list(slices.months(date.fromisoformat(params.get("from", "1947-05-20")), end))
        old = spans[CORRECTED_MONTHS:]
        for start, stop in spans[:CORRECTED_MONTHS] + slices.in_turn(old, self._turn(len(old)), today):
            yield self._list(start.isoformat(), stop.isoformat())

    def _turn(self, old: int) -> int:
        """Old months of this night: all of them at the first load."""
        return (
            int(self.seed.crawl.params.get("old_months", old)) if self.job.catalogue.inputs(self.seed.source) else old
        )

    def _list(self, first: str, last: str, start: int = 1) -> Wanted:
        url = kokkai.list_url(self.base, first, last, start)
        return Wanted(url, "listing", {"first": first, "last": last})

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            if issue_id := kokkai.issue_of(url):
                yield self._meeting(issue_id, "", "", FALLBACK)
            elif "/meeting_list" in url:
                yield Wanted(url, "listing", {"first": "", "last": ""}, priority=FALLBACK + 1)

    def _meeting(self, issue_id: str, linked_from: str, title: str, priority: int = 0) -> Wanted:
        url = kokkai.meeting_url(self.base, issue_id)
        arguments = {"issue_id": issue_id}
        return Wanted(url, "meeting", arguments, priority=priority, linked_from=linked_from, anchor_text=title)

    def listing(self, response: Response, first: str, last: str) -> Output:
        page = kokkai.parse_list(response.body)
        yield Listed(len(page.meetings))
        for meeting in page.meetings:
            yield self._meeting(meeting.issue_id, response.url, meeting.title)
        if page.next_start is not None and first:
            yield self._list(first, last, page.next_start)

    def meeting(self, response: Response, issue_id: str) -> Output:
        wanted: Wanted = response.meta["wanted"]
        meeting = kokkai.parse_meeting(response.body, issue_id)
        part = self.part("meeting", response)
        yield Found(
            meeting.issue_id,
            part.sha256,
            meeting.url or response.url,
            meeting.title,
            (part,),
            published=meeting.date,
            linked_from=wanted.linked_from,
            anchor_text=wanted.anchor_text,
            metadata=meeting.facts,
        )
