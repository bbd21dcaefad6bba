"""Any ministry's site, driven by its seed: pages and the files that they link."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scrapy.http import Response

from kobunko.crawlers.absences import works_of
from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Skipped, part_from_json, part_to_json
from kobunko.crawlers.parse.feeds import is_feed, parse_feed
from kobunko.crawlers.parse.html import Link, is_html
from kobunko.crawlers.parse.site import FILES, NEVER, extension, file_name, labelled, parse_page
from kobunko.crawlers.spiders.base import FALLBACK, KNOWN, Output, SourceSpider, content_type
from kobunko.errors import Reject
from kobunko.ids import url_key
from kobunko.records import LICENCE_PAGE, Part

TERMS = re.compile("利用規約|著作権|サイトポリシー|サイトの(ご)?利用")
NO_LICENCE: Mapping[str, Any] = {}  # of a page that says nothing of the files that it links


class SiteSpider(SourceSpider):
    """`crawl.start`, `allow`, `deny` and `depth` say where to go; `params.not_documents` are patterns of pages that
    are followed and not kept as documents. `params.licence_label` is what stands on a page beside the licence of the
    files that it links: they keep the words, and the page as a part."""

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
        yield from self._known()

    def _known(self) -> Iterable[Wanted]:
        """What is held and no page may link any more: asked for after everything that is linked. So a page that was
        taken off a list is not forgotten, and one that was taken off the site is noticed."""
        for url in sorted(set(works_of(self.job.catalogue, self.seed.source).values())):
            if self.may_follow(url):
                yield Wanted(url, "fetched", depth=self.seed.crawl.depth, priority=KNOWN)

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        yield from self.first()
        for url in urls:
            if self.may_follow(url) and not url.endswith("/robots.txt") and url != self.seed.licence.terms_url:
                yield Wanted(url, "fetched", depth=self.seed.crawl.depth, priority=FALLBACK)

    def fetched(self, response: Response) -> Output:
        declared = content_type(response)
        if is_feed(response.body):
            yield from self.links(response, parse_feed(response.body, response.url))
        elif not is_html(declared, response.body):
            yield self._file(response, NO_LICENCE)
        elif extension(response.url) in FILES:
            raise Reject("html-for-a-file", declared)
        else:
            yield from self._page(response, declared)

    def licensed(self, response: Response, licence: Mapping[str, Any]) -> Output:
        """A file that a page links beside the words of its licence."""
        if is_html(content_type(response), response.body):
            raise Reject("html-for-a-file", content_type(response))
        yield self._file(response, licence)

    def links(
        self, response: Response, links: Sequence[Link], licence: Mapping[str, Any] = NO_LICENCE
    ) -> Iterator[Wanted]:
        """Requests for the links of a page that may be followed."""
        depth = response.meta["wanted"].depth
        if depth == 0 and not self.seed.licence.terms_url and self.job.archive is None:
            yield from (self.terms_page(link.url) for link in links if self._is_terms(link))
        for link in links if depth < self.seed.crawl.depth else ():
            if self.may_follow(link.url):
                asked = Wanted(link.url, "fetched", depth=depth + 1, linked_from=response.url, anchor_text=link.text)
                of_file = licence and extension(link.url) in FILES
                yield replace(asked, callback="licensed", arguments={"licence": licence}) if of_file else asked

    def _is_terms(self, link: Link) -> bool:
        """Whether a link of an entry page leads to the site's terms, which a seed without `terms_url` does not name."""
        return bool(TERMS.search(link.text)) and self.job.is_home(link.url)

    def _licence(self, response: Response, declared: str) -> Mapping[str, Any]:
        """What the page says of the licence of its files, with the page itself."""
        label = self.seed.crawl.params.get("licence_label", "")
        said = labelled(response.body, label, declared) if label else ""
        return {"facts": {label: said}, "page": part_to_json(self.part(LICENCE_PAGE, response))} if said else NO_LICENCE

    def _file(self, response: Response, licence: Mapping[str, Any]) -> Found:
        wanted: Wanted = response.meta["wanted"]
        pages = [part_from_json(licence["page"])] if licence else []
        title = wanted.anchor_text or file_name(response.url)
        return self._found(response, "file", title, licence.get("facts", {}), pages)

    def _page(self, response: Response, declared: str) -> Output:
        wanted: Wanted = response.meta["wanted"]
        page = parse_page(response.body, response.url, declared)
        if not page.links and response.url in self.seed.crawl.start:
            raise Reject("no-links", "a start page that leads nowhere")
        yield from self.links(response, page.links, self._licence(response, declared))
        if not any(re.search(pattern, response.url) for pattern in self.seed.crawl.params.get("not_documents", ())):
            facts = {"meta_robots": page.meta_robots} if page.meta_robots else {}
            yield self._found(response, "page", page.title or wanted.anchor_text or response.url, facts)

    def _found(
        self, response: Response, role: str, title: str, facts: Mapping[str, str], more: Sequence[Part] = ()
    ) -> Found:
        wanted: Wanted = response.meta["wanted"]
        part = self.part(role, response)
        return Found(
            url_key(response.url),
            part.sha256,
            response.url,
            title,
            (part, *more),
            linked_from=wanted.linked_from,
            anchor_text=wanted.anchor_text,
            metadata=facts,
        )
