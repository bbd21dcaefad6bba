"""The application: routes, limits and pages around one service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

from kobunko import __version__, pipeline
from kobunko.settings import Settings
from kobunko.web import api, metrics, models, pages, problems
from kobunko.web.guard import Guard, Seal
from kobunko.web.service import Service

STATIC = Path(__file__).parent / "static"


def open_service(settings: Settings) -> Service:
    """The service of a home with the pipeline's own stages."""
    return Service(settings, pipeline.stages, pipeline.VIEW)


def create_app(service: Service) -> FastAPI:
    """The web application around a service, which ends with it."""
    settings = service.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(service.images.warm))
        yield
        await warming
        service.close()

    app = FastAPI(
        title="Kobunko lookup",
        version=__version__,
        description="From any row, page or passage of the corpus to its source, and back.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = service
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/healthz")
    def health() -> models.Health:
        """Whether the catalogue answers."""
        documents = service.home.catalogue.counts()["documents"]
        return models.Health(status="ok", documents=documents, indexed_release=service.indexed_release)

    metrics.install(app, service)
    problems.install(app, pages.error_page)
    if settings.web.cors:
        app.add_middleware(CORSMiddleware, allow_origins=list(settings.web.cors), allow_methods=["GET", "POST"])
    app.add_middleware(Guard, settings=settings.web)
    app.add_middleware(Seal)
    return app
