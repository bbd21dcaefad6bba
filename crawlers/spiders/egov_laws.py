"""e-Gov laws: the bulk file at first, then what the API lists and what it says has changed.

The list has one revision of each law. The others (not in force yet, no longer in force) are walked for laws that
were updated, or for all of them with `params.revisions = "all"`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.hosts import JAPAN
from kobunko.crawlers.items import Found, Held, Listed, Problem, part_from_json, part_to_json
from kobunko.crawlers.parse import egov_laws as laws
from kobunko.crawlers.parse.egov_bulk import BulkLaw, bulk_url, parse_bulk
from kobunko.crawlers.parse.egov_v1 import parse_updates, updates_url
from kobunko.crawlers.spiders.base import FALLBACK, Output, SourceSpider
from kobunko.errors import Reject
from kobunko.records import Part

MISSING = (400, 404)  # how the API says that it has no such attachment


class EgovLawsSpider(SourceSpider):
    """`crawl.start` holds the base of the API. `params`: `limit` laws a page of the list, `bulk` (whether the first
    load is the bulk file), `days` of updates to ask for, `revisions` (`updated` or `all`)."""

    @property
    def base(self) -> str:
        return self.seed.crawl.start[0].rstrip("/")

    @property
    def site(self) -> str:
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    def first(self) -> Iterable[Wanted]:
        params = self.seed.crawl.params
        is_first_load = not self.job.catalogue.inputs(self.seed.source)
        if is_first_load and params.get("bulk"):
            yield Wanted(bulk_url(self.site), "bulk", priority=50, timeout_s=3600)
        if not is_first_load:
            today = datetime.now(JAPAN).date()
            for back in range(int(params.get("days", 0))):
                day = (today - timedelta(days=back)).isoformat()
                yield Wanted(updates_url(f"{self.site}/api/1", day), "updates", priority=20, accept=(404,))
        yield self._list(0)

    def _list(self, offset: int) -> Wanted:
        return Wanted(laws.list_url(self.base, offset, int(self.seed.crawl.params.get("limit", 100))), "listing")

    def requests_for_archived(self, urls: Sequence[str]) -> Iterable[Wanted]:
        for url in urls:
            path = urlsplit(url).path
            if path.endswith("/bulkdownload"):
                yield Wanted(url, "bulk", priority=FALLBACK + 2)
            elif path.endswith("/api/2/laws"):
                yield Wanted(url, "listing", priority=FALLBACK + 1)
            elif "/api/2/law_revisions/" in path:
                yield Wanted(url, "revisions", priority=FALLBACK + 1)
            elif rank := laws.law_url_rank(url):
                yield Wanted(url, "unlisted_law", priority=FALLBACK - rank)

    def bulk(self, response: Response) -> Output:
        for law in parse_bulk(response.body):
            try:
                yield self._found_in_bulk(law, response)
            except Reject as reject:
                yield Problem(f"{law.revision_id}: {reject.code}: {reject.detail}")

    def _found_in_bulk(self, law: BulkLaw, response: Response) -> Found:
        url = laws.law_url(self.base, law.revision_id)
        described = laws.law_of(law.files[0].body, url)
        parts = [
            self.member("attachment" if number else "law", response, file.name, file.body)
            for number, file in enumerate(law.files)
        ]
        return self._found(described, parts, url, response.url, described.title)

    def updates(self, response: Response) -> Output:
        for update in parse_updates(response.body, response.status):
            yield self._revisions(update.law_id, response.url)

    def _revisions(self, law_id: str, linked_from: str) -> Wanted:
        return Wanted(laws.revisions_url(self.base, law_id), "revisions", priority=5, linked_from=linked_from)

    def revisions(self, response: Response) -> Output:
        for law in laws.parse_revisions(response.body):
            yield from self._law_unless_held(law, response.url)

    def listing(self, response: Response) -> Output:
        page = laws.parse_list(response.body, response.url)
        yield Listed(len(page.laws))
        for law in page.laws:
            yield from self._law_unless_held(law, response.url)
        if self.seed.crawl.params.get("revisions") == "all":
            yield from (self._revisions(law_id, response.url) for law_id in {law.law_id: 0 for law in page.laws})
        if page.next_offset is not None:
            yield self._list(page.next_offset)

    def _law_unless_held(self, law: laws.Law, linked_from: str) -> Output:
        if self.job.recorder.holds(law.law_id, law.revision_id):
            yield Held(law.law_id, law.revision_id)
            return
        yield Wanted(self._address(law), "law", asdict(law), linked_from=linked_from, anchor_text=law.title)

    def _address(self, law: laws.Law) -> str:
        """Where the XML of a revision is; in a replay, wherever the archive has it."""
        names = [law.revision_id]
        if law.facts.get("current_revision_status", "CurrentEnforced") == "CurrentEnforced":
            names += [law.law_id, str(law.facts.get("law_num"))]  # what these give is what is in force
        found = (self._archived[name] for name in names if name in self._archived)
        return next(found, laws.law_url(self.base, law.revision_id))

    @cached_property
    def _archived(self) -> dict[str, str]:
        """The best URL that the archive has for each id or number of a law and each revision."""
        urls = self.job.archive.urls() if self.job.archive else []
        ranked = sorted((rank, url) for url in urls if (rank := laws.law_url_rank(url)))
        return {laws.name_of(url): url for _, url in reversed(ranked)}

    def law(self, response: Response, **described: Any) -> Output:
        if not laws.is_json(response.body):
            laws.check_law_xml(response.body)
        yield from self._with_attachments(laws.Law(**described), response)

    def unlisted_law(self, response: Response) -> Output:
        law = laws.law_of(response.body, response.url)
        if self.job.recorder.holds(law.law_id, law.revision_id):  # in another form
            yield Held(law.law_id, law.revision_id)
        else:
            yield from self._with_attachments(law, response)

    def _with_attachments(self, law: laws.Law, response: Response) -> Output:
        wanted: Wanted = response.meta["wanted"]
        xml = laws.embedded_xml(response.body)
        part = self.member("law", response, f"{law.revision_id}.xml", xml) if xml else self.part("law", response)
        sources = laws.attachments_of(xml or response.body)
        there = [source for source in sources if self._can_have(law, source)]
        if missing := [source for source in sources if source not in there]:
            law = replace(law, facts={**law.facts, "missing_attachments": missing})
            yield from (Problem(f"not-in-replay: {source}") for source in missing)
        if there:
            described = asdict(law) | {"url": response.url, "linked_from": wanted.linked_from}
            yield self._attachment(described, there, [part_to_json(part)])
        else:
            yield self._found(law, [part], response.url, wanted.linked_from, wanted.anchor_text)

    def _can_have(self, law: laws.Law, source: str) -> bool:
        archive = self.job.archive
        return archive is None or archive.has(laws.attachment_url(self.base, law.revision_id, source))

    def _attachment(self, law: Mapping[str, Any], sources: Sequence[str], parts: list[Any]) -> Wanted:
        """The next attachment of a law; what was fetched of it travels along."""
        url = laws.attachment_url(self.base, law["revision_id"], sources[0])
        arguments = {"law": dict(law), "sources": list(sources), "parts": parts}
        return Wanted(url, "attachment", arguments, priority=10, linked_from=law["url"], accept=MISSING)

    def attachment(
        self, response: Response, law: Mapping[str, Any], sources: Sequence[str], parts: list[Any]
    ) -> Output:
        facts = dict(law["facts"])
        if response.status == 200:
            parts = [*parts, part_to_json(self.part("attachment", response))]
        elif laws.is_missing_attachment(response.body):
            facts["missing_attachments"] = [*facts.get("missing_attachments", []), sources[0]]
            yield Problem(f"missing-attachment: {sources[0]}")
        else:
            raise Reject(f"http-{response.status}", response.body[:80].decode("utf-8", errors="replace"))
        law = dict(law) | {"facts": facts}
        if len(sources) > 1:
            yield self._attachment(law, sources[1:], parts)
            return
        described = laws.Law(law["law_id"], law["revision_id"], law["title"], law["promulgated"], facts)
        found = [part_from_json(part) for part in parts]
        yield self._found(described, found, law["url"], law["linked_from"], law["title"])

    def _found(self, law: laws.Law, parts: Sequence[Part], url: str, linked_from: str, anchor_text: str) -> Found:
        return Found(
            law.law_id,
            law.revision_id,
            url,
            law.title,
            tuple(parts),
            published=law.promulgated,
            linked_from=linked_from,
            anchor_text=anchor_text,
            metadata=law.facts,
        )
