"""Pages for people: `/ja/…` and `/en/…`, rendered on the server, readable without JavaScript."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from kobunko.errors import NotFound, UsageError
from kobunko.lookup.compare import text_diff
from kobunko.records import to_row
from kobunko.web import models
from kobunko.web.api import Lookup
from kobunko.web.histogram import ocr_histogram
from kobunko.web.layout import segments
from kobunko.web.plots import bars
from kobunko.web.problems import LANGUAGES
from kobunko.web.removal import RemovalRequest, store_request
from kobunko.web.service import Service

router = APIRouter(include_in_schema=False)
Language = Annotated[Literal["ja", "en"], PathParameter()]
WORDS: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_PAGE_LINKS = 400  # pages of one document that are listed
_OTHERS = 100  # duplicates that are listed
_RUNS = 200  # that are plotted
_LISTED = 30
_JAPAN = timezone(timedelta(hours=9))
_NIGHT = timezone(timedelta(hours=-3))  # whose midnight is noon in Japan: a night is one day of it

_templates = Environment(
    loader=PackageLoader("kobunko.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def label(document: Any) -> str:
    """What a person calls a document (or a chain): its title, else the words that linked it, its file name, its id."""
    told = document if isinstance(document, dict) else to_row(document)
    name = unquote(urlsplit(told["url"]).path.rstrip("/").rpartition("/")[2])
    return told["title"] or told["anchor_text"] or name or told["doc_id"]


def clock(moment: str, lang: str) -> str:
    """A moment in ISO form as people write it: Japanese time for Japanese readers, else UTC."""
    found = datetime.fromisoformat(moment)
    if lang == "ja":
        return f"{found.astimezone(_JAPAN):%Y年%-m月%-d日 %H:%M}"
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


_templates.filters.update(label=label, clock=clock)


def _page(request: Request, lang: str, template: str, code: int = 200, **values: Any) -> HTMLResponse:
    other = "en" if lang == "ja" else "ja"
    rest = request.url.path.partition(f"/{lang}/")[2]
    there = f"/{other}/{quote(rest)}" + (f"?{request.url.query}" if request.url.query else "")
    text = _templates.get_template(template).render(
        lang=lang, other_lang=other, other_url=there, t=SimpleNamespace(**WORDS[lang]), **values
    )
    return HTMLResponse(text, code, {"Content-Language": lang})


def error_page(request: Request, status: int, detail: str) -> Response:
    lang = request.url.path.split("/")[1]
    return _page(request, lang, "error.html", status, status=status, detail=detail)


@router.get("/")
def root(request: Request) -> Response:
    """Japanese, unless the reader asks for English before it."""
    wanted = request.headers.get("accept-language", "").lower()
    places = {name: place for name in LANGUAGES if (place := wanted.find(name)) >= 0}
    return RedirectResponse(f"/{min(places, key=lambda name: places[name]) if places else 'ja'}/", 307)


@router.get("/{lang}/")
def home(request: Request, lang: Language, service: Lookup) -> Response:
    counts = service.home.catalogue.counts()
    return _page(request, lang, "home.html", documents=counts["documents"], query="")


@router.get("/{lang}/search")
def search(
    request: Request, lang: Language, service: Lookup, q: Annotated[str, Query(max_length=models.LONGEST_PASSAGE)] = ""
) -> Response:
    """By name first; what is no name is looked for as a passage."""
    try:
        match = service.lookup(q)
        if len(match.doc_ids) == 1:
            return RedirectResponse(f"/{lang}/documents/{match.doc_ids[0]}", 303)
        found = service.home.catalogue.documents(match.doc_ids[:100])
        rows: list[dict[str, Any]] = [{"document": item, "hit": None} for item in found]
        kind = match.kind
    except NotFound:
        rows, kind = _passage(service, q), "text"
    status = 200 if rows or not q else 404
    return _page(request, lang, "results.html", status, query=q, rows=rows, kind=kind)


def _passage(service: Service, q: str) -> list[dict[str, Any]]:
    try:
        hits = service.trace(q, 20)
    except (UsageError, NotFound):
        return []
    documents = {item.doc_id: item for item in service.home.catalogue.documents([hit["doc_id"] for hit in hits])}
    return [{"document": documents[hit["doc_id"]], "hit": hit} for hit in hits]


@router.get("/{lang}/documents/{doc_id}")
def document(
    request: Request,
    lang: Language,
    doc_id: models.DocId,
    service: Lookup,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The original beside its text, the way back, the licence, versions and duplicates. `start`–`end` are marked."""
    chain = service.chain(doc_id)
    indexed = service.published(doc_id)
    view, around = None, {}
    if indexed:
        view = service.page(doc_id, page)
        numbers = [number for number, _, _ in indexed.pages]
        place = numbers.index(page)
        around = {
            "all": len(numbers),
            "numbers": numbers[:_PAGE_LINKS],
            "previous": numbers[place - 1] if place else None,
            "next": numbers[place + 1] if place + 1 < len(numbers) else None,
        }
    others = service.home.catalogue.documents(chain["duplicates"][:_OTHERS])
    own = {part["capture_id"] for part in chain["parts"]}
    seed = service.home.seeds.get(chain["source"])
    return _page(
        request,
        lang,
        "document.html",
        chain=chain,
        source=seed.title if seed else chain["source"],
        again=[capture for capture in chain["captures"] if capture["capture_id"] not in own],
        titles={other.doc_id: label(other) for other in others},
        view=view,
        around=around,
        segments=segments(view, start, end) if view else [],
    )


@router.get("/{lang}/documents/{doc_id}/diff/{other}")
def diff(request: Request, lang: Language, doc_id: models.DocId, other: models.DocId, service: Lookup) -> Response:
    """What differs between the published texts of two documents."""
    lines = text_diff(service.text(doc_id), service.text(other))
    return _page(request, lang, "diff.html", old=service.document(doc_id), new=service.document(other), lines=lines)


@router.get("/{lang}/sources")
def sources(request: Request, lang: Language, service: Lookup) -> Response:
    return _page(request, lang, "sources.html", sources=service.sources())


@router.get("/{lang}/runs")
def runs(request: Request, lang: Language, service: Lookup) -> Response:
    found, t = service.runs(_RUNS), WORDS[lang]
    nights = _nights(found)
    outcomes = {t[f"outcome_{kind}"]: [night[kind] for night in nights.values()] for kind in ("ok", "reject", "error")}
    confidence = ocr_histogram(service.settings.releases, service.indexed_release)
    plots = [
        bars(t["plot_new"], list(nights), {t["new_documents"]: [night["new"] for night in nights.values()]}),
        bars(t["plot_outcomes"], list(nights), outcomes),
    ]
    ocr = (
        bars(t["plot_ocr"], [f"{n / 10:.1f}" for n in range(10)], {t["documents"]: confidence}) if confidence else None
    )
    return _page(request, lang, "runs.html", runs=found[:_LISTED], plots=plots, ocr=ocr)


def _nights(runs: Sequence[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """New documents and outcomes of runs (newest first) by the night in which they began, oldest first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for run in reversed(runs):
        night = f"{datetime.fromisoformat(run['started_at']).astimezone(_NIGHT):%m-%d}"
        if run["outcomes"] or run["new_documents"]:
            found[night].update({"new": run["new_documents"], **run["outcomes"]})
    return found


@router.get("/{lang}/removal")
def removal(request: Request, lang: Language, target: Annotated[str, Query(max_length=300)] = "") -> Response:
    return _page(request, lang, "removal.html", given={"target": target}, problem="", number="")


@router.post("/{lang}/removal")
def ask_removal(
    request: Request,
    lang: Language,
    service: Lookup,
    target: Annotated[str, Form(max_length=1000)] = "",
    reason: Annotated[str, Form(max_length=20)] = "",
    detail: Annotated[str, Form(max_length=10_000)] = "",
    contact: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    given = {"target": target, "reason": reason, "detail": detail, "contact": contact}
    try:
        wanted = RemovalRequest.model_validate(given)
    except ValidationError:
        return _page(request, lang, "removal.html", 422, given=given, problem=WORDS[lang]["removal_invalid"], number="")
    number = store_request(service.settings.requests, wanted, service.settings.web.open_requests)
    return _page(request, lang, "removal.html", 201, given={}, problem="", number=number)
