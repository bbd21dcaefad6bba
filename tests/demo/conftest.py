"""One started demo server for the tests that only read, and a client that goes through it as through a proxy."""

from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from kobunko.demo.server import DemoServer


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


Get = Callable[..., Reply]


def request(server: DemoServer, target: str, headers: Mapping[str, str]) -> Reply:
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=10)
    try:
        connection.request("GET", target, headers=dict(headers))
        reply = connection.getresponse()
        return Reply(reply.status, dict(reply.getheaders()), reply.read())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def server() -> Iterator[DemoServer]:
    with DemoServer() as started:
        yield started


@pytest.fixture(scope="session")
def get(server: DemoServer) -> Get:
    """`get(url, **headers)`: a GET in absolute form, as a client sends it to a proxy."""
    return lambda url, headers=None: request(server, url, {"Host": urlsplit(url).netloc} | (headers or {}))
