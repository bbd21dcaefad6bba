"""National examinations: pages are followed like those of a site, and their PDFs are joined to papers."""

from collections.abc import Mapping, Sequence
from typing import Any

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Problem, part_from_json, part_to_json
from kobunko.crawlers.parse.exams import Paper, parse_papers
from kobunko.crawlers.parse.html import is_html
from kobunko.crawlers.parse.site import extension, parse_page
from kobunko.crawlers.spiders.base import Output, content_type
from kobunko.crawlers.spiders.site import SiteSpider
from kobunko.errors import Reject

ORDER = ("questions", "booklet", "answers", "commentary")


class ExamsSpider(SiteSpider):
    """`crawl` as for a site, with `params.exam` as the name of the examination. Pages are no documents here."""

    def fetched(self, response: Response) -> Output:
        wanted: Wanted = response.meta["wanted"]
        if not is_html(content_type(response), response.body):
            return
        page = parse_page(response.body, response.url, content_type(response))
        if not page.links and wanted.depth == 0:
            raise Reject("no-links", "a start page that leads nowhere")
        yield from (link for link in self.links(response, page.links) if extension(link.url) in ("", "html", "htm"))
        for paper in parse_papers(response.body, response.url, content_type(response)):
            files = sorted(paper.files, key=lambda file: ORDER.index(file.kind))
            yield self._next_file(self._described(paper, response), [[file.kind, file.url] for file in files], [])

    def _described(self, paper: Paper, response: Response) -> dict[str, Any]:
        exam = str(self.seed.crawl.params.get("exam", self.seed.title))
        texts = {file.url: file.text for file in paper.files}
        facts = {"exam": exam, "sitting": paper.sitting, "paper": paper.name, "link_texts": texts}
        return {"key": f"{exam}/{paper.sitting}/{paper.name}", "title": f"{exam} {paper.title}", "facts": facts} | {
            "url": response.url
        }

    def _next_file(self, paper: Mapping[str, Any], files: Sequence[Sequence[str]], parts: list[Any]) -> Wanted:
        """The next file of a paper; what was fetched of it travels along."""
        arguments = {"paper": dict(paper), "files": [list(file) for file in files], "parts": parts}
        url, key = files[0][1], f"{paper['key']}:{len(parts)}:{files[0][1]}"
        text = paper["facts"]["link_texts"].get(url, "")
        found = {"linked_from": paper["url"], "anchor_text": text}
        return Wanted(url, "paper", arguments, 10 if parts else 5, key, accept=(404, 410), **found)

    def paper(
        self, response: Response, paper: Mapping[str, Any], files: Sequence[Sequence[str]], parts: list[Any]
    ) -> Output:
        if response.status != 200 or is_html(content_type(response), response.body):
            yield Problem(f"missing-{files[0][0]}: {response.url}")
            if files[0][0] == "questions":
                return
        else:
            parts = [*parts, part_to_json(self.part(files[0][0], response))]
        if len(files) > 1:
            yield self._next_file(paper, files[1:], parts)
            return
        found = tuple(part_from_json(part) for part in parts)
        version = "+".join(part.sha256[:12] for part in found if part.role == "questions")
        link = {"linked_from": paper["url"], "metadata": paper["facts"]}
        yield Found(paper["key"], version, paper["url"], paper["title"], found, **link)
