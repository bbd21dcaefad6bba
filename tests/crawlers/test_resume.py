"""Kills and shutdowns in the middle of a crawl: nothing is lost, nothing acknowledged is asked again."""

import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kobunko import depot, warc
from kobunko.tables import frontier

PAGES = 25
OF_THE_HOST = {"/robots.txt", "/.well-known/tdmrep.json"}  # asked at each start


@pytest.fixture
def slow_site(web: Any, home: Any) -> Any:
    web.delay_s = 0.01
    anchors = "".join(f'<a href="/{number}.html">{number}</a>' for number in range(PAGES))
    web.html("/", "一覧", anchors)
    for number in range(PAGES):
        web.html(f"/{number}.html", f"第{number}号", f'<a href="/{number}/more.html">続き</a>')
        web.html(f"/{number}/more.html", f"第{number}号の続き")
    home.seed("slow", "site", [f"{web.base}/"])
    return web


def acknowledged(home: Any) -> set[str]:
    catalogue = home.catalogue()
    with catalogue.transaction() as connection:
        rows = connection.execute(sa.select(frontier.c.url).where(frontier.c.state == "done")).all()
    catalogue.close()
    return {row[0] for row in rows}


def wait_for_hits(web: Any, count: int) -> None:
    end = time.monotonic() + 20
    while len(web.hits) < count:
        assert time.monotonic() < end, "the crawl makes no progress"
        time.sleep(0.01)


def test_three_kills_lose_nothing_and_ask_nothing_twice(slow_site: Any, home: Any) -> None:
    for hits in (10, 22, 36):
        process = home.start()
        wait_for_hits(slow_site, hits)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        done = acknowledged(home)
        asked = len(slow_site.hits)
        wait_for_hits(slow_site, asked)
        again = home.start()
        wait_for_hits(slow_site, asked + 3)
        os.kill(again.pid, signal.SIGKILL)
        again.join()
        assert not {slow_site.base + path for path in slow_site.hits[asked:]} & (
            done - {slow_site.base + path for path in OF_THE_HOST}
        )
    summary = home.crawl()["slow"]
    assert (summary["resumed"], summary["finished"]) == (True, True)
    documents = Counter(document.url for document in home.documents())
    assert set(documents.values()) == {1}
    assert len(documents) == 1 + 2 * PAGES
    for document in home.documents():
        body = slow_site.pages[document.url.removeprefix(slow_site.base)].body
        assert document.parts[0].size == len(body)


def test_what_a_killed_crawl_left_open_is_read_by_the_next_one(slow_site: Any, home: Any) -> None:
    process = home.start()
    wait_for_hits(slow_site, 45)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert [path.suffix for path in home.warcs()] == [".open"]
    captured = home.catalogue().counts()["captures"]
    assert captured > 0
    home.crawl()
    summary = home.crawl()["slow"]
    assert summary["revisited"] == summary["requests"] == 3 + 2 * PAGES


def test_a_shutdown_keeps_what_was_answered(slow_site: Any, home: Any) -> None:
    process = home.start()
    wait_for_hits(slow_site, 20)
    os.kill(process.pid, signal.SIGTERM)
    process.join(20)
    assert process.exitcode == 0
    summary = home.summary()["slow"]
    assert (summary["stopped"], summary["finished"]) == ("interrupted", False)
    paths = {path for path in slow_site.hits if path not in OF_THE_HOST}
    assert acknowledged(home) == {slow_site.base + path for path in paths}
    assert home.crawl()["slow"]["finished"]
    assert max(Counter(path for path in slow_site.hits if path not in OF_THE_HOST).values()) == 1


def test_a_host_that_dies_with_its_disk_keeps_its_answers_in_the_depot(
    slow_site: Any, home: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each acknowledged group is there; what was under way is asked again."""
    monkeypatch.setattr(depot, "_mounted", {})
    (home.folder / "kobunko.toml").write_text(f'depot = "file://{tmp_path}/depot"\n')
    process = home.start()
    wait_for_hits(slow_site, 30)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    shutil.rmtree(home.folder / "raw")
    assert home.crawl()["slow"]["finished"]
    assert not home.warcs()
    raw = home.folder / "raw"
    depot.mount(home.folder, f"file://{tmp_path}/depot")
    documents = home.documents()
    assert len(documents) == 1 + 2 * PAGES
    for part in (part for document in documents for part in document.parts):
        assert warc.read_body(raw, part.warc_file, part.warc_offset, part.sha256)
    summary = home.crawl()["slow"]
    assert (summary["revisited"] > 2 * PAGES, summary["unchanged"]) == (True, len(documents))
