"""Routes for programs: JSON, errors as problem documents."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from kobunko.errors import UsageError
from kobunko.lookup.compare import release_diff
from kobunko.lookup.prov import prov
from kobunko.records import Document
from kobunko.web import models
from kobunko.web.problems import documented
from kobunko.web.removal import RemovalRequest, store_request
from kobunko.web.service import Service

router = APIRouter(responses=documented(413, 422, 429))
_NAMED = documented(404, 410)
_FRACTION = r"(0(\.[0-9]{1,9})?|1)"
_BOX = rf"^({_FRACTION}(,{_FRACTION}){{3}})?$"
_LISTED = 1000  # ids of a list in one answer


def service_of(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


Lookup = Annotated[Service, Depends(service_of)]
Place = Annotated[int, Query(ge=0, le=1 << 40)]
Number = Annotated[int, Query(ge=1)]


@router.get("/documents/{doc_id}", responses=_NAMED)
def document(doc_id: models.DocId, service: Lookup) -> models.DocumentSummary:
    """A document: its names, its URL, and how much of its text is published."""
    return summary(service, service.document(doc_id))


def summary(service: Service, found: Document) -> models.DocumentSummary:
    indexed = service.published(found.doc_id)
    return models.DocumentSummary(
        doc_id=found.doc_id,
        work_id=found.work_id,
        source=found.source,
        source_key=found.source_key,
        source_version=found.source_version,
        url=found.url,
        title=found.title,
        published=found.published,
        pages=len(indexed.pages) if indexed else 0,
        characters=indexed.length if indexed else 0,
        text_sha256=indexed.text_sha256 if indexed else "",
    )


@router.get("/documents/{doc_id}/chain", responses=_NAMED)
def chain(doc_id: models.DocId, service: Lookup) -> models.ChainAnswer:
    """The whole way back, from the row to the bytes and the licence."""
    return models.ChainAnswer.model_validate(service.chain(doc_id))


@router.get("/documents/{doc_id}/prov", responses=_NAMED)
def provenance(doc_id: models.DocId, service: Lookup) -> dict[str, Any]:
    """The chain as W3C PROV-JSON."""
    return prov([service.chain(doc_id)])


@router.get("/documents/{doc_id}/pages/{number}", responses=_NAMED)
def page(doc_id: models.DocId, number: models.PageNumber, service: Lookup) -> models.PageAnswer:
    """A page: its text, and where its lines stand on the picture."""
    found = service.page(doc_id, number)
    lines = [models.LineAnswer(**{name: line[name] for name in models.LineAnswer.model_fields}) for line in found.lines]
    return models.PageAnswer(
        doc_id=doc_id,
        number=found.number,
        text=found.text,
        start=found.start,
        end=found.end,
        method=found.method,
        confidence=found.confidence,
        writing=found.writing,
        lines=lines,
        has_image=found.has_image,
    )


@router.get(
    "/documents/{doc_id}/pages/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **documented(400, 404, 410, 503)},
)
def image(
    doc_id: models.DocId,
    number: models.PageNumber,
    service: Lookup,
    start: Place = 0,
    end: Place = 0,
    box: Annotated[str, Query(pattern=_BOX, max_length=100, description="two corners, in fractions of the page")] = "",
) -> Response:
    """The page's picture (WebP) from the raw bytes; `box` and the lines with characters `start`–`end` are marked."""
    boxes = [_box(box)] if box else []
    return Response(service.image(doc_id, number, start, end, boxes), media_type="image/webp")


def _box(text: str) -> tuple[float, ...]:
    """`x0, y0, x1, y1` from two corners in any order."""
    values = [float(value) for value in text.split(",")]
    (x0, x1), (y0, y1) = sorted(values[0::2]), sorted(values[1::2])
    return x0, y0, x1, y1


@router.get("/lookup", responses=_NAMED | documented(400))
def lookup(
    service: Lookup,
    q: Annotated[str, Query(max_length=4096, description="id, URL, hash, law or case number, filing id, row")] = "",
    url: Annotated[str, Query(max_length=4096)] = "",
    sha256: Annotated[str, Query(max_length=64, pattern=r"^([0-9a-fA-F]{64})?$")] = "",
) -> models.LookupAnswer:
    """Documents by any name of theirs; exactly one of the parameters is to be given."""
    given = [value for value in (q, url, sha256) if value]
    if len(given) != 1:
        raise UsageError("give exactly one of q, url and sha256.")
    match = service.lookup(given[0])
    found = service.home.catalogue.documents(match.doc_ids[:_LISTED])
    documents = [summary(service, item) for item in found]
    return models.LookupAnswer(query=given[0], matched_by=match.kind, documents=documents)


@router.post("/trace", responses=documented(400, 404, 408))
def trace(question: models.TraceQuestion, service: Lookup) -> models.TraceAnswer:
    """Documents that hold a passage, exactly or nearly, most alike first."""
    hits = service.trace(question.text, question.limit)
    return models.TraceAnswer(
        release=service.indexed_release, hits=[models.HitAnswer.model_validate(hit) for hit in hits]
    )


@router.get("/sources")
def sources(service: Lookup) -> list[models.SourceAnswer]:
    """What each source holds, when it was last collected, and what failed then."""
    return [models.SourceAnswer.model_validate(item) for item in service.sources()]


@router.get("/releases")
def releases(service: Lookup) -> list[models.ReleaseAnswer]:
    """Releases of this installation, oldest first."""
    found = service.home.catalogue.releases()
    return [models.ReleaseAnswer.model_validate(row | {"built_at": row["built_at"].isoformat()}) for row in found]


@router.get("/releases/{a}/diff/{b}", responses=documented(404))
def diff(a: models.ReleaseName, b: models.ReleaseName, service: Lookup) -> models.DiffAnswer:
    """What changed from release `a` to release `b`."""
    found = release_diff(service.settings.releases, a, b)
    counts = {name: len(ids) for name, ids in found.items()}
    return models.DiffAnswer(counts=counts, doc_ids={name: ids[:_LISTED] for name, ids in found.items()})


@router.get("/removals")
def removals(service: Lookup) -> models.RemovalsAnswer:
    """Documents that were removed. Whoever holds a copy of a release can follow this list."""
    found = sorted(service.home.catalogue.removed())
    return models.RemovalsAnswer(count=len(found), doc_ids=found)


@router.post("/removals/requests", status_code=201, responses=documented(400, 408, 503))
def request_removal(wanted: RemovalRequest, service: Lookup) -> models.RequestAnswer:
    """Asks for a removal. A person reviews it; nothing is removed by asking."""
    number = store_request(service.settings.requests, wanted, service.settings.web.open_requests)
    return models.RequestAnswer(number=number)
