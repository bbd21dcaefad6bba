"""Errors as RFC 9457 problem documents for programs, and as a page for people."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from kobunko.errors import KobunkoError, NotFound, UsageError
from kobunko.logs import get_logger

log = get_logger(__name__)
LANGUAGES = ("ja", "en")
MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Request timeout",
    410: "Removed",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


class Gone(KobunkoError):
    """A removal keeps the document out."""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that may answer with these errors."""
    content = {MEDIA_TYPE: {"schema": dict(_SCHEMA)}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def status_of(error: KobunkoError) -> int:
    if isinstance(error, Gone):
        return 410
    if isinstance(error, NotFound):
        return 404
    return 400 if isinstance(error, UsageError) else 503


def install(app: FastAPI, render: Any) -> None:
    """`render(request, status, detail)` makes the page for people, whose paths begin with a language."""

    def answer(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
        if request.url.path.split("/")[1] not in LANGUAGES:
            return problem(status, detail, headers)
        page: Response = render(request, status, detail)
        page.headers.update(headers or {})
        return page

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        told = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return answer(request, 422, told[:2000])

    @app.exception_handler(KobunkoError)
    def _ours(request: Request, error: KobunkoError) -> Response:
        return answer(request, status_of(error), str(error))

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
        return answer(request, 500, "an error on our side; the operator finds it in the log")
