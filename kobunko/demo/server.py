"""The demo's HTTP server: every host of the little government behind one loopback port, as a forward proxy.

    with DemoServer() as server:
        ...  # send GET http://laws.demo.example/api/2/laws through the proxy at server.url

URLs stay the same whatever the port. A plain request (`GET /path`) is answered by its Host header.
"""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from kobunko.demo.site import government
from kobunko.demo.web import Answer, Host

LAST_MODIFIED = "Thu, 01 Oct 2026 00:00:00 GMT"


class DemoServer:
    """Serves the demo on 127.0.0.1 while its context is open. `port` 0 takes a free one.

    `requests` lists what was asked for, in order: host, path (without its query) and the status of the answer.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self._server = _Server(port, government(), self.requests)
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-server", daemon=True)

    @property
    def url(self) -> str:
        """The proxy's URL, e.g. `http://127.0.0.1:41213`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, hosts: Mapping[str, Host], requests: list[tuple[str, str, int]]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.hosts = hosts
        self.requests = requests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        name = (target.hostname or self.headers.get("Host", "").partition(":")[0]).lower()
        host = self.server.hosts.get(name)
        if host is None:
            answer = Answer(f"no such host in the demo: {name}\n".encode(), "text/plain; charset=utf-8", 502)
        else:
            query = dict(parse_qsl(target.query, keep_blank_values=True))
            answer = host(unquote(target.path) or "/", query)
        unchanged = answer.stored and self.headers.get("If-None-Match") == answer.etag
        status = 304 if unchanged else answer.status
        self.server.requests.append((name, target.path or "/", status))
        self._send(answer, status)

    def _send(self, answer: Answer, status: int) -> None:
        self.send_response(status)
        if answer.stored:
            self.send_header("ETag", answer.etag)
            self.send_header("Last-Modified", LAST_MODIFIED)
        if status != 304:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Silent: `DemoServer.requests` is the log."""
