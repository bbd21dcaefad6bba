"""NDL Search: records by slices of time, and the pages of items whose protection has expired."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from kobunko.crawlers import slices
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Gone, Listed, part_to_json
from kobunko.crawlers.parse import ndl
from kobunko.crawlers.spiders.base import FALLBACK, Output
from kobunko.crawlers.spiders.iiif import IiifSpider
from kobunko.errors import Reject

_SLICE = re.compile(r'\((.*)\) AND from="(\d+)" AND until="(\d+)"')  # as `search_url` writes it


class NdlSpider(IiifSpider):
    """`crawl.start` holds the OAI-PMH address and the site of the digital collections; `params`: `from`, `to` (days;
    the last `days` where there is no `from`), `sets` (all where there are none) and `images`. With `searches` (CQL)
    records are searched by SRU instead, cut by year of publication from `first_year`."""

    @property
    def api(self) -> str:
        return self.seed.crawl.start[0]

    def first(self) -> Iterable[Wanted]:
        params = self.seed.crawl.params
        if "searches" in params:
            first_year = int(params.get("first_year", 1868))
            yield from (self._search(query, first_year, slices.today().year) for query in params["searches"])
            return
        end = date.fromisoformat(params["to"]) if "to" in params else slices.today()
        start = date.fromisoformat(params["from"]) if "from" in params else end - timedelta(days=params.get("days", 7))
        for name in params.get("sets", [""]):
            for first, last in slices.months(start, end):
                yield Wanted(ndl.list_url(self.api, first.isoformat(), last.isoformat(), name), "listing")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        path = urlsplit(self.api).path
        for url in urls:
            query = parse_qs(urlsplit(url).query).get("query", [""])[0]
            if asked := _SLICE.fullmatch(query):
                yield self._search(asked[1], int(asked[2]), int(asked[3]))
            elif urlsplit(url).path == path and "resumptionToken" not in url:
                yield Wanted(url, "listing", priority=FALLBACK)

    def _search(self, query: str, first: int, last: int) -> Wanted:
        arguments = {"query": query, "first": first, "last": last}
        return Wanted(ndl.search_url(self.api, query, first, last), "found", arguments)

    def found(self, response: Response, query: str, first: int, last: int) -> Output:
        """What a search found; cut in two where it found more than it shows."""
        records = ndl.parse_search(response.body)
        if records is None:
            if first == last:
                raise Reject("too-many-results", f"{query} {first}: more than {ndl.MOST_FOUND} in one year")
            middle = (first + last) // 2
            yield self._search(query, middle + 1, last)
            yield self._search(query, first, middle)
            return
        yield Listed(len(records))
        for record in records:
            yield self._item(record, response)

    def listing(self, response: Response) -> Output:
        page = ndl.parse_page(response.body)
        yield Listed(len(page.records))
        for record in page.records:
            if record.is_deleted:
                yield Gone(record.identifier, "withdrawn", response.url)
            else:
                yield self._item(record, response)
        if page.token:
            yield Wanted(ndl.next_url(self.api, page.token), "listing", priority=5)  # tokens do not live long

    def _item(self, record: ndl.Record, response: Response) -> Wanted | Found:
        part = self.member("record", response, f"{record.identifier}.xml", record.body, "application/xml")
        facts = {"rights": record.rights, "datestamp": record.datestamp, "pid": record.pid}
        url = f"{self.seed.crawl.start[1]}/pid/{record.pid}" if record.pid else response.url
        if record.pid and record.is_public_domain and self.seed.crawl.params.get("images", True):
            item: dict[str, Any] = {
                "key": record.identifier,
                "title": record.title,
                "url": url,
                "linked_from": response.url,
            }
            item |= {"published": None, "facts": facts, "parts": [part_to_json(part)]}
            return self.manifest_of(ndl.manifest_url(self.seed.crawl.start[1], record.pid), item)
        return Found(
            record.identifier,
            part.sha256,
            url,
            record.title,
            (part,),
            linked_from=response.url,
            metadata={name: value for name, value in facts.items() if value},
        )
