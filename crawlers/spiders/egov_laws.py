"""e-Gov laws: pages of the list, then the XML of every revision that is not held yet."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Held
from kobunko.crawlers.parse.egov_laws import (
    Law,
    check_law_xml,
    is_law_xml_url,
    law_of_xml,
    law_url,
    list_url,
    parse_list,
)
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider


class EgovLawsSpider(SourceSpider):
    """`crawl.start` holds the base of the API; `params.limit` is how many laws a page of the list has."""

    @property
    def base(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    @property
    def limit(self) -> int:
        return int(self.seed.crawl.params.get("limit", 100))

    def first(self) -> Iterable[Wanted]:
        yield Wanted(list_url(self.base, 0, self.limit), "listing")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            if urlsplit(url).path.endswith("/laws"):
                yield Wanted(url, "listing", priority=FALLBACK + 1)
            elif is_law_xml_url(url):
                yield Wanted(url, "unlisted_law", priority=FALLBACK)

    def listing(self, response: Response) -> Output:
        page = parse_list(response.body, response.url)
        for law in page.laws:
            if self.job.recorder.holds(law.law_id, law.revision_id):
                yield Held(law.law_id, law.revision_id)
            else:
                arguments = {"law_id": law.law_id, "title": law.title, "promulgated": law.promulgated}
                yield Wanted(
                    law_url(self.base, law.revision_id),
                    "law",
                    arguments | {"revision_id": law.revision_id, "facts": law.facts},
                    linked_from=response.url,
                    anchor_text=law.title,
                )
        if page.next_offset is not None:
            yield Wanted(list_url(self.base, page.next_offset, self.limit), "listing")

    def law(self, response: Response, **described: Any) -> Output:
        check_law_xml(response.body)
        yield self._found(Law(**described), response)

    def unlisted_law(self, response: Response) -> Output:
        yield self._found(law_of_xml(response.body, response.url), response)

    def _found(self, law: Law, response: Response) -> Found:
        wanted: Wanted = response.meta["wanted"]
        return Found(
            law.law_id,
            law.revision_id,
            response.url,
            law.title,
            (self.part("law", response),),
            published=law.promulgated,
            linked_from=wanted.linked_from,
            anchor_text=wanted.anchor_text,
            metadata=law.facts,
        )
