import hashlib
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from kobunko.demo.server import DemoServer
from kobunko.demo.site import government

PAGE = "http://www.kurashi.demo.example/terms.html"


def test_proxy_and_plain_requests_reach_the_same_page(server, get):
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=10)
    connection.request("GET", "/terms.html", headers={"Host": "www.kurashi.demo.example:80"})
    plain = connection.getresponse().read()
    connection.close()
    assert plain == get(PAGE).body
    assert "公共データ利用規約（第1.0版）" in plain.decode()


def test_unchanged_file_answers_304_without_a_body(get):
    first = get(PAGE)
    again = get(PAGE, {"If-None-Match": first.headers["ETag"]})
    assert first.headers["Last-Modified"].endswith("GMT")
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert get(PAGE, {"If-None-Match": '"other"'}).status == 200


def test_api_answers_carry_no_validators(get):
    reply = get("http://laws.demo.example/api/2/laws")
    assert "ETag" not in reply.headers
    assert "Last-Modified" not in reply.headers


def test_requests_are_counted_by_host_and_path_without_the_query():
    with DemoServer() as server:
        connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=10)
        for target in (
            "http://laws.demo.example/api/2/laws?limit=1&Subscription-Key=secret",
            "http://unknown.example/",
        ):
            connection.request("GET", target)
            connection.getresponse().read()
        connection.close()
        assert server.requests == [("laws.demo.example", "/api/2/laws", 200), ("unknown.example", "/", 502)]


@pytest.mark.parametrize("name", ["laws", "courts", "filings"])
def test_unknown_paths_are_404(get, name):
    assert get(f"http://{name}.demo.example/no/such/page").status == 404


def test_robots_of_each_host(get):
    laws = get("http://laws.demo.example/robots.txt")
    assert laws.status == 200
    assert laws.headers["Content-Type"].startswith("text/html")
    assert b"Disallow: /internal/" in get("http://www.kurashi.demo.example/robots.txt").body
    assert get("http://courts.demo.example/robots.txt").status == 404
    assert get("http://filings.demo.example/robots.txt").status == 404


PATHS = {
    "laws.demo.example": [("/api/2/laws", {}), ("/api/2/law_file/xml/507CO0000000940", {})],
    "courts.demo.example": [
        ("/hanrei/99001/detail2/index.html", {}),
        *((f"/assets/hanrei/hanrei-pdf-{number}.pdf", {}) for number in (99001, 99002, 99003)),
    ],
    "filings.demo.example": [("/api/v2/documents/S1X09901", {"type": kind}) for kind in "125"],
    "www.kurashi.demo.example": [
        ("/", {}),
        *((f"/content/{name}.pdf", {}) for name in ("000012345", "000001107", "000000318")),
        ("/content/000012346.xlsx", {}),
    ],
}


def test_two_starts_serve_identical_bytes(get):
    again = government()
    for name, targets in PATHS.items():
        for path, query in targets:
            rest = "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
            served = get(f"http://{name}{path}{rest}")
            assert served.status == 200, path
            built = again[name](path, query).body
            assert hashlib.sha256(served.body).digest() == hashlib.sha256(built).digest(), path


def test_errors_of_the_apis_have_their_own_shapes(get):
    law = get("http://laws.demo.example/api/2/law_data/999AC0000000000?response_format=xml")
    assert law.status == 400
    assert set(json.loads(law.body)) == {"code", "message"}
    filing = get("http://filings.demo.example/api/v2/documents/S1X00000?type=1")
    assert filing.status == 200
    assert filing.headers["Content-Type"].startswith("application/json")
    assert json.loads(filing.body)["metadata"]["status"] == "404"
