"""Many readers of the service at once while a batch writes: how long they wait, and that nobody is refused."""

import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.library import SYLLABLES

_SECONDS = 60
_PAUSE = (1.0, 9.0)  # seconds between two questions of one reader
_PAGES = 100  # that the batch brings in at a time


def hammer(folder: Path, ids: Sequence[str], passages: Sequence[str], readers: int) -> None:
    stop = threading.Event()
    with _service(folder) as port, ThreadPoolExecutor(readers + 1) as pool:
        batch = pool.submit(_batch, folder, stop)
        asked = [pool.submit(_read, port, seed, ids, passages) for seed in range(readers)]
        answers = [answer for reader in asked for answer in reader.result()]
        stop.set()
        written = batch.result()
    for kind in sorted({kind for kind, _, _ in answers}):
        cuts = statistics.quantiles([seconds for name, _, seconds in answers if name == kind], n=100)
        print(f"{readers} readers, {kind}: p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms")
    statuses = dict(sorted(Counter(status for _, status, _ in answers).items()))
    print(f"{len(answers) / _SECONDS:.0f} questions per second, answers by status {statuses}, {written} pages written")


@contextmanager
def _service(folder: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    asked = [*_command(folder), "serve", "--port", str(port)]
    process = subprocess.Popen(
        asked, env=os.environ | {"KOBUNKO__WEB__REQUESTS_PER_MINUTE": "0"}, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                _ask(port, "GET", "/healthz", None)
                break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "kobunko", "--home", str(folder)]


def _ask(port: int, method: str, path: str, body: str | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _read(port: int, seed: int, ids: Sequence[str], passages: Sequence[str]) -> list[tuple[str, int, float]]:
    """Questions of one reader: kind, status and seconds."""
    chosen, found = random.Random(seed), []
    end = time.monotonic() + _SECONDS
    time.sleep(chosen.uniform(0, _PAUSE[1]))
    while time.monotonic() < end:
        doc_id, passage = chosen.choice(ids), chosen.choice(passages)
        kind, method, path, body = chosen.choice(
            [
                ("chain", "GET", f"/documents/{doc_id}/chain", None),
                ("page", "GET", f"/ja/documents/{doc_id}", None),
                ("trace", "POST", "/trace", json.dumps({"text": passage})),
            ]
        )
        started = time.perf_counter()
        found.append((kind, _ask(port, method, path, body), time.perf_counter() - started))
        time.sleep(chosen.uniform(*_PAUSE))
    return found


def _batch(folder: Path, stop: threading.Event) -> int:
    """Imports and reads new pages until it is told to stop; returns how many."""
    written = 0
    with tempfile.TemporaryDirectory() as name:
        while not stop.is_set():
            rows = []
            for number in range(written, written + _PAGES):
                path = Path(name) / f"{time.time_ns()}-{number}.html"
                text = "".join(random.Random(path.name).choices(SYLLABLES, k=600))
                path.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>{number}</title><p>{text}")
                rows.append({"path": str(path), "source": "batch", "url": f"https://batch.example/{path.name}"})
            listed = Path(name) / "list.jsonl"
            listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
            for asked in (["import", str(listed)], ["run"]):
                subprocess.run([*_command(folder), *asked], check=True, capture_output=True)
            written += _PAGES
    return written
