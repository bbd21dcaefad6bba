"""A small home made by hand: invented bodies, real WARC files, catalogue, side-cars and stages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from kobunko import ids
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus
from kobunko.dedup.clusters import cluster
from kobunko.dedup.stage import signature_stage
from kobunko.errors import Reject
from kobunko.licensing.privacy import privacy_stage
from kobunko.licensing.stage import licence_stage
from kobunko.licensing.third_party import third_party_stage
from kobunko.publish.release import ReleaseInfo, build
from kobunko.publish.rows import Profile
from kobunko.publish.tokens import tokens_stage
from kobunko.records import Blob, Capture, Document, Line, Page, PageSpan, Part, column
from kobunko.seed import Seed, load_seed
from kobunko.settings import Settings, load_settings
from kobunko.stage import Runner, Stage
from kobunko.warc import WarcWriter, read_body

MOMENT = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)

LAW_SEED = """
source = "tides"
title = "潮位法令集"
publisher = "潮汐省"
homepage = "https://law.choseki.example/"
spider = "none"
config = "laws"
[licence]
id = "LicenseRef-JP-NoRight-Art13"
basis = "no-right(Art13)"
statute = "著作権法第13条第1号"
"""
NOTICE_SEED = """
source = "clouds"
title = "雲海庁の公表資料"
publisher = "雲海庁"
homepage = "https://www.unkai.example/"
spider = "none"
config = "ministries"
[licence]
id = "LicenseRef-JP-PDL-1.0"
basis = "licence"
"""
ARTICLE = "第{n}条　潮汐省は、観測所ごとに第{n}号様式の台帳を備え、潮位を毎時記載しなければならない。\n"
LAW = "".join(ARTICLE.format(n=n) for n in range(1, 40))
BODIES = {
    ("tides", "law-1"): "潮位観測法\f" + LAW,
    ("tides", "law-2"): "潮位観測法施行令\f" + LAW.replace("第3条", "第三条"),
    ("tides", "law-3"): "灯台塗色規則\f灯台の塗色は、別表に定めるところによる。\f",
    ("tides", "law-4"): "LOCKED",
    ("clouds", "notice-1"): "雲量の公表について\f本日の雲量は八であった。",
    ("clouds", "notice-2"): "取り下げられた公表\fこの文は配布物にあってはならない。",
    ("nobody", "leaf-1"): "出所の説明がない文書\f内容は短い。",
}


@dataclass(frozen=True)
class ExtractInput:
    blobs: list[Blob]


@dataclass(frozen=True)
class Extracted:
    title: str
    format: str
    pages: list[Page]
    ocr_pages: int
    metadata: str
    structure: str


@dataclass(frozen=True)
class TextInput:
    title: str = column("extract.title")
    pages: list[Page] = column("extract.pages")


@dataclass(frozen=True)
class Text:
    text: str
    title: str
    pages: list[PageSpan]
    sha256: str
    characters: int
    tokens: int
    ocr_confidence: float | None
    unread_pages: int
    lines: list[Line]
    language: str
    quality: str
    structure: str
    published: str | None


def make_extract() -> Callable[[ExtractInput], Extracted]:
    def extract(document: ExtractInput) -> Extracted:
        body = document.blobs[0].body.decode()
        if body == "LOCKED":
            raise Reject("encrypted")
        title, *texts = body.split("\f")
        pages = [Page(n, text, "embedded", "markup", None, "horizontal") for n, text in enumerate(texts, 1)]
        return Extracted(title, "text", pages, 0, '{"encoding":"utf-8"}', '{"kind":"notice"}')

    return extract


def make_text(opening: str) -> Callable[[TextInput], Text]:
    def text(document: TextInput) -> Text:
        joined, spans = opening, []
        for page in document.pages:
            joined += "\n\n" if joined else ""
            start = len(joined)
            joined += page.text
            spans.append(PageSpan(page.number, start, len(joined), "embedded", "markup", None, "horizontal", 0, 1))
        digest = ids.sha256_hex(joined.encode())
        sure = 0.69 if document.title.startswith("かすれた") else None
        found = (sure, 0, [], "ja", '{"score":1.0}', "{}", "2026-05-01")
        return Text(joined, document.title, spans, digest, len(joined), len(joined) // 2, *found)

    return text


@dataclass(frozen=True)
class Home:
    settings: Settings
    catalogue: Catalogue
    seeds: dict[str, Seed]
    opening: str = ""  # of every text: a home with another one reads otherwise

    @property
    def stages(self) -> list[Stage[Any, Any]]:
        extract = Stage("extract", 1, make_extract, ExtractInput, Extracted)
        text = Stage("text", 1, make_text, TextInput, Text, {"opening": self.opening}, after=(extract,))
        return [
            extract,
            text,
            tokens_stage((text,)),
            signature_stage((text,)),
            privacy_stage((text,)),
            third_party_stage((text,), {}),
            licence_stage(self.seeds, {}, "試験編集室"),
        ]

    @property
    def corpus(self) -> Corpus:
        return Corpus(self.catalogue, self.settings.stages, self.stages)

    def run_stages(self) -> None:
        def read_blob(part: Part) -> bytes:
            return read_body(self.settings.raw, part.warc_file, part.warc_offset, part.sha256)

        corpus = self.corpus
        for stage in self.stages:
            runner = Runner(stage, read_blob)
            for batch in list(corpus.batches(stage.name)):
                corpus.sidecars[stage.name].append(runner(batch))

    def add(self, bodies: dict[tuple[str, str], str]) -> None:
        documents = []
        for (source, key), body in bodies.items():
            with WarcWriter(self.settings.raw, source) as writer:
                url = f"https://www.{source}.example/{key}"
                data = body.encode()
                name, file, offset = writer.resource(url, MOMENT, "text/plain", data)
            sha256 = ids.sha256_hex(data)
            capture = Capture(name, source, url, "resource", 200, "text/plain", sha256, len(data), MOMENT, file, offset)
            part = Part("law", url, "text/plain", sha256, len(data), name, file, offset, MOMENT)
            documents.append(
                Document(
                    doc_id=doc_id(source, key),
                    work_id=ids.work_id(source, key),
                    source=source,
                    source_key=key,
                    source_version="1",
                    input_sha256=ids.input_sha256([("law", sha256)]),
                    url=url,
                    title=f"一覧の題名 {key}",
                    published=None if key == "law-2" else "2026-10-30",
                    linked_from="",
                    anchor_text="",
                    metadata='{"number":"第一号"}',
                    parts=[part],
                )
            )
            with self.catalogue.transaction() as connection:
                self.catalogue.add_captures(connection, "run", [(self.catalogue.next_sequence(), capture)])
        with self.catalogue.transaction() as connection:
            self.catalogue.add_documents(connection, "run", documents)

    def remove(self, *names: str) -> None:
        for name in names:
            self.catalogue.remove(name, "", "申出")

    def build(self, version: str = "2026.11.01", profile: Profile = "open") -> ReleaseInfo:
        return build(self.corpus, self.catalogue, self.settings, self.seeds, version, profile, clusters)


def clusters(doc_ids: pa.ChunkedArray, key_sha256: pa.ChunkedArray, minhash: NDArray[np.uint32]) -> pa.Table:
    return cluster(doc_ids.to_pylist(), key_sha256.to_pylist(), minhash)


def doc_id(source: str, key: str) -> str:
    return ids.doc_id(source, key, "1")


@pytest.fixture
def open_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Home]]:
    """Opens a home in a folder; closed after the test."""
    opened: list[Home] = []
    for name in ("KOBUNKO_HOME", "KOBUNKO_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def open_at(folder: Path) -> Home:
        settings = load_settings(folder)
        settings.home.mkdir(exist_ok=True)
        seeds = {}
        for name, text in {"tides": LAW_SEED, "clouds": NOTICE_SEED}.items():
            path = folder / f"{name}.toml"
            path.write_text(text, encoding="utf-8")
            seeds[name] = load_seed(path)
        opened.append(Home(settings, Catalogue(settings.catalogue_url), seeds))
        return opened[-1]

    yield open_at
    for home in opened:
        home.catalogue.close()


@pytest.fixture
def home(tmp_path: Path, open_home: Callable[[Path], Home]) -> Home:
    """Seven documents, all stages run, one document removed."""
    made = open_home(tmp_path / "home")
    made.add(BODIES)
    made.run_stages()
    made.remove(doc_id("clouds", "notice-2"))
    return made


@pytest.fixture
def id_of() -> Callable[[str, str], str]:
    return doc_id
