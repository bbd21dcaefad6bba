"""Too much, too fast, too slow, too clever."""

import json
import shutil
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from library import HOSTILE, Library

from kobunko.document import document
from kobunko.home import open_home
from kobunko.settings import Settings, load_settings

READERS = 20  # two hundred of them, while real nights are run, in tests/slow/test_readers.py


def copy_of(library: Library, tmp_path: Path, **web: object) -> Settings:
    shutil.copytree(library.settings.home, tmp_path / "home", ignore=shutil.ignore_patterns("requests"))
    return load_settings(tmp_path / "home", run={"engine": "inline"}, web={"requests_per_minute": 0, **web})


def test_text_from_documents_never_becomes_markup(web: httpx2.Client, library: Library) -> None:
    page = web.get(f"/ja/documents/{library.ids['hostile']}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in web.get("/ja/search", params={"q": HOSTILE}).text
    assert "<script>alert" not in web.get("/ja/removal", params={"target": '"><script>alert(1)</script>'}).text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/releases/..%2f..%2fhome/diff/r1",
        "/releases/../diff/r1",
        "/documents/..%2f..%2fetc%2fpasswd",
        "/ja/documents/%00",
        "/lookup?q=..%2f..%2f..%2fetc%2fpasswd/x/1",
    ],
)
def test_no_path_leads_out(address: str, path: str) -> None:
    host = urlsplit(address)
    with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status = int(answer.split()[1])
    assert 400 <= status < 500
    assert b"root:" not in answer
    assert b"import" not in answer


def test_huge_input_is_refused(web: httpx2.Client) -> None:
    assert web.get("/lookup", params={"q": "x" * 20_000}).status_code == 413
    assert web.get("/lookup", params={"q": "x" * 5_000}).status_code == 422
    assert web.post("/trace", json={"text": "公" * 1_000_000}).status_code == 413
    assert web.post("/trace", json={"text": "公" * 20_001}).status_code == 422
    assert web.post("/trace", content=b"[" * 100_000, headers={"content-type": "application/json"}).status_code == 400
    assert web.get("/ja/documents/x", params={"page": "9" * 4000}).status_code == 422


def test_one_address_may_not_ask_too_often(library: Library, tmp_path: Path, served: Callable[[Settings], str]) -> None:
    with httpx2.Client(base_url=served(copy_of(library, tmp_path, requests_per_minute=30))) as client:
        statuses = [client.get("/releases").status_code for _ in range(40)]
        assert statuses[:30] == [200] * 30
        assert 429 in statuses
        refused = client.get("/releases")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200


def test_a_slow_sender_is_let_go(library: Library, tmp_path: Path, served: Callable[[Settings], str]) -> None:
    host = urlsplit(served(copy_of(library, tmp_path, body_s=1)))
    with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
        connection.sendall(b"POST /trace HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert b" 408 " in connection.recv(65536)


def test_removal_requests_are_bounded(library: Library, tmp_path: Path, served: Callable[[Settings], str]) -> None:
    asked = {"target": "x", "reason": "other", "detail": "十文字より長い説明を書く。", "contact": "a@example.jp"}
    with httpx2.Client(base_url=served(copy_of(library, tmp_path, open_requests=2))) as client:
        assert [client.post("/removals/requests", json=asked).status_code for _ in range(3)] == [201, 201, 503]


def test_a_removed_document_is_gone_at_once(
    library: Library, tmp_path: Path, served: Callable[[Settings], str]
) -> None:
    settings = copy_of(library, tmp_path)
    name, passage = library.ids["removed"], "そこにしか書かれていない秘密の一節がここにある。"
    with httpx2.Client(base_url=served(settings), timeout=60) as client:
        assert client.post("/trace", json={"text": passage}).json()["hits"][0]["doc_id"] == name
        with open_home(settings) as home:
            home.catalogue.remove(name, "", "asked")
        assert client.post("/trace", json={"text": passage}).json()["hits"] == []
        for path in ("", "/chain", "/prov", "/pages/1", "/pages/1/image"):
            assert client.get(f"/documents/{name}{path}").status_code == 410
        assert client.get(f"/ja/documents/{name}").status_code == 410
        assert client.get("/lookup", params={"q": name}).status_code == 410
        assert passage not in client.get("/ja/search", params={"q": passage}).text.split("</textarea>")[1]
        assert client.get("/removals").json() == {"count": 1, "doc_ids": [name]}


def test_many_readers_while_a_batch_writes(library: Library, tmp_path: Path, served: Callable[[Settings], str]) -> None:
    settings = copy_of(library, tmp_path)
    address, stop = served(settings), threading.Event()
    name = library.ids["notice"]

    def write() -> int:
        written = 0
        with open_home(settings) as home:
            (part,) = home.catalogue.documents([name])[0].parts
            while not stop.is_set():
                with home.catalogue.transaction() as connection:
                    key = f"batch-{written}"
                    made = document("kurashi", key, "1", [part], url=f"https://www.kurashi.example/{key}", title=key)
                    home.catalogue.add_documents(connection, "batch", [made])
                written += 1
        return written

    def read(number: int) -> list[int]:
        with httpx2.Client(base_url=address, timeout=300) as client:
            answers = [
                client.get(f"/documents/{name}/chain"),
                client.post("/trace", json={"text": "講習会の定員は三十名とし、申込みの順に"}),
                client.get(f"/ja/documents/{name}"),
            ]
        return [answer.status_code for answer in answers]

    with ThreadPoolExecutor(READERS + 1) as pool:
        writer = pool.submit(write)
        statuses = [status for found in pool.map(read, range(READERS)) for status in found]
        stop.set()
        assert writer.result() > 0
    assert json.dumps(sorted(set(statuses))) == "[200]"
