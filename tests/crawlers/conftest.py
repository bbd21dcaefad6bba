"""A loopback web server with pages that tests can change, and crawls in processes of their own."""

import gzip
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import sqlalchemy as sa

from kobunko.catalogue import Catalogue
from kobunko.records import Document
from kobunko.tables import host_state
from kobunko.warc import scan

SPIDERS = ("archives", "ckan", "courts", "edinet", "egov_laws", "estat", "exams", "kokkai", "ndl", "site")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
PROCESSES = multiprocessing.get_context("forkserver")  # imports Scrapy once; each crawl is a fork without a reactor
PROCESSES.set_forkserver_preload(["crawl_process", *(f"kobunko.crawlers.spiders.{name}" for name in SPIDERS)])


@dataclass
class Page:
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    gzipped: bool = False


Answer = Callable[[str, dict[str, str]], Page | None]


class Web:
    """`pages` by path with query; `dynamic` functions are asked for what is not there. `hits` are the paths asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.dynamic: list[Answer] = []
        self.hits: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.delay_s = 0.0
        self.slow: set[str] = set()  # paths that take two seconds
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def html(self, path: str, title: str, content: str = "", **options: Any) -> None:
        text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{content}</body></html>"
        self.pages[path] = Page(text.encode(), **options)

    def put(self, path: str, body: bytes = b"", content_type: str = "application/pdf", **options: Any) -> None:
        self.pages[path] = Page(body, content_type, **options)

    def answer(self, function: Callable[[str, dict[str, str]], Any]) -> None:
        """Adds a function that answers paths which are no pages, with a body, its type and perhaps a status."""

        def page(path: str, headers: dict[str, str]) -> Page | None:
            found = function(path, headers)
            return Page(*found) if found else None

        self.dynamic.append(page)

    def _handler(web) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.hits.append(self.path)
                web.headers.append(dict(self.headers))
                web.times.append(time.monotonic())
                time.sleep(2 if self.path in web.slow else web.delay_s)
                page = web.pages.get(self.path)
                for answer in web.dynamic if page is None else ():
                    page = page or answer(self.path, dict(self.headers))
                self._send(page or Page(b"<title>Not Found</title>", status=404))

            def _send(self, page: Page) -> None:
                tag = page.headers.get("ETag")
                if tag and self.headers.get("If-None-Match") == tag:
                    page = Page(status=304, headers=page.headers, content_type="")
                body = gzip.compress(page.body) if page.gzipped else page.body
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                if page.gzipped:
                    self.send_header("Content-Encoding", "gzip")
                if page.content_type:
                    self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(autouse=True)
def _fork_server_can_be_reached() -> None:
    """It listens on a socket of the file system; the network stays closed but for loopback."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield web
    web.server.shutdown()
    web.server.server_close()
    thread.join()


class Home:
    """A home with a folder of seeds, and what its crawls left in it."""

    def __init__(self, folder: Path, seeds: Path) -> None:
        self.folder = folder
        self.seeds = seeds
        self.folder.mkdir(parents=True, exist_ok=True)
        self.seeds.mkdir(parents=True, exist_ok=True)

    def seed(self, source: str, spider: str, start: list[str], extra: str = "", gone_after: int = 3) -> None:
        """`extra` is TOML that goes on in the table `crawl`."""
        lines = [f'source = "{source}"', 'title = "見本"', 'publisher = "見本省"', 'homepage = "https://example.jp/"']
        lines += [f'spider = "{spider}"', 'config = "sample"', "assertions.max_failed_share = 0.9"]
        lines += [f"assertions.gone_after = {gone_after}"]
        lines += ["[crawl]", f"start = {json.dumps(start)}", "delay_s = 0", extra]
        (self.seeds / f"{source}.toml").write_text("\n".join(lines), encoding="utf-8")

    def start(
        self, *, limit: int = 0, replay: list[Path] | None = None, trusted: Path | None = None, **env: str
    ) -> Any:
        """Starts a crawl of the seeds; `env` are settings, e.g. `RETRIES="0"`, `trusted` is whom TLS believes."""
        from crawl_process import run

        (self.folder / "summary.json").unlink(missing_ok=True)
        loopback = {"PRIVATE_HOSTS": '["127.0.0.1", "localhost"]'}
        settings = {f"KOBUNKO__CRAWL__{name}": value for name, value in (loopback | env).items()}
        settings |= {"SSL_CERT_FILE": str(trusted)} if trusted else {}
        process = PROCESSES.Process(target=run, args=(self.folder, self.seeds, settings, limit, replay or []))
        process.start()
        return process

    def crawl(self, **options: Any) -> dict[str, Any]:
        """The summaries of a crawl that goes well; `options` as for `start`."""
        process = self.start(**options)
        process.join(60)
        assert process.exitcode == 0, self.stderr()
        assert "Traceback" not in self.stderr()
        return self.summary()

    def stderr(self) -> str:
        return (self.folder / "stderr.txt").read_text()

    def summary(self) -> dict[str, Any]:
        summaries: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return summaries

    def catalogue(self) -> Catalogue:
        return Catalogue(f"sqlite:///{self.folder / 'catalogue.sqlite'}")

    def an_hour_later(self) -> None:
        """What hosts asked us to wait for is over."""
        catalogue = self.catalogue()
        with catalogue.transaction() as connection:
            connection.execute(sa.update(host_state).values(not_before=datetime(2026, 1, 1, tzinfo=UTC)))
        catalogue.close()

    def documents(self) -> list[Document]:
        catalogue = self.catalogue()
        try:
            return catalogue.documents(catalogue.document_ids())
        finally:
            catalogue.close()

    def warcs(self) -> list[Path]:
        return sorted((self.folder / "raw").rglob("*.warc.gz*"))

    def records(self) -> list[Any]:
        return [answer for path in self.warcs() for answer in scan(path)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", tmp_path / "seeds")


@pytest.fixture
def other_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "other-home", tmp_path / "seeds")


@pytest.fixture
def fixtures() -> Path:
    return HERE / "fixtures"
