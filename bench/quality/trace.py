"""The way back on real documents: by id, URL and hash, and by passages, clean, noisy and invented.

A passage counts as found when the first hit is a document that holds it word for word (of copies and versions each is
right). Invented passages are drawn from a chain of order 3 over the corpus's own characters: they read like it, and
stand nowhere in it.
"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, islice
from pathlib import Path

import pyarrow as pa

from kobunko import pipeline
from kobunko.corpus import Corpus
from kobunko.engine import executor
from kobunko.executors import read_part
from kobunko.home import Home, open_home
from kobunko.importing import import_files, rows_of_list
from kobunko.lookup import chain, find
from kobunko.passages.fold import update
from kobunko.passages.key import key_of
from kobunko.passages.store import Entry, Store
from kobunko.passages.trace import trace
from kobunko.running import run_stage
from kobunko.settings import load_settings

NEEDS_SAMPLES = True
_NAMES = ("found by id", "found by URL", "found by hash", "chains with every link and intact bytes")
FLOORS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(_NAMES, (">=", 1.0)),
    "passages at rank 1": (">=", 0.998),
    "noisy passages at rank 1": (">=", 0.99),
    "invented passages found": ("<=", 0.003),
    "passages of OCR at rank 1": (">=", 0.99),
    "noisy passages of OCR at rank 1": (">=", 0.97),
}
_ASKED = 1000
_OCR_PAGES = 60  # that are read; more would take long
_LINKS = ("doc_id", "work_id", "source", "source_key", "source_version", "url", "stages", "parts", "captures")


class _Texts:
    """The texts as a release would hold them if it held all; documents that wait for OCR are left out."""

    version = base = "samples"

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def keys(self) -> Mapping[str, str]:
        return dict.fromkeys(self.texts, "1")

    def changes(self, base: str) -> None:
        """Not known: everything is compared."""

    def read(self, wanted: Mapping[str, str]) -> Iterable[Entry]:
        return (Entry(name, "1", "", self.texts[name], ((1, 0, len(self.texts[name])),), ()) for name in wanted)


def measure(samples: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, open_home(load_settings(Path(folder))) as home:
        with home.writing():
            texts, scanned = _read(home, samples)
        store = Store(home.settings.index, create=True)
        update(store, _Texts(texts))
        return _by_name(home, store) | _by_passage(store, texts) | _by_scan(store, texts, scanned)


def _read(home: Home, samples: Path) -> tuple[dict[str, str], list[str]]:
    """Texts by document, and the documents that were read by OCR: the shortest, up to so many pages in all."""
    import_files(home, home.catalogue.start_run("import"), rows_of_list(samples / "import.jsonl"), lambda _: None)
    _run(home, pipeline.corpus(home), "extract")
    pages = [
        (row["extract.ocr_pages"], row["doc_id"])
        for chunk in _chunks(pipeline.corpus(home), "extract.ocr_pages")
        for row in chunk.to_pylist()
        if row["extract.ocr_pages"]
    ]
    total = accumulate(count for count, _ in sorted(pages))
    scanned = [doc_id for (_, doc_id), sum_ in zip(sorted(pages), total, strict=True) if sum_ <= _OCR_PAGES]
    _run(home, pipeline.corpus(home, scanned), "ocr")
    _run(home, pipeline.corpus(home), "text")
    rows = (row for chunk in _chunks(pipeline.corpus(home), "text.text") for row in chunk.to_pylist())
    return {row["doc_id"]: row["text.text"] for row in rows if (row["text.text"] or "").strip()}, scanned


def _run(home: Home, corpus: Corpus, stage: str) -> None:
    with executor(home.settings.run, partial(read_part, home.settings.raw)) as engine:
        run_stage(corpus, stage, engine, home.settings.run)


def _chunks(corpus: Corpus, column: str) -> Iterator[pa.Table]:
    return corpus.chunks(range(len(corpus)), [column])


def _by_name(home: Home, store: Store) -> dict[str, float]:
    documents = home.catalogue.documents([row[0] for row in home.catalogue.inputs()])
    stages = pipeline.stages(home)
    told = dict.fromkeys(_NAMES, 0)
    for document in documents:
        told["found by id"] += document.doc_id in find(home, document.doc_id, store).doc_ids
        told["found by URL"] += document.doc_id in find(home, document.url, store).doc_ids
        told["found by hash"] += document.doc_id in find(home, document.parts[0].sha256, store).doc_ids
        (found,) = chain(home, stages, [document.doc_id], store)
        whole = all(found[name] for name in _LINKS) and all(part["intact"] for part in found["parts"])
        told["chains with every link and intact bytes"] += whole
    return {name: count / len(documents) for name, count in told.items()}


def _by_passage(store: Store, texts: Mapping[str, str]) -> dict[str, float]:
    keys = {name: str(key_of(text)) for name, text in texts.items()}
    chosen = random.Random(1)
    clean, noisy = _found(store, keys, _passages(texts, chosen), chosen)
    invented, whole = 0, "\n".join(keys.values())
    for passage in _invented("".join(chosen.sample(list(keys.values()), 100)), chosen):
        if passage not in whole:
            invented += bool(trace(store, passage, 1))
    figures = {"passages at rank 1": clean, "noisy passages at rank 1": noisy}
    return figures | {"invented passages found": invented / _ASKED}


def _by_scan(store: Store, texts: Mapping[str, str], scanned: Sequence[str]) -> dict[str, float]:
    """Passages from pages that were read by OCR, as OCR read them and with more noise."""
    keys = {name: str(key_of(text)) for name, text in texts.items()}
    chosen = random.Random(2)
    read = {name: texts[name] for name in scanned if name in texts}
    clean, noisy = _found(store, keys, islice(_passages(read, chosen), _ASKED // 2), chosen)
    told = {"documents read by OCR": float(len(read))}
    return told | {"passages of OCR at rank 1": clean, "noisy passages of OCR at rank 1": noisy}


def _found(
    store: Store, keys: Mapping[str, str], passages: Iterable[str], chosen: random.Random
) -> tuple[float, float]:
    """Shares of passages, clean and noisy, whose first hit holds them word for word."""
    told: tuple[list[bool], list[bool]] = [], []
    for passage in passages:
        wanted = str(key_of(passage))
        for found, asked in zip(told, (passage, _noise(passage, chosen)), strict=True):
            hits = trace(store, asked, 1)
            found.append(bool(hits) and wanted in keys[hits[0].doc_id])
    clean, noisy = (sum(found) / len(found) for found in told)
    return clean, noisy


def _passages(texts: Mapping[str, str], chosen: random.Random) -> Iterable[str]:
    """Half by characters (long documents), half by documents (all kinds), of 40 to 200 characters of the key."""
    names, asked = sorted(texts), 0
    weights = [len(texts[name]) for name in names]
    while asked < _ASKED:
        name = chosen.choices(names, weights)[0] if chosen.random() < 0.5 else chosen.choice(names)
        length = chosen.randint(40, 200)
        start = chosen.randrange(max(1, len(texts[name]) - length))
        passage = texts[name][start : start + length]
        if len(key_of(passage).codes) >= 40:
            asked += 1
            yield passage


def _noise(passage: str, chosen: random.Random) -> str:
    """5 % of the characters replaced, lost or added; half of ASCII in full width; line breaks anywhere."""
    out = []
    for sign in passage:
        fate = chosen.random()
        if fate < 0.03:
            out.append(chosen.choice(passage))
        elif fate < 0.04:
            continue
        else:
            out.append(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" and chosen.random() < 0.5 else sign)
            out.append(chosen.choice(passage) if fate < 0.05 else "\n" if fate > 0.97 else "")
    return "".join(out)


def _invented(text: str, chosen: random.Random) -> Iterable[str]:
    following: dict[str, list[str]] = defaultdict(list)
    for place in range(0, min(len(text), 3_000_000) - 3):
        following[text[place : place + 3]].append(text[place + 3])
    starts = sorted(following)
    for _ in range(_ASKED):
        made = chosen.choice(starts)
        length = chosen.randint(40, 200)
        while len(made) < length:
            made += chosen.choice(following.get(made[-3:]) or starts)
        yield made[:length]
