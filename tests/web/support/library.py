"""A home full of invented documents, made in this process: what the service and lookup are tested on."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pymupdf

from kobunko import pipeline
from kobunko.document import document
from kobunko.engine import executor
from kobunko.executors import read_part
from kobunko.home import Home, open_home
from kobunko.importing import ImportRow, import_files
from kobunko.passages.fold import update
from kobunko.passages.released import Release
from kobunko.passages.store import Store
from kobunko.running import StageSummary, run_stages
from kobunko.settings import RunSettings, Settings, load_settings

LAW = """<?xml version="1.0" encoding="UTF-8"?>
<Law Era="Reiwa" Year="05" Num="901" LawType="Act" Lang="ja" PromulgateMonth="04" PromulgateDay="01">
<LawNum>令和五年法律第九百一号</LawNum><LawBody><LawTitle>見本公文書法</LawTitle><MainProvision>
<Article Num="1"><ArticleTitle>第一条</ArticleTitle><Paragraph Num="1"><ParagraphNum/><ParagraphSentence>
<Sentence>この法律は、見本とする公文書の保存及び利用に関し必要な事項を定めることを目的とする。</Sentence>
</ParagraphSentence></Paragraph></Article>
<Article Num="2"><ArticleTitle>第二条</ArticleTitle><Paragraph Num="1"><ParagraphNum/><ParagraphSentence>
<Sentence>見本の保存期間は、{years}年とする。</Sentence></ParagraphSentence></Paragraph></Article>
</MainProvision></LawBody></Law>"""
PAGES = [
    [
        "見守り通知書",
        "くらし安全省は、下記のとおり通知します。",
        "一　見守りは毎朝七時三十分から行う。",
        "二　雨天の日も行う。",
    ],
    ["別紙", "見守り員の配置は、橋の東詰に二名、西詰に一名とする。", "連絡先は庶務係とする。"],
]
HOSTILE = "<script>alert('題名')</script><img src=x onerror=alert(1)>"
NOTICE = "講習会の定員は三十名とし、申込みの順に受け付ける。受講料は無料である。持ち物は筆記用具とする。"


def pdf(pages: list[list[str]]) -> bytes:
    with pymupdf.open() as file:
        for lines in pages:
            sheet = file.new_page()
            writer = pymupdf.TextWriter(sheet.rect)
            for number, line in enumerate(lines):
                writer.append((72, 90 + 40 * number), line, font=pymupdf.Font("japan"), fontsize=14)
            writer.write_text(sheet)
        file.subset_fonts()
        return bytes(file.tobytes(deflate=True, no_new_id=True))


def html(title: str, text: str) -> bytes:
    safe = title.replace("<", "&lt;")
    head = f'<!DOCTYPE html><html lang="ja"><meta charset="utf-8"><title>{safe}</title>'
    return f"{head}<body><h1>{safe}</h1><p>{text}</p></body></html>".encode()


@dataclass(frozen=True)
class Library:
    """The home and the ids of what is in it."""

    settings: Settings
    ids: dict[str, str]


def build(folder: Path) -> Library:
    settings = load_settings(folder / "home", run={"engine": "inline"})
    with open_home(settings) as home:
        bring_in(home, folder / "files", _bodies())
        _describe(home)
        _process(home)
        ids = {row[0]: row[1] for row in _names(home)}
    return Library(settings, ids)


def _bodies() -> dict[str, bytes]:
    return {
        "notice.pdf": pdf(PAGES),
        "hostile.html": html(HOSTILE, "題名に命令を書いた頁である。本文には何の害もない。" * 2),
        "course.html": html("講習会のお知らせ", NOTICE * 3),
        "course-copy.html": html("講習会のお知らせ", NOTICE * 3),
        "law-2024.xml": LAW.format(years="五").encode(),
        "law-2025.xml": LAW.format(years="十").encode(),
        "judgment.html": html(
            "賃金請求事件", "主文　被告は、原告に対し、未払賃金を支払え。訴訟費用は被告の負担とする。" * 2
        ),
        "removed.html": html(
            "削除される頁", "この頁は後で削除される。そこにしか書かれていない秘密の一節がここにある。" * 2
        ),
        "broken.xml": LAW.format(years="三").encode()[:-60],
    }


def bring_in(home: Home, files: Path, bodies: dict[str, bytes]) -> None:
    """Imports files of the ministry of life."""
    files.mkdir(parents=True)
    rows = []
    for name, body in bodies.items():
        (files / name).write_bytes(body)
        url = f"https://www.kurashi.example/{name}"
        rows.append(ImportRow(path=files / name, source="kurashi", url=url, anchor_text=name))
    with home.writing():
        import_files(home, home.catalogue.start_run("import"), rows, lambda _: None)


def _describe(home: Home) -> None:
    """Documents as their sources' crawlers would make them, from what was imported."""
    found = {
        item.url.rsplit("/", 1)[1]: item for item in home.catalogue.documents([r[0] for r in home.catalogue.inputs()])
    }
    made = []
    for day, amender in (("20240401", "506AC0000000902"), ("20250401", "507AC0000000903")):
        revision = f"505AC0000000901_{day}_{amender}"
        (part,) = found[f"law-{day[:4]}.xml"].parts
        url = f"https://laws.e-gov.go.jp/api/2/law_file/xml/{revision}"
        facts = {"law_num": "令和五年法律第九百一号"}
        made.append(
            document("egov_laws", "505AC0000000901", revision, [part], url=url, title="見本公文書法", metadata=facts)
        )
    (part,) = found["judgment.html"].parts
    url = "https://www.courts.go.jp/hanrei/90010/detail4/index.html"
    facts = {"case_number": "令和6(ワ)10", "court": "見本地方裁判所"}
    made.append(document("courts", "90010", part.sha256, [part], url=url, title="賃金請求事件", metadata=facts))
    (part,) = found["course.html"].parts
    url = "https://api.edinet-fsa.go.jp/api/v2/documents/S100ZZZ1?type=1"
    made.append(
        document(
            "edinet", "S100ZZZ1", "2026-10-01", [part], url=url, title="見本届出書", metadata={"docID": "S100ZZZ1"}
        )
    )
    with home.catalogue.transaction() as connection:
        home.catalogue.add_documents(connection, "test", made)


def read(home: Home) -> dict[str, StageSummary]:
    """Brings every document through all stages."""
    corpus = pipeline.corpus(home)
    with executor(RunSettings(engine="inline"), partial(read_part, home.settings.raw)) as engine:
        return run_stages(corpus, list(corpus.stages), engine, home.settings.run)


def _process(home: Home) -> None:
    with home.writing():
        run_id = home.catalogue.start_run("run")
        crawl = {"kurashi": {"new": 9, "changed": 0, "failed": 1}}
        facts = {"stages": {name: item.as_json() for name, item in read(home).items()}, "crawl": crawl}
        home.catalogue.finish_run(run_id, "done", facts)
        for version in ("r1", "r2"):
            pipeline.build_release(home, version, "internal")
    index(home.settings, "r2")


def index(settings: Settings, version: str, removed: frozenset[str] = frozenset()) -> None:
    store = Store(settings.index, create=True)
    update(store, Release(settings.releases / version), removed)
    store.close()


def _names(home: Home) -> list[tuple[str, str]]:
    found = []
    for item in home.catalogue.documents([row[0] for row in home.catalogue.inputs()]):
        name = item.source if item.source != "kurashi" else item.url.rsplit("/", 1)[1].split(".")[0]
        found.append((f"{name}-{item.source_version[16:20]}" if name == "egov_laws" else name, item.doc_id))
    return found


def passages() -> str:
    return json.dumps(PAGES, ensure_ascii=False)
