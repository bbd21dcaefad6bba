"""Crawls that are killed, cut off from power and run out of disk: what was acknowledged is there, and only once."""

import contextlib
import fcntl
import functools
import os
import random
import signal
import sqlite3
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
from forked_crawl import Crawl, fsync_fails_from

from kobunko.catalogue import Catalogue
from kobunko.warc import read_body

pytestmark = pytest.mark.slow
KILLS = 20
PAGES = 2000
ON_LIST = 50
OF_THE_HOST = {"/robots.txt", "/.well-known/tdmrep.json"}
SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSHING = 2
needs_mount = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system of its own needs root")


@pytest.fixture(autouse=True)
def _fork_server_can_be_reached() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A killed crawler leaves its connection in the middle."""


class Site:
    """A front page, lists, and pages of a given size that lists link to."""

    def __init__(self, pages: int, size: int = 300) -> None:
        self.pages, self.size = pages, size
        self.hits: list[str] = []
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def urls(self) -> set[str]:
        lists = range(-(-self.pages // ON_LIST))
        return {
            f"{self.base}{path}" for path in ("/", *(f"/l{n}" for n in lists), *(f"/p{n}" for n in range(self.pages)))
        }

    def body(self, path: str) -> bytes | None:
        if path == "/":
            links = [f"/l{n}" for n in range(-(-self.pages // ON_LIST))]
        elif path.startswith("/l"):
            links = [f"/p{n}" for n in range(int(path[2:]) * ON_LIST, min(self.pages, (int(path[2:]) + 1) * ON_LIST))]
        elif path.startswith("/p"):
            filling = random.Random(path).randbytes(self.size).hex()
            return f"<title>告示{path}</title><p>{filling}</p>".encode()
        else:
            return None
        return f"<title>一覧{path}</title>{''.join(f'<a href={link}>{link}</a> ' for link in links)}".encode()

    def _handler(site) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                site.hits.append(self.path)
                body = site.body(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body or b"-")))
                self.end_headers()
                self.wfile.write(body or b"-")

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(PAGES)
    yield site
    site.server.shutdown()
    site.server.server_close()


def prepare(home: Path, site: Site, seeds: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    seeds.mkdir(exist_ok=True)
    lines = ['source = "storm"', 'title = "嵐"', 'publisher = "見本省"', 'homepage = "https://example.jp/"']
    lines += ['spider = "site"', 'config = "sample"', "[crawl]", f'start = ["{site.base}/"]', "delay_s = 0"]
    lines += ["depth = 3", "requests_per_night = 100000"]
    (seeds / "storm.toml").write_text("\n".join(lines), encoding="utf-8")
    (home / "kobunko.toml").write_text(f'seeds = "{seeds}"\n[crawl]\nprivate_hosts = ["127.0.0.1"]\n')
    os.sync()  # the settings are the operator's: a power cut may take what is not yet on disk


def finish(home: Path) -> None:
    code, said = Crawl(home).end()
    assert code == 0, said


def acknowledged(home: Path) -> set[str]:
    """URLs that the frontier calls done, read beside the running crawl."""
    file = home / "catalogue.sqlite"
    if not file.exists():
        return set()
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return {row[0] for row in connection.execute("SELECT url FROM frontier WHERE state = 'done'")}
        except sqlite3.OperationalError:  # the tables are not made yet
            return set()


def check_whole(home: Path, site: Site) -> None:
    """Every page is a document, once, and its bytes are those that the site has."""
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    documents = catalogue.documents(catalogue.document_ids())
    catalogue.close()
    assert Counter(document.url for document in documents) == dict.fromkeys(site.urls(), 1)
    for document in documents:
        part = document.parts[0]
        stored = read_body(home / "raw", part.warc_file, part.warc_offset, part.sha256)
        assert stored == site.body(document.url.removeprefix(site.base))


def wait_until(reached: Any, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "the crawl makes no progress"
        time.sleep(0.02)


def asked_again(site: Site, since: int, done: set[str]) -> set[str]:
    """What was asked since then although it was acknowledged before."""
    return {site.base + path for path in site.hits[since:] if path not in OF_THE_HOST} & done


def test_twenty_kills_lose_nothing_and_fetch_nothing_twice_once_it_is_acknowledged(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    prepare(home, site, tmp_path / "seeds")
    chance = random.Random(7)
    for number in range(KILLS):
        done, asked = acknowledged(home), len(site.hits)
        crawl = Crawl(home)
        step = chance.randint(3, PAGES * 3 // 2 // KILLS)
        wait_until(lambda: len(site.hits) >= asked + step or crawl.is_over())  # noqa: B023
        assert not crawl.is_over(), f"nothing is left for kill {number}: {crawl.end()}"
        crawl.kill()
        assert not asked_again(site, asked, done)
    done, asked = acknowledged(home), len(site.hits)
    finish(home)
    assert not asked_again(site, asked, done)
    check_whole(home, site)


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which can lose its power."""
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(256 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@needs_mount
def test_what_was_acknowledged_survives_five_power_cuts(site: Site, ext4: Path, tmp_path: Path) -> None:
    home = ext4 / "home"
    prepare(home, site, tmp_path / "seeds")
    chance = random.Random(3)
    for _ in range(5):
        asked = len(site.hits)
        crawl = Crawl(home)
        step = chance.randint(150, 300)
        wait_until(lambda: len(site.hits) >= asked + step or crawl.is_over())  # noqa: B023
        before = acknowledged(home)
        folder = os.open(ext4, os.O_RDONLY)
        fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
        os.close(folder)
        code, _ = crawl.end()
        assert code != 0  # it does not go on after a write that failed
        subprocess.run(["umount", str(ext4)], check=True)
        subprocess.run(["mount", "-o", "loop", str(tmp_path / "disk.img"), str(ext4)], check=True)
        assert before <= acknowledged(home)
        with contextlib.closing(sqlite3.connect(home / "catalogue.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finish(home)
    check_whole(home, site)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@needs_mount
def test_a_full_disk_stops_the_crawl_and_marks_nothing_as_done_that_is_not(small_disk: Path, tmp_path: Path) -> None:
    site = Site(120, size=60_000)
    home = small_disk / "home"
    prepare(home, site, tmp_path / "seeds")
    code, said = Crawl(home).end()
    assert code == 1
    assert "No space left on device" in said or "disk is full" in said
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    before, asked = acknowledged(home), len(site.hits)
    assert len(before) < len(site.urls())
    finish(home)
    assert not asked_again(site, asked, before)
    check_whole(home, site)


@pytest.mark.parametrize("first", [1, 2, 4, 7])
def test_a_failed_fsync_ends_the_crawl_at_once(tmp_path: Path, first: int) -> None:
    site, home = Site(100), tmp_path / "home"
    prepare(home, site, tmp_path / "seeds")
    code, said = Crawl(home, functools.partial(fsync_fails_from, first)).end()
    assert code == 1, said
    assert "Input/output error" in said
    before, asked = acknowledged(home), len(site.hits)
    assert len(before) < len(site.urls())
    finish(home)
    assert not asked_again(site, asked, before)
    check_whole(home, site)


def test_two_starts_exclude_each_other_and_a_dead_one_is_in_nobodys_way(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    prepare(home, site, tmp_path / "seeds")
    first = Crawl(home)
    wait_until(lambda: len(site.hits) > 20)
    code, said = Crawl(home).end()
    assert code == 1
    assert "another kobunko works on" in said
    first.kill()
    asked = len(site.hits)
    third = Crawl(home)
    wait_until(lambda: len(site.hits) > asked + 5)
    assert third.process.pid is not None
    os.kill(third.process.pid, signal.SIGTERM)
    code, said = third.end()
    assert (code, "interrupted" in said) == (1, True), said
    assert acknowledged(home) >= {f"{site.base}{path}" for path in site.hits[asked:]} & site.urls()
