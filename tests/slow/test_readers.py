"""Two hundred readers of the service while nights are run: nobody is refused. How long they wait is printed."""

import http.client
import json
import random
import signal
import socket
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from authored import page, write_list
from commandline import command, environment, must

pytestmark = pytest.mark.slow
READERS = 200
QUESTIONS = 8  # of each
PASSAGE = "受講を希望する方は、所定の様式により、開催日の十日前までに申し込んでください。"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    found = tmp_path / "home"
    must(found, "import", write_list(tmp_path / "files", pages=30))
    night(found, tmp_path / "first", 0)
    return found


@pytest.fixture
def port(home: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    asked = command(home, "serve", "--port", str(number))
    process = subprocess.Popen(asked, env=environment(KOBUNKO__WEB__REQUESTS_PER_MINUTE="0"))
    try:
        while True:
            try:
                ask(number, "GET", "/healthz")
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.2)
        yield number
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def night(home: Path, folder: Path, number: int) -> None:
    """New pages come in, are read, released and indexed, as `kobunko nightly --release` does it."""
    folder.mkdir()
    rows = []
    for n in range(1000 * number + 100, 1000 * number + 110):
        (folder / f"{n}.html").write_bytes(page(n))
        rows.append({"path": f"{n}.html", "source": "kurashi", "url": f"https://www.kurashi.demo.example/{n}.html"})
    listed = folder / "import.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    must(home, "import", listed)
    must(home, "run")
    must(home, "release", "build", f"n{number}", "--profile", "internal")
    must(home, "index", "--release", f"n{number}")


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_nobody_is_refused_while_nights_are_run(
    home: Path, port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = json.loads(ask(port, "POST", "/trace", json.dumps({"text": PASSAGE}))[1])["hits"]
    ids = [hit["doc_id"] for hit in hits]
    stop = threading.Event()

    def nights() -> int:
        number = 0
        while not stop.is_set():
            number += 1
            night(home, tmp_path / f"night{number}", number)
        return number

    def read(seed: int) -> list[tuple[int, float]]:
        chosen, found = random.Random(seed), []
        for _ in range(QUESTIONS):
            doc_id = chosen.choice(ids)
            wanted = chosen.choice(
                [
                    ("GET", f"/documents/{doc_id}/chain", None),
                    ("GET", f"/ja/documents/{doc_id}", None),
                    ("GET", f"/ja/search?q={quote(PASSAGE)}", None),
                    ("POST", "/trace", json.dumps({"text": PASSAGE})),
                ]
            )
            started = time.perf_counter()
            status, _ = ask(port, *wanted)
            found.append((status, time.perf_counter() - started))
            time.sleep(chosen.uniform(0, 8))
        return found

    with ThreadPoolExecutor(READERS + 1) as pool:
        batch = pool.submit(nights)
        answers = [answer for reader in pool.map(read, range(READERS)) for answer in reader]
        stop.set()
        done = batch.result()
    cuts = statistics.quantiles([seconds for _, seconds in answers], n=100)
    with capsys.disabled():
        print(f"\n{READERS} readers, {len(answers)} answers, {done} nights: ", end="")
        print(f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms")
    assert Counter(status for status, _ in answers) == {200: READERS * QUESTIONS}
    assert done > 0
