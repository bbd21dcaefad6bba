"""e-Stat: the tables that the seed's searches list, each in as many pages as its cells need."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Held, Listed, part_from_json, part_to_json
from kobunko.crawlers.parse import estat
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider

PAGING = ("limit", "startPosition")


class EstatSpider(SourceSpider):
    """`crawl.start` holds the base of the API; `params.searches` are tables of its parameters, e.g. `statsCode`. The
    application id goes into each request on the wire, and nowhere else."""

    @property
    def api(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    def secret_query(self) -> dict[str, str]:
        key = self.job.settings.crawl.estat_app_id.get_secret_value()
        return {"appId": key} if key else {}

    def first(self) -> Iterable[Wanted]:
        for search in self.seed.crawl.params.get("searches", ()):
            yield self._list(search, 1)

    def _list(self, search: Mapping[str, Any], start: int) -> Wanted:
        return Wanted(estat.list_url(self.api, dict(search), start), "listing", {"search": dict(search)})

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            if urlsplit(url).path.endswith("/getStatsList"):
                search = {name: value for name, value in parse_qsl(urlsplit(url).query) if name not in PAGING}
                yield Wanted(url, "listing", {"search": search}, priority=FALLBACK)

    def listing(self, response: Response, search: Mapping[str, Any]) -> Output:
        page = estat.parse_list(response.body)
        yield Listed(len(page.tables))
        for table in page.tables:
            if table.updated and self.job.recorder.holds(table.table_id, table.updated):
                yield Held(table.table_id, table.updated)
                continue
            described = {"table_id": table.table_id, "title": table.title, "updated": table.updated}
            described |= {"facts": table.facts, "found_on": response.url}  # type: ignore[dict-item]
            yield self._cells(described, 1, [])
        if page.next_key is not None:
            yield self._list(search, page.next_key)

    def _cells(self, table: Mapping[str, Any], start: int, parts: list[Any]) -> Wanted:
        url = estat.data_url(self.api, table["table_id"], start)
        arguments = {"table": dict(table), "parts": parts}
        link = {"linked_from": table["found_on"], "anchor_text": table["title"]}
        return Wanted(url, "cells", arguments, priority=10 if parts else 0, **link)

    def cells(self, response: Response, table: Mapping[str, Any], parts: list[Any]) -> Output:
        following = estat.next_cells(response.body)
        parts = [*parts, part_to_json(self.part("table", response))]
        if following is not None:
            yield self._cells(table, following, parts)
            return
        found = tuple(part_from_json(part) for part in parts)
        yield Found(
            table["table_id"],
            table["updated"] or found[0].sha256,
            found[0].url,
            table["title"],
            found,
            published=table["updated"] or None,
            linked_from=table["found_on"],
            anchor_text=table["title"],
            metadata=table["facts"],
        )
