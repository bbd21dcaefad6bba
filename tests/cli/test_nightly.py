"""A night over the invented government: it releases what is new, keeps to its time, and tells how it ended."""

import importlib.resources
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from commandline import Kobunko, command, environment

from kobunko.demo.server import DemoServer


class Listener(HTTPServer):
    """Receives what webhooks post."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), self._handler())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def configure(home: Path, told: Path, webhook: str) -> None:
    seeds = importlib.resources.files("kobunko.demo") / "seeds"
    home.mkdir()
    (home / "kobunko.toml").write_text(
        f'seeds = "{seeds}"\n[notify]\ncommand = ["tee", "{told}"]\nwebhook = "{webhook}"\n'
    )


def test_nights_follow_each_other(kobunko: Kobunko, home: Path, tmp_path: Path, listener: Listener) -> None:
    told, target = tmp_path / "told.json", tmp_path / "hub"
    configure(home, told, f"http://127.0.0.1:{listener.server_port}/")
    with DemoServer() as server:
        proxy = {"KOBUNKO__CRAWL__PROXY": server.url}
        short = kobunko("nightly", "--hours", "0.000001", "--json", **proxy).json
        assert {facts["stopped"] for facts in short["crawl"].values()} == {"deadline"}
        first = kobunko("nightly", "--release", "--json", **proxy).json  # as if it had been killed before it published
        second = kobunko("nightly", "--to", target, "--json", **proxy).json
    assert all(facts["resumed"] and not facts["stopped"] for facts in first["crawl"].values())
    assert first["stages"]["extract"]["documents"] == sum(facts["new"] for facts in first["crawl"].values()) > 0
    assert first["release"]["new"]
    assert (target / first["release"]["version"] / "README.md").is_file()
    assert second["release"] == {"version": first["release"]["version"], "new": False, "published_to": str(target)}
    assert [night["run_id"] for night in second["earlier"]] == [first["run_id"], short["run_id"]]
    assert second["earlier"][0]["new"] == first["stages"]["extract"]["documents"]
    assert first["index"]["added"] == first["release"]["documents"]
    assert first["energy"]["pages"] >= first["stages"]["extract"]["documents"]
    known = json.loads(told.read_text())
    assert (known["run_id"], known["kind"], known["state"]) == (second["run_id"], "nightly", "done")
    assert second["duplicates"]["documents"] == first["release"]["documents"]
    assert [night["run_id"] for night in listener.received] == [short["run_id"], first["run_id"], second["run_id"]]
    report = (home / "reports" / f"{second['run_id']}.md").read_text()
    assert "Earlier nights" in report
    assert f"Release {first['release']['version']} still holds all there is, and went to {target}." in report
    page = (home / "reports" / f"{second['run_id']}.html").read_text()
    assert "Earlier nights" in page
    assert page.count("<svg") == 3  # what the sources had, and two plots over the nights


def test_a_night_ends_when_it_is_told_to_after_its_crawl_too(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    configure(home, tmp_path / "told.json", "")
    with DemoServer() as server:
        env = environment(KOBUNKO__CRAWL__PROXY=server.url, KOBUNKO__RUN__WORKERS="1", KOBUNKO__RUN__FLUSH_ROWS="1")
        process = subprocess.Popen(command(home, "nightly"), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None and not list(home.glob("stages/*/part-*.parquet")):
            time.sleep(0.02)
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "goes on from there" in told.decode()
    assert json.loads((tmp_path / "told.json").read_text())["state"] == "interrupted"


def test_a_night_that_nobody_can_be_told_of_is_a_night_all_the_same(kobunko: Kobunko, home: Path) -> None:
    seeds = importlib.resources.files("kobunko.demo") / "seeds"
    home.mkdir()
    (home / "kobunko.toml").write_text(
        f'seeds = "{seeds}"\n[notify]\ncommand = ["no-such-program"]\nwebhook = "http://127.0.0.1:9/"\n'
    )
    with DemoServer() as server:
        done = kobunko("nightly", "--hours", "0.000001", KOBUNKO__CRAWL__PROXY=server.url)
    assert ": done" in done.out  # the report itself
    assert "demo_laws: stopped (deadline)" in done.out
    assert done.err.count("nobody was told") == 2
