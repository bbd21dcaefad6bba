"""EDINET: the list of each day, then the files of each filing, one after the other."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from scrapy.http import Response

from kobunko.crawlers import slices
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Gone, Held, Listed, Problem, Skipped, part_from_json, part_to_json
from kobunko.crawlers.parse.edinet import ROLES, check_file, day_of, day_url, file_url, parse_day
from kobunko.crawlers.spiders.base import Output, SourceSpider

KEPT_DAYS = 3650  # how far back the API answers


class EdinetSpider(SourceSpider):
    """`crawl.start` holds the base of the API; `params`: `from` and `to` (days), or `days` back from today.

    Lists of past days are issued again when filings are withdrawn or edited: the window overlaps, and `older_days` of
    the ten years before it have their turn each night.
    """

    @property
    def base(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    def secret_headers(self) -> dict[str, str]:
        key = self.job.settings.crawl.edinet_key.get_secret_value()
        return {"Ocp-Apim-Subscription-Key": key} if key else {}

    def first(self) -> Iterable[Wanted]:
        params = self.seed.crawl.params
        last = date.fromisoformat(params["to"]) if "to" in params else slices.today()
        back = timedelta(days=int(params.get("days", 7)) - 1)
        first = date.fromisoformat(params["from"]) if "from" in params else last - back
        days = [last - timedelta(days=back_days) for back_days in range((last - first).days + 1)]
        older = [first - timedelta(days=back_days) for back_days in range(1, KEPT_DAYS)]
        days += slices.in_turn(older, int(params.get("older_days", 0)), last)
        yield from (self._day(day.isoformat()) for day in days)

    def _day(self, day: str) -> Wanted:
        return Wanted(day_url(self.base, day), "listing")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        return [self._day(day) for day in sorted({day_of(url) for url in urls if self.job.is_home(url)} - {""})]

    def listing(self, response: Response) -> Output:
        day = parse_day(response.body)
        yield Listed(len(day.filings) + len(day.left_out))
        for row in day.left_out:
            yield Skipped(row.reason)
            if row.reason in ("withdrawn", "undisclosed"):
                yield Gone(row.doc_id, row.reason, file_url(self.base, row.doc_id, "1"))
        for filing in day.filings:
            if self.job.recorder.holds(filing.doc_id, filing.version):
                yield Held(filing.doc_id, filing.version)
                continue
            kinds = [kind for kind in filing.kinds if self._can_have(filing.doc_id, kind)]
            yield from (
                Problem(f"not-in-replay: {filing.doc_id} type={kind}") for kind in filing.kinds if kind not in kinds
            )
            if not kinds:
                continue
            described = {
                "doc_id": filing.doc_id,
                "version": filing.version,
                "title": filing.title,
                "submitted": filing.submitted,
                "facts": filing.facts,
                "found_on": response.url,
            }
            yield self._file(described, kinds, [], priority=0)

    def _can_have(self, doc_id: str, kind: str) -> bool:
        archive = self.job.archive
        return archive is None or archive.has(file_url(self.base, doc_id, kind))

    def _file(self, filing: Mapping[str, Any], kinds: Sequence[str], parts: list[Any], priority: int = 10) -> Wanted:
        """The next file of a filing; what was fetched of it travels along."""
        url = file_url(self.base, filing["doc_id"], kinds[0])
        arguments = {"filing": dict(filing), "kinds": list(kinds), "parts": parts}
        return Wanted(
            url, "file", arguments, priority=priority, linked_from=filing["found_on"], anchor_text=filing["title"]
        )

    def file(self, response: Response, filing: Mapping[str, Any], kinds: Sequence[str], parts: list[Any]) -> Output:
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        check_file(response.body, content_type, kinds[0])
        parts = [*parts, part_to_json(self.part(ROLES[kinds[0]], response))]
        if len(kinds) > 1:
            yield self._file(filing, kinds[1:], parts)
            return
        found = tuple(part_from_json(part) for part in parts)
        yield Found(
            filing["doc_id"],
            filing["version"],
            found[0].url,
            filing["title"],
            found,
            published=filing["submitted"],
            linked_from=filing["found_on"],
            anchor_text=filing["title"],
            metadata=filing["facts"],
        )
