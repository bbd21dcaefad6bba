"""What a publisher could mend: which PDFs of a host machines cannot read, on which pages, and why."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from kobunko.corpus import Corpus
from kobunko.records import Document
from kobunko.stage import OK

UNKNOWN = "—"  # a producer that the file does not name
# Causes in the order of a report, each with the reasons of pages and the rejects of files that tell it.
CAUSES: Mapping[str, tuple[str, ...]] = {
    "image-only": ("no-text-layer", "few-characters-for-ink", "letters-as-images"),
    "broken-fonts": ("broken-encoding", "broken-font", "implausible-text"),
    "bad-hidden-text": ("poor-hidden-layer",),
    "locked": ("encrypted",),
    "broken-file": ("broken-pdf", "broken-page", "not-a-pdf", "too-many-pages", "embedded-bomb"),
    "text-under-black": ("failed-redaction",),
}
_CAUSE_OF = {reason: cause for cause, reasons in CAUSES.items() for reason in reasons}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why pages of a file cannot be read; without pages the whole file is meant."""

    cause: str
    reason: str
    part: int = 0
    pages: list[int] = field(default_factory=list)  # numbers within the file, from 1


@dataclass(frozen=True, slots=True)
class File:
    """A PDF document of the host. `restricted`: it opens, but forbids something, such as copying its text."""

    doc_id: str
    url: str
    title: str
    linked_from: str
    anchor_text: str
    producer: str
    creator: str
    pages: int
    restricted: str
    problems: list[Problem]
    detail: str = ""

    @property
    def unreadable(self) -> int:
        return sum(len(problem.pages) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many files and pages share something."""

    name: str
    files: int
    affected: int
    pages: int
    unreadable: int
    causes: dict[str, int]  # files by cause


def survey(corpus: Corpus, documents: Sequence[Document]) -> list[File]:
    """The PDFs among documents that extraction has seen, those with the most unreadable pages first."""
    by_id = {document.doc_id: document for document in documents}
    positions = [n for n, name in enumerate(corpus.inputs["doc_id"].to_pylist()) if name in by_id]
    columns = [f"extract.{name}" for name in ("outcome", "detail", "format", "pages", "metadata")]
    found = []
    for chunk in corpus.chunks(np.array(positions, dtype=np.int64), columns):
        for row in chunk.to_pylist():
            document = by_id[row["doc_id"]]
            if row["extract.outcome"] and _is_pdf(document, row):
                found.append(_file(document, row))
    return sorted(found, key=lambda file: (not file.problems, -file.unreadable, file.url, file.doc_id))


def of_host(documents: Iterable[Document], host: str) -> Iterator[Document]:
    """Documents that the host served itself, or a host below it."""
    for document in documents:
        name = urlsplit(document.url).hostname or ""
        if name == host or name.endswith(f".{host}"):
            yield document


def _is_pdf(document: Document, row: Mapping[str, Any]) -> bool:
    if row["extract.outcome"] == OK:
        return row["extract.format"] == "pdf" or any(page["reason"] in _CAUSE_OF for page in row["extract.pages"])
    declared = any(part.media_type.startswith("application/pdf") for part in document.parts)
    return declared or any(urlsplit(part.url).path.lower().endswith(".pdf") for part in document.parts)


def _file(document: Document, row: Mapping[str, Any]) -> File:
    told = json.loads(row["extract.metadata"] or "{}")
    about = next((part for part in told.get("parts", []) if part["format"] == "pdf"), told)
    pages = row["extract.pages"] or []
    reject = row["extract.outcome"].removeprefix("reject:")
    whole = [Problem(_CAUSE_OF[reject], reject)] if reject in _CAUSE_OF else []
    return File(
        doc_id=document.doc_id,
        url=document.url,
        title=document.title or about.get("title") or document.anchor_text,
        linked_from=document.linked_from,
        anchor_text=document.anchor_text,
        producer=about.get("producer") or UNKNOWN,
        creator=about.get("creator") or UNKNOWN,
        pages=len(pages),
        restricted=about.get("encryption", ""),
        problems=[*whole, *_problems(pages)],
        detail=row["extract.detail"],
    )


def _problems(pages: Sequence[Mapping[str, Any]]) -> list[Problem]:
    numbers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for page in pages:
        if page["reason"] in _CAUSE_OF:
            numbers[page["reason"], page["part"]].append(page["part_page"])
    return [Problem(_CAUSE_OF[reason], reason, part, listed) for (reason, part), listed in sorted(numbers.items())]


def tally(name: str, files: Sequence[File]) -> Tally:
    causes = Counter(cause for file in files for cause in {problem.cause for problem in file.problems})
    return Tally(
        name=name,
        files=len(files),
        affected=sum(bool(file.problems) for file in files),
        pages=sum(file.pages for file in files),
        unreadable=sum(file.unreadable for file in files),
        causes={cause: causes[cause] for cause in CAUSES if causes[cause]},
    )


def by_producer(files: Sequence[File]) -> list[Tally]:
    """The software that wrote the files, what leaves the most unreadable pages first."""
    names = sorted({file.producer for file in files})
    found = [tally(name, [file for file in files if file.producer == name]) for name in names]
    return sorted(found, key=lambda item: (-item.unreadable, -item.affected, item.name))
