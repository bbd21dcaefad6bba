"""Courts: searches by date, detail pages, and the PDFs of each judgment."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from kobunko.crawlers import absences, slices
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Held, Listed, Problem, part_from_json, part_to_json
from kobunko.crawlers.parse import courts
from kobunko.crawlers.spiders.base import FALLBACK, KNOWN, Output, SourceSpider
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
        elif dates and not page.too_many and self.job.archive is None:
            yield from self._not_listed(*dates, {work_id(self.seed.source, row.judgment_id) for row in page.rows})

    def _not_listed(self, start: date, end: date, shown: Collection[str]) -> Iterator[Wanted]:
        """Judgments of these days that are held and that no page of the search names any more: asked for at the end,
        so that one which was taken off the site is noticed."""
        held = absences.works_of(self.job.catalogue, self.seed.source, (start.isoformat(), end.isoformat()))
        missing = sorted(held.keys() - self.job.recorder.seen - set(shown))
        yield from (self._detail(held[work], "", "", KNOWN) for work in missing)

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
            "url": response.url,
            "found_on": wanted.linked_from,
        }
        files = [judgment.pdf_url, *filter(self._can_have, judgment.attachments)]
        yield from (Problem(f"not-in-replay: {url}") for url in judgment.attachments if not self._can_have(url))
        yield self._file(described, files, [part_to_json(self.part("detail", response))])

    def _can_have(self, url: str) -> bool:
        return self.job.archive is None or self.job.archive.has(url)

    def _file(self, judgment: Mapping[str, Any], files: Sequence[str], parts: list[Any]) -> Wanted:
        """The next file of a judgment, the full text first; what was fetched of it travels along."""
        arguments = {"judgment": dict(judgment), "files": list(files), "parts": parts}
        accept, text = ((404, 410), "添付文書") if len(parts) > 1 else ((), "全文")
        url = judgment["url"]
        return Wanted(files[0], "file", arguments, priority=10, linked_from=url, anchor_text=text, accept=accept)

    def file(self, response: Response, judgment: Mapping[str, Any], files: Sequence[str], parts: list[Any]) -> Output:
        role = "attachment" if len(parts) > 1 else "judgment"
        if response.status == 200 and b"%PDF-" in response.body[:1024]:
            parts = [*parts, part_to_json(self.part(role, response))]
        elif role == "attachment":
            yield Problem(f"missing-attachment: {files[0]}")
        else:
            raise Reject("not-a-pdf", response.body[:60].decode("utf-8", errors="replace"))
        if len(files) > 1:
            yield self._file(judgment, files[1:], parts)
            return
        found = tuple(part_from_json(part) for part in parts)
        yield Found(
            judgment["judgment_id"],
            found[1].sha256,
            judgment["url"],
            judgment["title"],
            found,
            published=judgment["day"],
            linked_from=judgment["found_on"],
            anchor_text=judgment["title"],
            metadata=judgment["facts"],
        )
