"""Hostile and broken servers: each fault has a named outcome, and none of them reaches further than its own request."""

import contextlib
import datetime as dt
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor
from twisted.internet.error import DNSLookupError

from kobunko.catalogue import Catalogue
from kobunko.crawlers.guard import PublicResolver, refusal
from kobunko.crawlers.hosts import Ledger
from kobunko.crawlers.parse.html import links, soup
from kobunko.records import Capture
from kobunko.seed import CrawlPolicy

Answer = Callable[[socket.socket, str], None]


class RawServer:
    """Writes bytes as it likes; `answers` by path, anything else is a small page."""

    def __init__(self, answers: dict[str, Answer], context: ssl.SSLContext | None = None) -> None:
        self._answers = answers
        self._context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.hits: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            stream = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            request = b""
            while b"\r\n\r\n" not in request:
                request += stream.recv(65536) or b"\r\n\r\n"
            path = request.split(b" ")[1].decode() if b" " in request else ""
            self.hits.append(path)
            answer = self._answers.get(path)
            if answer:
                answer(stream, path)
            else:
                stream.sendall(page(b"<title>" + path.encode() + b"</title>"))
            stream.close()


def page(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def short(stream: socket.socket, _: str) -> None:
    stream.sendall(page(b"x" * 1000)[:-700])


def reset(stream: socket.socket, _: str) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def drip(stream: socket.socket, _: str) -> None:
    for byte in page(b"x" * 1000):
        stream.sendall(bytes([byte]))
        time.sleep(0.05)


def endless(stream: socket.socket, _: str) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nUser-agent: *\n")
    with contextlib.suppress(OSError):
        for _number in range(200):
            stream.sendall(b"# " + b"x" * 65536 + b"\n")


def linked(*paths: str) -> bytes:
    return page("".join(f'<a href="{path}">x</a>' for path in paths).encode())


@pytest.fixture
def raw() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def make(answers: dict[str, Answer], context: ssl.SSLContext | None = None) -> RawServer:
        servers.append(RawServer(answers, context))
        return servers[-1]

    yield make
    for server in servers:
        server.listener.close()


def outcomes(summary: dict[str, Any]) -> dict[str, str]:
    return {"/" + item["url"].split("/", 3)[3]: item["reason"] for item in summary["failures"]}


def test_bodies_that_are_cut_reset_or_dripped_are_not_stored(raw: Any, home: Any) -> None:
    front = linked("/short", "/reset", "/drip", "/good")
    server = raw({"/": lambda s, _: s.sendall(front), "/short": short, "/reset": reset, "/drip": drip})
    home.seed("broken", "site", [f"http://127.0.0.1:{server.port}/"])
    summary = home.crawl(RETRIES="1", TIMEOUT_S="2")["broken"]
    found = outcomes(summary)
    assert found == {"/short": "truncated", "/reset": "connection-lost", "/drip": "timeout"}
    assert server.hits.count("/short") == 4  # two tries, and as many again at the end of the queue
    assert {document.url.rsplit("/", 1)[1] for document in home.documents()} == {"", "good"}
    assert not [record for record in home.records() if record.url.endswith(("/short", "/drip", "/reset"))]


INSIDE = (
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:8080/",
    "http://[::ffff:10.0.0.1]/",
    "http://127.0.0.2:9/",
    "http://localhost:9/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1/x",
)


def test_no_hop_of_a_redirect_leads_inside(raw: Any, home: Any) -> None:
    targets = {f"/away/{number}": target for number, target in enumerate(INSIDE)}

    def move(stream: socket.socket, path: str) -> None:
        stream.sendall(page(b"", "302 Found", f"Location: {targets[path]}\r\n"))

    server = raw({"/": lambda s, _: s.sendall(linked(*targets)), **dict.fromkeys(targets, move)})
    base = f"http://127.0.0.1:{server.port}"
    home.seed("hops", "site", [f"{base}/"], "allow = ['.']")
    summary = home.crawl(PRIVATE_HOSTS='["127.0.0.1"]', RETRIES="0")["hops"]
    reasons = [item["reason"] for item in summary["failures"]]
    assert len(reasons) == len(INSIDE)
    assert set(reasons) <= {"refused: private-address", "refused: scheme-not-allowed", "malformed-url"}
    assert [document.url for document in home.documents()] == [f"{base}/"]


def test_a_name_that_changes_its_mind_is_checked_each_time_that_it_is_used() -> None:
    resolver = PublicResolver(reactor, 10, 1.0)  # type: ignore[arg-type]
    found: list[Any] = []
    from scrapy.resolver import dnscache

    for address in ("203.104.130.1", "10.0.0.1"):
        dnscache["rebinding.example"] = address
        resolver.getHostByName("rebinding.example").addBoth(found.append)
    del dnscache["rebinding.example"]
    assert found[0] == "203.104.130.1"
    assert found[1].check(DNSLookupError)


def test_addresses_that_only_look_right_are_refused_or_made_harmless() -> None:
    assert refusal("https://user:pw@www.mihon.example/") == "credentials-in-url"
    assert refusal("https://www.mihon.example/" + "a" * 65536) == "url-too-long"
    markup = '<a href="/a\r\nX-Injected: 1">x</a><a href="https://www.mihоn.example/">y</a><a href="data:,x">z</a>'
    split, alike = links(soup(markup.encode()), "https://www.mihon.example/")
    assert not {"\n", "\r"} & set(split.url)
    assert not alike.url.startswith("https://www.mihon.example/")


def test_an_endless_robots_file_closes_the_host_and_is_not_read_to_its_end(raw: Any, home: Any) -> None:
    server = raw({"/robots.txt": endless})
    home.seed("endless", "site", [f"http://127.0.0.1:{server.port}/"])
    summary = home.crawl(RETRIES="0")["endless"]
    assert summary["stopped"] == "robots-unreachable"
    assert "/" not in server.hits


def certificate(folder: Path, name: str, until: dt.datetime) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).not_valid_after(until)
    made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, plain, serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "year", "is_trusted", "is_asked"),
    [
        ("localhost", 2099, True, True),
        ("localhost", 2021, True, False),
        ("other.example", 2099, True, False),
        ("localhost", 2099, False, False),
    ],
)
def test_a_certificate_that_does_not_hold_is_not_passed_over(
    raw: Any, home: Any, tmp_path: Path, name: str, year: int, is_trusted: bool, is_asked: bool
) -> None:
    server = raw({}, certificate(tmp_path, name, dt.datetime(year, 1, 1, tzinfo=dt.UTC)))
    published = 'robots.policy = "published-api"\nrobots.reason = "x"'
    home.seed("secure", "site", [f"https://localhost:{server.port}/index.html"], published)
    trusted = tmp_path / "cert.pem" if is_trusted else None
    summary = home.crawl(RETRIES="0", trusted=trusted)["secure"]
    reason = "no-links: a start page that leads nowhere" if is_asked else "connection-lost"
    assert [item["reason"] for item in summary["failures"]] == [reason]
    assert bool(server.hits) is is_asked


def test_every_fault_of_the_list_has_a_test_that_is_there() -> None:
    tests = Path(__file__).parents[1]
    rows = [line.split("|") for line in (tests.parent / "docs" / "faults.md").read_text().splitlines()]
    found = {int(row[1]): row[4] for row in rows if len(row) > 4 and row[1].strip().isdigit()}
    assert set(found) == set(range(26, 46))
    for number, where in found.items():
        named = re.findall(r"`(?:[\w/]*/)?(test_\w+\.py)` \(([^)]*)\)", where)
        assert named, number
        for file, words in named:
            path = next(path for path in (tests / "crawlers" / file, tests / "slow" / file) if path.exists())
            for name in re.findall(r"`(\w+)`", words):
                assert re.search(rf"def \w*{name}\w*\(", path.read_text()), (number, file, name)


def test_a_maintenance_page_with_status_200_keeps_the_earlier_version(web: Any, home: Any) -> None:
    web.html("/", "一覧", '<a href="/a.html">告示</a>')
    web.html("/a.html", "告示", "<p>本文</p>")
    home.seed("site", "site", [f"{web.base}/"])
    home.crawl()
    before = home.documents()
    web.html("/a.html", "ただいまメンテナンス中です")
    summary = home.crawl()["site"]
    assert [item["reason"] for item in summary["failures"]] == ["soft-404: ただいまメンテナンス中です"]
    assert (home.documents(), summary["changed"], summary["gone"]) == (before, 0, 0)


def test_a_clock_that_jumps_back_changes_neither_order_nor_waits(catalogue: Catalogue) -> None:
    moments = [dt.datetime(2027, 3, 31, 23, 59, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, tzinfo=dt.UTC)]
    for number, moment in enumerate(moments, start=catalogue.next_sequence()):
        found = Capture(f"<urn:uuid:{number}>", "s", "https://a.example/", "response", 200, "", "00", 0, moment, "f", 0)
        with catalogue.transaction() as connection:
            catalogue.add_captures(connection, "run", [(number, found)])
    latest = catalogue.latest_capture("https://a.example/")
    assert latest is not None
    assert latest.fetched_at == moments[1]
    ledger = Ledger(catalogue, lambda: moments[0])
    ledger.wait("a.example", 3600, "http-429")
    with catalogue.transaction() as connection:
        ledger.save(connection)
    again = Ledger(catalogue, lambda: moments[1])
    assert again.objection("a.example", CrawlPolicy().manners("a.example")).startswith("http-429")
