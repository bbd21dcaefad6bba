"""The master test: a night that is killed a hundred times ends with the release of a night that was left alone.

A night crawls the sites of the demo and reads them together with 200 documents that were imported before: real ones
where KOBUNKO_SAMPLES names a folder of them, else authored ones. SIGKILL hits it at random points, from the first
import to the last file of the published release: the main process, or any of its workers.
"""

import contextlib
import hashlib
import importlib.resources
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pymupdf
import pytest
from authored import write_list
from commandline import command, environment, must

from kobunko.demo.server import DemoServer

pytestmark = pytest.mark.slow
SAMPLES = os.environ.get("KOBUNKO_SAMPLES", "")
KILLS = int(os.environ.get("KOBUNKO_STORM_KILLS", "100"))
DOCUMENTS = 200
LARGEST = 100_000  # bytes of a sample document: a large one only makes the storm longer
READY = (".xml", ".json", ".html", ".htm", ".docx", ".xlsx", ".zip", ".pdf")  # without OCR
AT_ITS_START = 0.5  # share of the starts that are killed in their first seconds
AFTER_A_WORKER = 4  # files until the next one: a document that takes three workers with it is given up, and rightly so
OF_THE_CRAWL = ("rights_sha256",)  # holds when the terms were first seen


def test_a_hundred_kills_leave_the_release_of_a_quiet_night(tmp_path: Path) -> None:
    kills: Counter[str] = Counter()
    chance = random.Random(20261122)
    with DemoServer() as server:
        quiet = prepare(tmp_path, "quiet")
        alone(quiet, server.url)
        while (left := KILLS - sum(kills.values())) > 0:
            home = prepare(tmp_path, f"storm-{sum(kills.values())}")
            storm = Storm(home, server.url, chance, kills)
            storm.rage(left)
            alone(home, server.url)
            twin = with_captures_of(home, home.with_name(f"{home.name}-twin"))
            alone(twin, server.url)
            assert files_of(home) == files_of(twin)
            assert manifest(home) == manifest(quiet)
            assert json.loads(must(home, "audit", "--json"))["disagreements"] == []
            print(f"\n{sum(kills.values())} kills so far; this release of {storm.starts} starts is whole")
    print("; ".join(f"{what} {n}" for what, n in sorted(kills.items())))


def prepare(folder: Path, name: str) -> Path:
    """A home with 200 documents that wait to be read, and the seeds of the demo."""
    home = folder / name
    home.mkdir()
    seeds = importlib.resources.files("kobunko.demo") / "seeds"
    (home / "kobunko.toml").write_text(f'seeds = "{seeds}"\n', encoding="utf-8")
    must(home, "import", samples(folder) if SAMPLES else write_list(folder / "files", pages=DOCUMENTS - 5))
    return home


def samples(folder: Path) -> Path:
    """An import list of 200 sample documents that can be read without OCR, taken evenly from all of them."""
    listed = folder / "samples.jsonl"
    rows = map(json.loads, (Path(SAMPLES) / "import.jsonl").read_text(encoding="utf-8").splitlines())
    whole = [row | {"path": str(Path(SAMPLES) / row["path"])} for row in rows]
    ready = [row for row in whole if is_ready(Path(row["path"]))]
    chosen = [ready[n * len(ready) // DOCUMENTS] for n in range(min(DOCUMENTS, len(ready)))]
    listed.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen), encoding="utf-8")
    return listed


def is_ready(path: Path) -> bool:
    if path.suffix not in READY or path.stat().st_size > LARGEST:
        return False
    if path.suffix != ".pdf":
        return True
    with pymupdf.open(path) as document:
        return all(len(page.get_text()) > 100 for page in document)


class Storm:
    """One night on a home that is killed again and again. `kills` counts by what was hit while what was made."""

    def __init__(self, home: Path, proxy: str, chance: random.Random, kills: Counter[str]) -> None:
        self.home, self.proxy, self.chance, self.kills = home, proxy, chance, kills
        self.starts = 0

    def rage(self, limit: int) -> None:
        """Kills and starts again until the night gets to its end, or has been killed so often."""
        last = sum(self.kills.values()) + limit
        while sum(self.kills.values()) < last:
            self.starts += 1
            process = nightly(self.home, self.proxy)
            self._kill_some(process)
            if process.wait() != -signal.SIGKILL:
                assert process.returncode == 0, "the night failed by itself"
                return

    def _kill_some(self, process: "subprocess.Popen[bytes]") -> None:
        """The main process at any moment of its start; or soon after something was written, some workers before it."""
        if self.chance.random() < AT_ITS_START:
            self._pause(process, self.chance.uniform(0.5, 8))
        else:
            self._wait_for_files(process, self.chance.randint(1, 12))
            for _ in range(self.chance.randint(0, 5)):
                if found := descendants(process.pid):
                    self._kill(self.chance.choice(found), "worker")
                self._wait_for_files(process, AFTER_A_WORKER + self.chance.randint(0, 6))
            self._pause(process, self.chance.uniform(0, 0.5))
        if process.poll() is None:
            self._kill(process.pid, "main")

    def _kill(self, pid: int, what: str) -> None:
        self.kills[f"{what} ({newest(self.home)})"] += 1
        os.kill(pid, signal.SIGKILL)

    def _pause(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.02)

    def _wait_for_files(self, process: "subprocess.Popen[bytes]", number: int) -> None:
        """Until so many files have come into the home, so that every night gets somewhere."""
        before = set(written(self.home))
        while process.poll() is None and len(set(written(self.home)) - before) < number:
            time.sleep(0.1)


def nightly(home: Path, proxy: str) -> "subprocess.Popen[bytes]":
    env = environment(KOBUNKO__CRAWL__PROXY=proxy, KOBUNKO__RUN__FLUSH_ROWS="1")
    asked = command(home, "nightly", "--to", home / "published")
    with (home.parent / f"{home.name}.log").open("ab") as log:
        return subprocess.Popen(asked, env=env, stdout=subprocess.DEVNULL, stderr=log)


def alone(home: Path, proxy: str) -> None:
    assert nightly(home, proxy).wait() == 0


def with_captures_of(home: Path, twin: Path) -> Path:
    """A home with the same raw files and the same catalogue of them, in which nothing has been read yet."""
    shutil.copytree(home, twin, ignore=shutil.ignore_patterns("stages", "releases", "duplicates", "index", "publish*"))
    with contextlib.closing(sqlite3.connect(twin / "catalogue.sqlite")) as connection:
        connection.execute("DELETE FROM releases")
        connection.commit()
    return twin


def descendants(pid: int) -> list[int]:
    """Processes under a process, the process itself left out."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        children = [int(word) for word in task.read_text().split()]
        found += children + [other for child in children for other in descendants(child)]
    return found


def written(home: Path) -> Iterator[Path]:
    """Files of results, whole or under way."""
    for name in ("stages", "releases", "duplicates", "index", "published"):
        yield from (path for path in (home / name).rglob("*") if path.is_file())


def newest(home: Path) -> str:
    """What the home is busy with: where its newest file stands."""
    files = [path for path in home.rglob("*") if path.suffix not in (".jsonl", ".sqlite-shm") and path.is_file()]
    places = max(files, key=modified).relative_to(home).parts
    return places[1].split("@")[0] if places[0] == "stages" else places[0]


def modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # it has been renamed since
        return 0.0


def files_of(home: Path) -> dict[str, str]:
    """SHA-256 of every file of the newest release, built and published, and of the duplicates that it was made with."""
    found = {}
    for name in ("releases", "published"):
        for path in sorted((home / name).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    assert any(name.endswith("manifest.json") for name in found)
    return found


def manifest(home: Path) -> list[dict[str, object]]:
    """What a release says of every document, without what depends on when its source was asked."""
    (path,) = (home / "releases").glob("*/manifest.parquet")
    table = pq.read_table(path)
    return table.drop_columns(list(OF_THE_CRAWL)).to_pylist()
