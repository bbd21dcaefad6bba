"""Any ministry's site, driven by its seed: pages and the files that they link."""

import re
from collections.abc import Iterable, Sequence

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Skipped
from kobunko.crawlers.parse.site import FILES, NEVER, extension, file_name, is_html, parse_page
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider
from kobunko.errors import Reject
from kobunko.ids import url_key


class SiteSpider(SourceSpider):
    """`crawl.start`, `allow`, `deny` and `depth` say where to go; `params.not_documents` are patterns of pages that
    are followed and not kept as documents."""

    def may_follow(self, url: str) -> bool:
        crawl = self.seed.crawl
        if extension(url) in NEVER or any(re.search(pattern, url) for pattern in crawl.deny):
            return False
        return any(re.search(pattern, url) for pattern in crawl.allow) if crawl.allow else self.job.is_home(url)

    def led_elsewhere(self, hop: Wanted) -> Output:
        """A link that leaves the site by way of a redirect is a link that is not ours, unless we began there."""
        if hop.depth == 0:
            raise Reject("redirect-elsewhere", hop.url)
        yield Skipped("redirect-elsewhere")

    def first(self) -> Iterable[Wanted]:
        for url in self.seed.crawl.start:
            yield Wanted(url, "fetched")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        yield from self.first()
        for url in urls:
            if self.may_follow(url) and not url.endswith("/robots.txt") and url != self.seed.licence.terms_url:
                yield Wanted(url, "fetched", depth=self.seed.crawl.depth, priority=FALLBACK)

    def fetched(self, response: Response) -> Output:
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        if not is_html(content_type, response.body):
            yield self._file(response)
        elif extension(response.url) in FILES:
            raise Reject("html-for-a-file", content_type)
        else:
            yield from self._page(response, content_type)

    def _file(self, response: Response) -> Found:
        wanted: Wanted = response.meta["wanted"]
        return self._found(response, "file", wanted.anchor_text or file_name(response.url), {})

    def _page(self, response: Response, content_type: str) -> Output:
        wanted: Wanted = response.meta["wanted"]
        page = parse_page(response.body, response.url, content_type)
        if not page.links and response.url in self.seed.crawl.start:
            raise Reject("no-links", "a start page that leads nowhere")
        if wanted.depth < self.seed.crawl.depth:
            for link in page.links:
                if self.may_follow(link.url):
                    yield Wanted(
                        link.url,
                        "fetched",
                        depth=wanted.depth + 1,
                        linked_from=response.url,
                        anchor_text=link.text,
                    )
        if not any(re.search(pattern, response.url) for pattern in self.seed.crawl.params.get("not_documents", ())):
            facts = {"meta_robots": page.meta_robots} if page.meta_robots else {}
            yield self._found(response, "page", page.title or wanted.anchor_text or response.url, facts)

    def _found(self, response: Response, role: str, title: str, facts: dict[str, str]) -> Found:
        wanted: Wanted = response.meta["wanted"]
        part = self.part(role, response)
        return Found(
            url_key(response.url),
            part.sha256,
            response.url,
            title,
            (part,),
            linked_from=wanted.linked_from,
            anchor_text=wanted.anchor_text,
            metadata=facts,
        )
