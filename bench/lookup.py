"""Speed of lookup and trace on a corpus of generated documents: time by id and by passage, size and build of the index.

    python bench/lookup.py FOLDER [--documents 100000] [--characters 680]

Makes a home in FOLDER (which must be empty or a former run's) with documents in the catalogue, side-cars of every
stage, one release and the passage index, as a batch would leave them, and measures what a service would do with them.
The texts are invented: words of a made-up vocabulary with the frequencies of a natural one.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kobunko import pipeline
from kobunko.document import document
from kobunko.home import Home, open_home
from kobunko.lookup.chain import chain
from kobunko.passages.fold import update
from kobunko.passages.store import Entry, Store
from kobunko.passages.trace import trace
from kobunko.records import Part
from kobunko.settings import load_settings
from kobunko.sidecar import SideCar

_ASKED = 1000
_SYLLABLES = (
    "法令公文書保存期間大臣届出審査基準告示申請交付地域支援計画報告事業者施設医療福祉"
    "教育環境農林水産国土交通財政税金融労働安全衛生防災統計"
)
_KANA = ["の", "を", "に", "は", "が", "と", "する", "した", "により", "及び", "。", "、", "こと", "もの", "について"]


class Generated:
    """A release of generated texts, made again whenever it is read."""

    version = "generated"

    def __init__(self, ids: list[str], characters: int) -> None:
        self._ids = ids
        self._characters = characters
        chosen = random.Random(0)
        self._words = ["".join(chosen.choices(_SYLLABLES, k=chosen.randint(2, 4))) for _ in range(40_000)]
        weights = 1 / np.arange(1, len(self._words) + 1)
        self._cumulative = np.cumsum(weights / weights.sum())

    def text(self, number: int) -> str:
        chosen = np.random.default_rng(number)
        count = self._characters // 4
        words = np.searchsorted(self._cumulative, chosen.random(count))
        kana = chosen.integers(len(_KANA), size=count)
        return f"第{number}号。" + "".join(
            self._words[word % len(self._words)] + _KANA[sign] for word, sign in zip(words, kana, strict=True)
        )

    def keys(self) -> Mapping[str, str]:
        return dict.fromkeys(self._ids, "1")

    def read(self, wanted: Collection[str]) -> Iterable[Entry]:
        for number, doc_id in enumerate(self._ids):
            if doc_id in wanted:
                text = self.text(number)
                yield Entry(doc_id, "1", doc_id, text, ((1, 0, len(text)),), ())


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of lookup and trace")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=680)
    asked = parser.parse_args()
    with open_home(load_settings(asked.folder)) as home:
        ids = [item[0] for item in home.catalogue.inputs()]
        if not ids:
            ids = _fill(home, asked.documents)
        _build(home, ids, asked.characters)
        _look_up(home, ids)


def _fill(home: Home, count: int) -> list[str]:
    """The catalogue and the side-cars; the stages' results are made up but have their real shape."""
    started = time.monotonic()
    part = Part("page", "https://example.jp/", "text/html", "0" * 64, 1, "urn:x", "x/x-00000001.warc.gz", 0, None)
    for begin in range(0, count, 20_000):
        made = [
            document("generated", str(n), "1", [part], url=f"https://www.example.jp/{n}.html", title=f"文書{n}")
            for n in range(begin, min(begin + 20_000, count))
        ]
        with home.catalogue.transaction() as connection:
            home.catalogue.add_documents(connection, "bench", made)
    inputs = home.catalogue.inputs()
    for stage in pipeline.stages(home):
        sidecar = SideCar(home.settings.stages, stage)
        if stage.name != "ocr":
            for begin in range(0, count, 100_000):
                sidecar.append(_rows(stage, inputs[begin : begin + 100_000]))
    print(f"catalogue and side-cars of {count} documents: {time.monotonic() - started:.0f} s")
    return [item[0] for item in inputs]


def _rows(stage: Any, inputs: list[tuple[str, str]]) -> pa.Table:
    made = {}
    for item in stage.output_schema:
        value: Any = {"string": "あ" * 40, "int64": 1, "double": 0.5, "bool": True}.get(str(item.type))
        made[item.name] = "[]" if item.name == "evidence" else [] if pa.types.is_list(item.type) else value
    made |= {"outcome": "ok", "detail": "", "stage": stage.label}
    return pa.Table.from_pylist(
        [made | {"doc_id": doc_id, "input_sha256": sha256} for doc_id, sha256 in inputs], schema=stage.output_schema
    )


def _build(home: Home, ids: list[str], characters: int) -> None:
    store = Store(home.settings.index, create=True)
    corpus = Generated(ids, characters)
    night = len(ids) - 1000
    if not store.segments():
        first = Generated(ids[:night], characters)
        generating = _timed(lambda: [first.text(n) for n in range(0, night, 20)]) * 20
        seconds = _timed(lambda: update(store, first)) - generating
        size = sum(len(corpus.text(n).encode()) for n in range(0, night, 20)) * 20
        print(f"index of {night} documents, {size / 1e6:.0f} MB of text: {size / 1e6 / seconds:.1f} MB/s")
        print(f"update with 1,000 new documents: {_timed(lambda: update(store, corpus)):.2f} s")
    store.close()
    size = sum(len(corpus.text(n).encode()) for n in range(0, len(ids), 20)) * 20
    files = sum(path.stat().st_size for path in home.settings.index.iterdir())
    print(f"index: {files / 1e6:.0f} MB, {files / size:.2f} times the text")
    reading = Store(home.settings.index)
    for name, noise in (("trace", 0.0), ("trace, 5 % noise", 0.05)):
        found, times = 0, list[tuple[float, float]]()
        for number, passage in _passages(corpus, len(ids), noise):
            started = time.process_time(), time.perf_counter()
            hits = trace(reading, passage)
            times.append((time.process_time() - started[0], time.perf_counter() - started[1]))
            found += bool(hits) and hits[0].doc_id == ids[number]
        _print(f"{name} ({found} of {_ASKED} at rank 1)", times)


def _passages(corpus: Generated, count: int, noise: float) -> Iterator[tuple[int, str]]:
    chosen = random.Random(7)
    for _ in range(_ASKED):
        number = chosen.randrange(count)
        text = corpus.text(number)
        start = chosen.randrange(len(text) - 200)
        passage = text[start : start + chosen.randint(40, 200)]
        yield number, "".join(chosen.choice(_SYLLABLES) if chosen.random() < noise else sign for sign in passage)


def _look_up(home: Home, ids: list[str]) -> None:
    stages, store, times = pipeline.stages(home), Store(home.settings.index), []
    for doc_id in random.Random(8).choices(ids, k=_ASKED):
        started = time.process_time(), time.perf_counter()
        (found,) = chain(home, stages, [doc_id], store)
        times.append((time.process_time() - started[0], time.perf_counter() - started[1]))
        assert found["doc_id"] == doc_id
        assert len(found["stages"]) == len(stages) - 1
    _print("lookup by id, whole chain", times)


def _timed(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _print(name: str, times: list[tuple[float, float]]) -> None:
    """CPU time beside wall-clock time: on a machine that others use, the first is what compares."""
    told = []
    for kind, values in zip(("CPU", "wall"), zip(*times, strict=True), strict=True):
        cuts = statistics.quantiles(values, n=100)
        told.append(f"{kind} p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms")
    print(f"{name}: {'; '.join(told)}")


if __name__ == "__main__":
    main()
