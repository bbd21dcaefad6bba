"""One text from a document's pages: embedded and OCR pages in order, with the span of each."""

import hashlib
import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import fugashi
import unidic_lite

from kobunko.errors import Reject
from kobunko.extract.controls import clean, clean_page, trim_page
from kobunko.extract.days import published, stated
from kobunko.extract.exam import exam
from kobunko.extract.judgment import judgment
from kobunko.extract.language import language
from kobunko.extract.ocr_furniture import without_furniture
from kobunko.extract.ocr_paragraphs import in_paragraphs
from kobunko.extract.page_joins import between
from kobunko.extract.quality import quality
from kobunko.extract.titles import UNSURE, headline, says
from kobunko.ids import canonical_json
from kobunko.records import Line, Page, PageSpan, column
from kobunko.stage import Stage

_PIECE = 20_000  # characters that MeCab gets at once; a few megabytes end its process


@dataclass(frozen=True, slots=True)
class TextInput:
    """Pages from extraction, and those that OCR has read (None where there were none to read)."""

    title: str = column("title")
    found_title: str = column("extract.title")
    pages: list[Page] = column("extract.pages")
    ocr_pages: list[Page] | None = column("ocr.pages")
    metadata: str = column("extract.metadata")
    format: str = column("extract.format")
    found_published: str | None = field(default=None, metadata={"column": "extract.published"})


@dataclass(frozen=True, slots=True)
class Text:
    """The document's text. `text[start:end]` of a span is its page; `tokens` counts morphemes (UniDic short units).

    `ocr_confidence` is the mean over OCR pages, weighted by their characters; `unread_pages` counts the pages that
    still wait for OCR. `lines` lead from a passage to its place on the page, where the format has places: their offsets
    are those of `text`. `language` is that of most of the text (BCP-47); `quality` is JSON, see `extract.quality`.
    `structure` is JSON: what could only be told from the final text (sections of a judgment, questions of an exam),
    with offsets into it; `{}` for other documents, whose structure is that of the extraction. `published` is the ISO
    day that the document states, where it states one.
    """

    text: str
    title: str
    pages: list[PageSpan]
    sha256: str
    characters: int
    tokens: int
    ocr_confidence: float | None
    unread_pages: int
    lines: list[Line]
    language: str
    quality: str
    structure: str
    published: str | None = None


def make() -> Callable[[TextInput], Text]:
    tagger = fugashi.GenericTagger(f'-Owakati -d "{unidic_lite.DICDIR}" -r "{unidic_lite.DICDIR}/dicrc"')

    def count(text: str) -> int:
        return sum(len(tagger.parse(piece).split()) for piece in _pieces(text))

    return lambda document: assemble(document, count)


def assemble(document: TextInput, count_tokens: Callable[[str], int]) -> Text:
    """Joins the pages. Raises `no-text` where there is none."""
    read = {page.number: page for page in document.ocr_pages or ()}
    pages = [_read(page, read.get(page.number)) for page in sorted(document.pages, key=lambda page: page.number)]
    pages = [trim_page(clean_page(page)[0]) for page in without_furniture(pages)]
    pages = [in_paragraphs(page) if page.method == "ocr" else page for page in pages]
    text, spans = _joined(pages)
    if not text.strip():
        raise Reject("no-text", f"{len(pages)} pages without text")
    lines, structure = _lines(pages, spans), _structure(text, spans, document)
    return Text(
        text=text,
        title=clean(document.title or _title(document, text, spans, lines, structure))[0],
        pages=spans,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        characters=len(text),
        tokens=count_tokens(text),
        ocr_confidence=_confidence(pages),
        unread_pages=sum(page.method == "ocr" and page.number not in read for page in pages),
        lines=lines,
        language=_main_language(spans),
        quality=canonical_json(quality(text)).decode(),
        structure=canonical_json(structure).decode(),
        published=published(structure) or document.found_published or stated(text),
    )


def text_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[TextInput, Text]:
    """The stage, given the stages that it reads from."""
    return Stage(name="text", version=7, make=make, reads=TextInput, writes=Text, after=after)


def _read(page: Page, read: Page | None) -> Page:
    """A page with the text and the lines that count."""
    if page.method != "ocr" or read is None:
        return page
    return replace(page, text=read.text, confidence=read.confidence, writing=read.writing, lines=read.lines)


def _structure(text: str, spans: list[PageSpan], document: TextInput) -> dict[str, Any]:
    detail = json.loads(document.metadata).get("detail") or {}
    return judgment(text, detail) or exam(text, spans, document.title or document.found_title)


def _title(document: TextInput, text: str, spans: list[PageSpan], lines: list[Line], structure: dict[str, Any]) -> str:
    """What the source does not say: of a judgment its case, else what the file or its first page says."""
    if case := structure.get("case"):
        names = ("case_number", "case_name") if "case_number" in case else ("court", "date", "form", "case_name")
        return " ".join(case[name] for name in names if name in case)
    if document.format not in UNSURE or says(text, document.found_title):
        return document.found_title
    return headline(text, spans, lines) or document.found_title


def _lines(pages: list[Page], spans: list[PageSpan]) -> list[Line]:
    """The lines of all pages with offsets into the document's text."""
    return [
        replace(line, page=page.number, start=span.start + line.start, end=span.start + line.end)
        for page, span in zip(pages, spans, strict=True)
        for line in page.lines
    ]


def _main_language(spans: list[PageSpan]) -> str:
    """The language of most characters; the first of equals."""
    weights: dict[str, int] = {}
    for span in spans:
        weights[span.language] = weights.get(span.language, 0) + span.end - span.start
    return max(weights, key=lambda tag: weights[tag])


def _joined(pages: list[Page]) -> tuple[str, list[PageSpan]]:
    """Pages with a blank line between them, or nothing where a sentence goes on; one without text is an empty span."""
    parts: list[str] = []
    spans: list[PageSpan] = []
    position = 0
    before: Page | None = None
    for page in pages:
        if page.text:
            parts.append(between(before, page) if before else "")
            position += len(parts[-1])
            before = page
        start, position = position, position + len(page.text)
        parts.append(page.text)
        place = (page.method, page.reason, page.confidence, page.writing, page.part, page.part_page)
        spans.append(PageSpan(page.number, start, position, *place, language=language(page.text)))
    return "".join(parts), spans


def _confidence(pages: list[Page]) -> float | None:
    found = [(page.confidence, len(page.text)) for page in pages if page.confidence is not None and page.text]
    if not found:
        return None
    return statistics.fmean([confidence for confidence, _ in found], weights=[weight for _, weight in found])


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of bounded size, cut at line ends where there are any."""
    start = 0
    while start < len(text):
        end = min(start + _PIECE, len(text))
        if end < len(text) and (line_end := text.rfind("\n", start, end)) > start:
            end = line_end + 1
        yield text[start:end]
        start = end
