"""National Archives and JACAR: items that a search finds, each with the images of its pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Listed, Problem, part_to_json
from kobunko.crawlers.parse import archives
from kobunko.crawlers.spiders.base import FALLBACK, Output
from kobunko.crawlers.spiders.iiif import IiifSpider
from kobunko.errors import Reject


class ArchivesSpider(IiifSpider):
    """`crawl.start` holds the archive, and JACAR where its items are wanted, whose images the archive has;
    `params.searches` are tables with `q` or `title` (of the archive) or `jacar` (words)."""

    @property
    def archive(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    @property
    def jacar(self) -> str:
        return self.seed.crawl.start[-1].rstrip("/")

    def first(self) -> Iterable[Wanted]:
        for search in self.seed.crawl.params.get("searches", ()):
            if "jacar" in search:
                yield self._jacar(search["jacar"], 1)
            else:
                yield Wanted(archives.search_url(self.archive, search), "listing")

    def _jacar(self, words: str, page: int) -> Wanted:
        return Wanted(archives.jacar_url(self.jacar, words, page), "jacar_listing", {"words": words, "number": page})

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            path = urlsplit(url).path
            if path.endswith("/api/search"):
                yield Wanted(url, "listing", priority=FALLBACK + 1)
            elif path.endswith("/aj/search"):
                query = parse_qs(urlsplit(url).query)
                arguments = {"words": query.get("kw0", [""])[0], "number": int(query.get("page", ["1"])[0])}
                yield Wanted(url, "jacar_listing", arguments, priority=FALLBACK + 1)
            elif hit := archives.hit_of(url):
                yield replace(self._item(hit, ""), priority=FALLBACK)

    def listing(self, response: Response) -> Output:
        hits = archives.parse_search(response.body, response.url)
        yield Listed(len(hits.rows))
        if hits.total > len(hits.rows):
            yield Problem(f"more-results: the archive shows {len(hits.rows)} of {hits.total}; ask more narrowly")
        for hit in hits.rows:
            yield self._item(hit, response.url)

    def _item(self, hit: archives.Hit, linked_from: str) -> Wanted:
        return Wanted(hit.url, "item", {"code": hit.code, "image_id": hit.image_id}, linked_from=linked_from)

    def jacar_listing(self, response: Response, words: str, number: int) -> Output:
        hits = archives.parse_jacar_search(response.body, response.url)
        yield Listed(hits.total)
        for hit in hits.rows:
            yield self._item(hit, response.url)
        if number * archives.ROWS < hits.total:
            if not hits.rows:
                raise Reject("incomplete-list", f"page {number} of {hits.total} hits has no rows")
            yield self._jacar(words, number + 1)

    def item(self, response: Response, code: str, image_id: str) -> Output:
        is_jacar = bool(code)
        parsed = archives.parse_jacar_item(response.body) if is_jacar else archives.parse_item(response.body)
        key = code or archives.number_of(response.url)
        part = self.part("detail", response)
        wanted: Wanted = response.meta["wanted"]
        url = response.url.removesuffix(".json")
        item: dict[str, Any] = {"key": key, "title": parsed.title, "url": url, "linked_from": wanted.linked_from}
        item |= {"published": None, "facts": parsed.facts, "parts": [part_to_json(part)]}
        image_id = image_id or (parsed.manifest_url if is_jacar else "")
        manifest = archives.manifest_url(self.archive, image_id) if image_id else ""
        manifest = manifest or ("" if is_jacar else parsed.manifest_url)
        if manifest:
            yield self.manifest_of(manifest, item)
        else:
            yield self._without_images(item, part.sha256, response)

    def _without_images(self, item: Mapping[str, Any], version: str, response: Response) -> Found:
        parts = (self.part("detail", response),)
        return Found(item["key"], version, item["url"], item["title"], parts, metadata=item["facts"])
