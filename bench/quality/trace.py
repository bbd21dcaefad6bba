"""The way back on real documents: by id, URL and hash, and by passages, clean, noisy and invented.

A passage counts as found when the first hit is a document that holds it word for word (of copies and versions each is
right). Invented passages are drawn from a chain of order 3 over the corpus's own characters: they read like it, and
stand nowhere in it.
"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

from kobunko import pipeline
from kobunko.corpus import Corpus
from kobunko.executors import executor, read_part
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
FLOORS: dict[str, tuple[str, float]] = {
    "found by id": (">=", 1.0),
    "found by URL": (">=", 1.0),
    "found by hash": (">=", 1.0),
    "chains with every link and intact bytes": (">=", 1.0),
    "passages at rank 1": (">=", 0.998),
    "noisy passages at rank 1": (">=", 0.99),
    "invented passages found": ("<=", 0.003),
}
_ASKED = 1000
_LINKS = ("doc_id", "work_id", "source", "source_key", "source_version", "url", "stages", "parts", "captures")


class _Texts:
    """The texts of the extraction as a release would hold them, pages that wait for OCR left out."""

    version = "samples"

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def keys(self) -> Mapping[str, str]:
        return dict.fromkeys(self.texts, "1")

    def read(self, wanted: Collection[str]) -> Iterable[Entry]:
        return (Entry(name, "1", "", self.texts[name], ((1, 0, len(self.texts[name])),), ()) for name in wanted)


def measure(samples: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, open_home(load_settings(Path(folder))) as home:
        texts = _read(home, samples)
        store = Store(home.settings.index, create=True)
        update(store, _Texts(texts))
        return _by_name(home, store) | _by_passage(store, texts)


def _read(home: Home, samples: Path) -> dict[str, str]:
    stages = pipeline.stages(home)
    settings = home.settings
    with home.writing():
        import_files(home, home.catalogue.start_run("import"), rows_of_list(samples / "import.jsonl"), lambda _: None)
        corpus = Corpus(home.catalogue, settings.stages, stages)
        with executor(settings.run, partial(read_part, settings.raw)) as engine:
            run_stage(corpus, "extract", engine, settings.run)
    texts = {}
    for chunk in corpus.chunks(range(len(corpus)), ["extract.pages"]):
        for row in chunk.to_pylist():
            text = "\n\n".join(page["text"] for page in row["extract.pages"] or [])
            if text.strip():
                texts[row["doc_id"]] = text
    return texts


def _by_name(home: Home, store: Store) -> dict[str, float]:
    documents = home.catalogue.documents([row[0] for row in home.catalogue.inputs()])
    stages = pipeline.stages(home)
    told = dict.fromkeys(list(FLOORS)[:4], 0)
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
    clean = noisy = invented = 0
    for passage in _passages(texts, chosen):
        wanted = str(key_of(passage))
        for asked in (passage, _noise(passage, chosen)):
            hits = trace(store, asked, 1)
            right = bool(hits) and wanted in keys[hits[0].doc_id]
            clean, noisy = (clean + right, noisy) if asked is passage else (clean, noisy + right)
    whole = "\n".join(keys.values())
    for passage in _invented("".join(chosen.sample(list(keys.values()), 100)), chosen):
        if passage not in whole:
            invented += bool(trace(store, passage, 1))
    names = list(FLOORS)[4:]
    return dict(zip(names, (clean / _ASKED, noisy / _ASKED, invented / _ASKED), strict=True))


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
