"""A CKAN portal: every resource that lies where the seed lets us go. The others belong to their own sites' sources."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Listed, Problem, Shown, Skipped
from kobunko.crawlers.parse import ckan
from kobunko.crawlers.parse.html import is_html
from kobunko.crawlers.parse.site import extension
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider, content_type
from kobunko.errors import Reject


class CkanSpider(SourceSpider):
    """`crawl.start` holds the base of the action API; `allow` says which resources may be asked for."""

    @property
    def api(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    def first(self) -> Iterable[Wanted]:
        yield self._page(0)

    def _page(self, start: int) -> Wanted:
        return Wanted(ckan.search_url(self.api, start), "listing", {"start": start})

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            if urlsplit(url).path.endswith("/package_search"):
                start = int(parse_qs(urlsplit(url).query).get("start", ["0"])[0])
                yield Wanted(url, "listing", {"start": start}, priority=FALLBACK)

    def listing(self, response: Response, start: int) -> Output:
        page = ckan.parse_page(response.body, start)
        yield Listed(page.datasets)
        for resource in page.resources:
            if not resource.resource_id or not resource.url:
                yield Problem("resource-without-address")
                continue
            yield Shown(resource.resource_id)
            if not self.may_follow(resource.url):
                yield Skipped("elsewhere")
            else:
                described = {"resource_id": resource.resource_id, "title": resource.title, "facts": resource.facts}
                key = f"resource:{resource.resource_id}"
                yield Wanted(resource.url, "resource", described, key=key, linked_from=response.url)
        if page.next_start is not None:
            yield self._page(page.next_start)
        else:
            self.job.has_whole_list = True  # each page was asked for by the one before it

    def resource(self, response: Response, resource_id: str, title: str, facts: Mapping[str, Any]) -> Output:
        wanted: Wanted = response.meta["wanted"]
        if is_html(content_type(response), response.body) and extension(wanted.url) not in ("", "html", "htm"):
            raise Reject("html-for-a-file", content_type(response))
        part = self.part("resource", response)
        linked_from = wanted.linked_from
        yield Found(resource_id, part.sha256, response.url, title, (part,), linked_from=linked_from, metadata=facts)
