"""What the routes answer from: a home that is only read, its passage index, and the pipeline's stages.

What may be shown is what a release has published: the text of the indexed release, and the picture of a page only
where that text is the document's whole text (what was masked in the text would still be seen in the picture).
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kobunko.catalogue import Catalogue
from kobunko.errors import NotFound
from kobunko.executors import reader
from kobunko.home import Home
from kobunko.lookup.chain import Chain, chain_of
from kobunko.lookup.find import Match, find
from kobunko.lookup.hits import described
from kobunko.lookup.rows import results
from kobunko.passages.store import Indexed, Store, open_store
from kobunko.passages.trace import trace
from kobunko.records import Document
from kobunko.settings import Settings
from kobunko.stage import Stage
from kobunko.web.images import PageImages
from kobunko.web.problems import Gone

Stages = Sequence[Stage[Any, Any]]
_VISIBLE_FORMATS = ("pdf", "image", "jpeg", "png", "tiff")  # whose pages have a picture


@dataclass(frozen=True, slots=True)
class PageText:
    """A page as it was published. `lines` are places in the text with their boxes, where the format has them."""

    number: int
    text: str
    start: int  # of the page in the document's text
    end: int
    method: str
    confidence: float | None
    writing: str
    lines: list[dict[str, Any]]
    has_image: bool


class Service:
    def __init__(self, settings: Settings, stages: Callable[[Home], Stages], view: Stage[Any, Any]) -> None:
        self.settings = settings
        self.home = Home(settings, Catalogue(settings.catalogue_url, read_only=True))
        self._make_stages = stages
        self._stages: tuple[tuple[str, str], Stages] | None = None
        self.images = PageImages(reader(settings), view)
        self._store: Store | None = None

    def close(self) -> None:
        self.images.close()
        self.home.catalogue.close()

    @property
    def stages(self) -> Stages:
        """The pipeline of today: what a run has brought, such as other terms, may have changed it."""
        newest = next(((run["run_id"], run["state"]) for run in self.home.catalogue.runs(limit=1)), ("", ""))
        if self._stages is None or self._stages[0] != newest:
            self._stages = (newest, self._make_stages(self.home))
        return self._stages[1]

    @property
    def store(self) -> Store | None:
        """The passage index; one that is built while the service runs is found without a restart."""
        if self._store is None:
            self._store = open_store(self.settings.index)
        return self._store

    @property
    def indexed_release(self) -> str:
        return self.store.fact("release") if self.store else ""

    def document(self, doc_id: str) -> Document:
        """Raises `Gone` for what was removed, also where the catalogue no longer has it."""
        if self.home.catalogue.removed([doc_id]):
            raise Gone("this document was removed at the request of a rights holder or by its source.")
        found = self.home.catalogue.documents([doc_id])
        if not found:
            raise NotFound(f"no document has the id {doc_id!r}.")
        return found[0]

    def documents(self, doc_ids: Sequence[str]) -> list[Document]:
        """Documents in the order of `doc_ids`, under the title that they were found to have in their text."""
        text = next(stage for stage in self.stages if stage.name == "text")
        found = {}
        for document in self.home.catalogue.documents(doc_ids):
            row = results(self.settings.stages, [text], document, {"text": ["title"]}).get("text", {})
            found[document.doc_id] = dataclasses.replace(document, title=row.get("title") or document.title)
        return [found[doc_id] for doc_id in doc_ids if doc_id in found]

    def chain(self, doc_id: str) -> Chain:
        return chain_of(self.home, self.stages, self.document(doc_id), self.store)

    def lookup(self, what: str) -> Match:
        match = find(self.home, what, self.store)
        removed = self.home.catalogue.removed(match.doc_ids)
        if not (left := [doc_id for doc_id in match.doc_ids if doc_id not in removed]):
            raise Gone("this document was removed at the request of a rights holder or by its source.")
        return Match(match.kind, left)

    def trace(self, passage: str, limit: int) -> list[dict[str, Any]]:
        """Places of a passage as `kobunko.lookup.hits` tells of them."""
        store = self.store
        if store is None:
            raise NotFound("this installation has no passage index yet: its operator builds it with `kobunko index`.")
        return described(self.home, store, trace(store, passage, limit, self.home.catalogue.removed))

    def published(self, doc_id: str) -> Indexed | None:
        """The document in the indexed release, where its text is published."""
        found = self.store.document(doc_id) if self.store else None
        return found if found and found.length else None

    def text(self, doc_id: str) -> str:
        """The published text; raises `NotFound` where there is none."""
        self.document(doc_id)
        indexed = self.published(doc_id)
        if self.store is None or indexed is None:
            raise NotFound("the text of this document is not published: its licence or its state does not allow it.")
        return self.store.text(indexed)

    def page(self, doc_id: str, number: int) -> PageText:
        document, indexed = self.document(doc_id), self.published(doc_id)
        if self.store is None or indexed is None:
            raise NotFound("the text of this document is not published: its licence or its state does not allow it.")
        span = next((page for page in indexed.pages if page[0] == number), None)
        if span is None:
            raise NotFound(f"this document has no page {number}: it has {len(indexed.pages)}.")
        _, start, end = span
        wanted = {"text": ["sha256", "pages", "lines"], "extract": ["format"]}
        found = results(self.settings.stages, self.stages, document, wanted)
        text, extract = found.get("text", {}), found.get("extract", {})
        whole = text.get("sha256") == indexed.text_sha256
        pages: list[dict[str, Any]] = (text.get("pages") or []) if whole else []
        facts = next((page for page in pages if page["number"] == number), {})
        lines = [line for line in text.get("lines") or [] if line["page"] == number] if whole else []
        return PageText(
            number,
            self.store.text(indexed, start, end),
            start,
            end,
            facts.get("method", ""),
            facts.get("confidence"),
            facts.get("writing", ""),
            lines,
            whole and str(extract.get("format")).startswith(_VISIBLE_FORMATS),
        )

    def image(self, doc_id: str, number: int, start: int, end: int, boxes: list[tuple[float, ...]]) -> bytes:
        """WebP of a page with places marked: `boxes`, and the lines that hold characters `start` to `end`."""
        page = self.page(doc_id, number)
        if not page.has_image:
            raise NotFound("this page has no picture: its document is not made of page images, or was masked.")
        document = self.document(doc_id)
        text = results(self.settings.stages, self.stages, document, {"text": ["pages"]})["text"]
        facts = next(item for item in text["pages"] if item["number"] == number)
        marked = [_box(line) for line in page.lines if line["start"] < end and line["end"] > start]
        return self.images.get(document.parts[facts["part"]], facts["part_page"], [*boxes, *marked])

    def sources(self) -> list[dict[str, Any]]:
        """What each source holds, the largest first, when it was last collected, and what failed then."""
        counts, runs = self.home.catalogue.documents_by_source(), self.home.catalogue.runs(limit=200)
        found = []
        for name in sorted({*self.home.seeds, *counts}, key=lambda name: (-counts.get(name, 0), name)):
            seed = self.home.seeds.get(name)
            told = [run for run in runs if name in (run["summary"].get("crawl") or {})]
            done = [run for run in told if run["state"] == "done"]
            last = told[0]["summary"]["crawl"][name] if told else {}
            found.append(
                {
                    "source": name,
                    "title": seed.title if seed else name,
                    "publisher": seed.publisher if seed else "",
                    "homepage": seed.homepage if seed else "",
                    "enabled": bool(seed and seed.enabled),
                    "reason": seed.reason if seed else "",
                    "documents": counts.get(name, 0),
                    "last_success": done[0]["finished_at"].isoformat() if done and done[0]["finished_at"] else None,
                    "failures": int(last.get("failed") or 0),
                }
            )
        return found

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """Runs, newest first, with the numbers that are told to anybody."""
        found = []
        for run in self.home.catalogue.runs(limit=limit):
            stages = run["summary"].get("stages") or {}
            outcomes: Counter[str] = Counter()
            for facts in stages.values():
                for outcome, count in facts["outcomes"].items():
                    outcomes[outcome.split(":")[0]] += count
            crawl = run["summary"].get("crawl") or {}
            new = sum(int(facts.get("new", 0)) + int(facts.get("changed", 0)) for facts in crawl.values())
            new += int((run["summary"].get("import") or {}).get("new", 0))
            ended = run["finished_at"].isoformat() if run["finished_at"] else None
            about = {"run_id": run["run_id"], "kind": run["kind"], "state": run["state"]}
            times = {"started_at": run["started_at"].isoformat(), "finished_at": ended}
            found.append(about | times | {"new_documents": new, "outcomes": dict(sorted(outcomes.items()))})
        return found


def _box(line: dict[str, Any]) -> tuple[float, ...]:
    return tuple(float(line[name]) for name in ("x0", "y0", "x1", "y1"))
