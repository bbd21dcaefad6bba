"""Courts: searches by date, detail pages, and the PDF of each judgment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from kobunko.crawlers import slices
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Held, Listed, part_from_json, part_to_json
from kobunko.crawlers.parse import courts
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider
from kobunko.errors import Reject
from kobunko.ids import work_id

RECENT_YEARS = 2  # asked for in each crawl; the older ones have their turn
RECHECK_DAYS = 365  # judgments older than this are asked for again once in so many days


class CourtsSpider(SourceSpider):
    """`crawl.start` holds the search page; `params.from` and `params.to` the first and the last day (today),
    `params.old_years` how many of the older years are asked for again in a night."""

    def first(self) -> Iterable[Wanted]:
        params = self.seed.crawl.params
        start = date.fromisoformat(params.get("from", "1947-01-01"))
        end = date.fromisoformat(params["to"]) if "to" in params else slices.today()
        years = list(courts.years(start, end))
        recent, old = years[:RECENT_YEARS], years[RECENT_YEARS:]
        is_first_load = not self.job.catalogue.inputs(self.seed.source)
        count = len(old) if is_first_load else int(params.get("old_years", len(old)))
        for first, last in recent + slices.in_turn(old, count, slices.today()):
            yield self._search(first, last)

    def _search(self, start: date, end: date) -> Wanted:
        return Wanted(courts.search_url(self.seed.crawl.start[0], start, end), "listing")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            if courts.is_detail_url(url):
                yield self._detail(url, "", "", FALLBACK)
            elif "/hanrei/search" in urlsplit(url).path:
                yield Wanted(url, "listing", priority=FALLBACK + 1)

    def _detail(self, url: str, linked_from: str, text: str, priority: int = 0) -> Wanted:
        key = f"detail:{courts.judgment_id(url)}"  # the same case stands in several categories
        return Wanted(url, "detail", key=key, priority=priority, linked_from=linked_from, anchor_text=text)

    def listing(self, response: Response) -> Output:
        page = courts.parse_list(response.body, response.url)
        if not page.too_many:
            yield Listed(len(page.rows))
        dates = courts.dates_of(response.url)
        if page.too_many:
            if dates is None:
                raise Reject("too-many-results", "the search has no dates that could be narrowed")
            for start, end in courts.halves(*dates):
                yield self._search(start, end)
        for row in page.rows:
            if dates and self._is_settled(row, dates[1]):
                yield Held(row.judgment_id, "")
            else:
                yield self._detail(row.url, response.url, row.text)
        if page.next_offset is not None:
            yield Wanted(courts.with_offset(response.url, page.next_offset), "listing")

    def _is_settled(self, row: courts.Row, until: date) -> bool:
        """An old judgment that is held, and was looked at not long ago."""
        since = timedelta(days=RECHECK_DAYS)
        if until >= slices.today() - since:
            return False
        catalogue = self.job.catalogue
        if not catalogue.document_ids(work_id=work_id(self.seed.source, row.judgment_id)):
            return False
        last = catalogue.latest_capture(row.url)
        return bool(last and last.fetched_at and last.fetched_at > datetime.now(UTC) - since)

    def detail(self, response: Response) -> Output:
        judgment = courts.parse_detail(response.body, response.url)
        wanted: Wanted = response.meta["wanted"]
        described = {
            "judgment_id": judgment.judgment_id,
            "title": judgment.title,
            "day": judgment.date,
            "facts": judgment.facts,
            "detail": part_to_json(self.part("detail", response)),
            "found_on": wanted.linked_from,
        }
        yield Wanted(judgment.pdf_url, "judgment", described, priority=10, linked_from=response.url, anchor_text="全文")

    def judgment(
        self,
        response: Response,
        judgment_id: str,
        title: str,
        day: str | None,
        facts: Mapping[str, Any],
        detail: Mapping[str, Any],
        found_on: str,
    ) -> Output:
        if b"%PDF-" not in response.body[:1024]:
            raise Reject("not-a-pdf", response.body[:60].decode("utf-8", errors="replace"))
        page, pdf = part_from_json(detail), self.part("judgment", response)
        yield Found(
            judgment_id,
            pdf.sha256,
            page.url,
            title,
            (page, pdf),
            published=day,
            linked_from=found_on,
            anchor_text=title,
            metadata=facts,
        )
