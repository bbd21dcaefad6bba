"""Metrics for Prometheus: requests by route and status, their time, and the age of each source's last success."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from kobunko.web.service import Service

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20)


def install(app: FastAPI, service: Service) -> None:
    registry = CollectorRegistry()
    requests = Counter("kobunko_requests", "Requests answered", ["route", "status"], registry=registry)
    seconds = Histogram("kobunko_request_seconds", "Time to answer", ["route"], registry=registry, buckets=_SECONDS)
    documents = Gauge("kobunko_documents", "Documents of a source", ["source"], registry=registry)
    age = Gauge("kobunko_source_age_seconds", "Since the last success", ["source"], registry=registry)

    @app.middleware("http")
    async def _count(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "other")
        requests.labels(route, response.status_code).inc()
        seconds.labels(route).observe(time.perf_counter() - started)
        return response

    @app.get("/metrics", include_in_schema=False)
    def _metrics() -> Response:
        for item in service.sources():
            documents.labels(item["source"]).set(item["documents"])
            if item["last_success"]:
                since = datetime.now(UTC) - datetime.fromisoformat(item["last_success"])
                age.labels(item["source"]).set(since.total_seconds())
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
