"""Speed of lookup and trace on a corpus of generated documents: by id and by passage, size and build of the index.

    python -m bench.lookup FOLDER [STEP …] [--documents 100000] [--characters 680] [--readers 200]

The steps, all of them if none is named: `fill`, `read` and `settle` make a home in FOLDER, its side-cars and the
manifests of two releases (see bench/library.py), `release` their shards; what is there is not made again. `index`
builds the passage index from the first release and brings it up to date with the second; `id`, `trace` and `readers`
measure. `readers` is so many readers of the service at once, each asking every few seconds, while a batch imports and
reads new documents. `id` needs neither shards nor index.
"""

import argparse
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import library
from bench.serving import hammer
from kobunko import pipeline
from kobunko.home import Home, open_home
from kobunko.lookup import chain, find
from kobunko.passages.fold import update
from kobunko.passages.released import Release
from kobunko.passages.store import Store, open_store
from kobunko.passages.trace import trace
from kobunko.settings import load_settings

_ASKED = 1000
_STEPS = ("fill", "read", "settle", "id", "release", "index", "trace", "readers")
Times = list[tuple[float, float]]  # seconds of CPU and by the clock


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of lookup and trace")
    parser.add_argument("folder", type=Path)
    parser.add_argument("step", nargs="*", choices=[*_STEPS, []])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=680)
    parser.add_argument("--readers", type=int, default=200)
    asked = parser.parse_args()
    steps, texts = asked.step or _STEPS, library.Texts(asked.characters)
    with open_home(load_settings(asked.folder)) as home:
        if "fill" in steps and not home.catalogue.inputs():
            print(f"home: {_timed(lambda: library.fill(home, asked.documents)):.0f} s")
        if "read" in steps:
            print(f"side-cars: {_timed(lambda: library.read(home)):.0f} s")
        if "settle" in steps:
            print(f"manifests: {_timed(lambda: library.settle(home)):.0f} s")
        if "release" in steps and not (home.settings.releases / "g2" / "data").exists():
            print(f"releases: {_timed(lambda: library.release(home, texts)):.0f} s")
        ids = [row[0] for row in home.catalogue.inputs()]
        if "index" in steps:
            _build(home, ids, texts)
        if "trace" in steps:
            _trace(home, ids, texts)
        if "id" in steps:
            _look_up(home, ids)
    if "readers" in steps:
        passages = [passage for _, passage in _passages(texts, ids, 0.0)]
        hammer(asked.folder, ids, passages, asked.readers)


def _build(home: Home, ids: Sequence[str], texts: library.Texts) -> None:
    shutil.rmtree(home.settings.index, ignore_errors=True)
    store = Store(home.settings.index, create=True)
    size = sum(len(texts.of(doc_id).encode()) for doc_id in ids[::20]) * 20
    seconds = _timed(lambda: update(store, Release(home.settings.releases / "g1")))
    print(f"index of {len(ids) - library.NEW} documents, {size / 1e6:.0f} MB of text: {size / 1e6 / seconds:.1f} MB/s")
    for name in (f"{library.NEW} new documents", "nothing new"):
        seconds = _timed(lambda: update(store, Release(home.settings.releases / "g2")))
        print(f"update with {name}: {seconds:.2f} s")
    store.close()
    files = sum(path.stat().st_size for path in home.settings.index.iterdir())
    print(f"index: {files / 1e6:.0f} MB, {files / size:.2f} times the text")


def _trace(home: Home, ids: Sequence[str], texts: library.Texts) -> None:
    store = Store(home.settings.index)
    for name, noise in (("trace", 0.0), ("trace, 5 % noise", 0.05)):
        found, times = 0, Times()
        for doc_id, passage in _passages(texts, ids, noise):
            started = time.process_time(), time.perf_counter()
            hits = trace(store, passage)
            times.append((time.process_time() - started[0], time.perf_counter() - started[1]))
            found += bool(hits) and hits[0].doc_id == doc_id
        _print(f"{name} ({found} of {_ASKED} at rank 1)", times)


def _passages(texts: library.Texts, ids: Sequence[str], noise: float) -> Iterator[tuple[str, str]]:
    chosen = random.Random(7)
    for _ in range(_ASKED):
        doc_id = chosen.choice(ids)
        text = texts.of(doc_id)
        start = chosen.randrange(40, len(text) - 200)
        passage = text[start : start + chosen.randint(40, 200)]
        read = (chosen.choice(library.SYLLABLES) if chosen.random() < noise else sign for sign in passage)
        yield doc_id, "".join(read)


def _look_up(home: Home, ids: Sequence[str]) -> None:
    """By id to the whole chain, in a process that has just begun and in one that has been asked before."""
    stages, store = pipeline.stages(home), open_store(home.settings.index)
    chosen = random.Random(8)
    late = library.late(ids)
    for name, wanted in (
        ("lookup by id, the first", chosen.choices(ids, k=1)),
        ("lookup by id, whole chain", chosen.choices(ids, k=_ASKED)),
        ("of the last nights", chosen.choices(late, k=_ASKED)),
    ):
        times = Times()
        for doc_id in wanted:
            started = time.process_time(), time.perf_counter()
            (found,) = chain(home, stages, find(home, doc_id, store).doc_ids, store)
            times.append((time.process_time() - started[0], time.perf_counter() - started[1]))
            _complete(found, doc_id, len(stages) - 1)
        _print(name, times)


def _complete(found: dict[str, Any], doc_id: str, stages: int) -> None:
    assert found["doc_id"] == doc_id
    assert len(found["stages"]) == stages
    assert found["captures"]
    assert all(part["intact"] for part in found["parts"])
    assert found["releases"][-1] == "g2"


def _timed(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _print(name: str, times: Times) -> None:
    """CPU time beside wall-clock time: on a machine that others use, the first is what compares."""
    told = []
    for kind, values in zip(("CPU", "wall"), zip(*times, strict=True), strict=True):
        cuts = statistics.quantiles(values * 2 if len(values) == 1 else values, n=100, method="inclusive")
        told.append(f"{kind} p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms")
    print(f"{name}: {'; '.join(told)}")


if __name__ == "__main__":
    main()
