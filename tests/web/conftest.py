"""The service on loopback, on a home of invented documents."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent / "support"))

from library import Library, build

from kobunko.settings import Settings
from kobunko.web.app import create_app, open_service


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return build(tmp_path_factory.mktemp("library"))


def make_app(settings: Settings):
    return create_app(open_service(settings))


@pytest.fixture(scope="session")
def served() -> Iterator[Callable[[Settings], str]]:
    """Serves a home and returns its address; all servers end with the session."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(settings: Settings) -> str:
        config = uvicorn.Config(
            make_app(settings), port=0, log_level="error", limit_concurrency=settings.web.connections
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        running.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="session")
def address(library: Library, served: Callable[[Settings], str]) -> str:
    return served(
        library.settings.model_copy(update={"web": library.settings.web.model_copy(update={"requests_per_minute": 0})})
    )


@pytest.fixture
def web(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, timeout=60) as client:
        yield client
