"""Remove → crawl again → rebuild → look up → purge, through the real command line and a real server on loopback."""

import gzip
import io
import json
import re
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commandline import Kobunko, command, environment

from kobunko import removals
from kobunko.home import open_home
from kobunko.ocr.cache import Cache
from kobunko.ocr.lines import Line
from kobunko.ocr.reading import Reading
from kobunko.purge import purge
from kobunko.settings import load_settings

SECRET = "潮見三丁目の山野辺浪夫氏は、令和七年六月の時化の夜に堤防から転落し、全治三か月の重傷を負った。"
STORY = [
    f"第{n}区の堤防では、当夜の波高が{n}メートルを超え、越波により{n + 3}戸が床下まで浸水した。" for n in range(1, 40)
]
TITLE = "時化の夜の被害について"
SEED = """
source = "choseki"
title = "潮汐省"
publisher = "潮汐省"
homepage = "{origin}/"
spider = "site"
config = "ministries"

[crawl]
start = ["{origin}/index.html"]
allow = ['^{origin}/']
delay_s = 0.0

[assertions]
min_documents = 1
max_failed_share = 0.9
"""


def page(title: str, paragraphs: list[str]) -> bytes:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    return f'<html lang="ja">{head}<body><h1>{title}</h1>{body}</body></html>'.encode()


class Site:
    """The pages of an invented ministry; `asked` are the paths that were requested."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.put("/report.html", page(TITLE, [*STORY, SECRET]))
        self.put(
            "/tide.html",
            page("潮位の月報", [f"{n}日の満潮は{n}時、潮位は{90 + n}センチである。" for n in range(1, 28)]),
        )

    def put(self, path: str, body: bytes) -> None:
        self.pages[path] = body
        links = "".join(f'<li><a href="{name}">資料 {name}</a></li>' for name in self.pages if name != "/index.html")
        self.pages["/index.html"] = f"<html><body><ul>{links}</ul></body></html>".encode()


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    told = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            body = told.pages.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def crawling(home: Path, site: tuple[Site, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a home that may crawl the site."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "choseki.toml").write_text(SEED.format(origin=site[1]), encoding="utf-8")
    return {
        "KOBUNKO__SEEDS": str(seeds),
        "KOBUNKO__CRAWL__PRIVATE_HOSTS": '["127.0.0.1"]',
        "KOBUNKO__CRAWL__CONTACT": "mailto:test@kobunko.example",
        "KOBUNKO__RUN__ENGINE": "inline",
    }


def contents(path: Path) -> Iterator[bytes]:
    """Everything that a file holds, packed or not."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        yield "\n".join(map(str, pq.read_table(path).to_pylist())).encode()
    if path.suffix == ".gz":
        yield gzip.GzipFile(fileobj=io.BytesIO(data)).read()
    for codec in ("zstd", "gzip"):
        try:
            yield pa.input_stream(pa.BufferReader(data), compression=codec).read()
        except (OSError, zlib.error):
            continue


def holding(folder: Path, words: str) -> list[str]:
    """Files under a folder in which the words stand, in any form that a reader could get at."""
    forms = [words.encode(coding) for coding in ("utf-8", "utf-16-le", "cp932")]
    forms.append(words.encode("unicode_escape"))
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(form in data for data in contents(path) for form in forms)
    )


def test_what_is_removed_stays_removed(
    site: tuple[Site, str], crawling: dict[str, str], kobunko: Kobunko, home: Path, tmp_path: Path
) -> None:
    told, origin = site
    kobunko("crawl", "choseki", **crawling)
    kobunko("run", **crawling)
    kobunko("release", "build", "r1", "--profile", "internal", **crawling)
    kobunko("publish", "r1", "--to", tmp_path / "hub", **crawling)
    assert len(holding(home, "山野辺浪夫")) >= 3  # WARC is packed, side-cars, the release

    added = kobunko("remove", "add", "--passage", SECRET, "--reason", "personal-data", "--json", **crawling).json
    (removed,) = added["documents"]

    changed = SECRET.replace("全治三か月の重傷", "全治三か月の重い傷")
    told.put("/copies/report-2.html", page(TITLE + "（再掲）", [*STORY, changed]))  # a near copy at another URL
    told.put("/essay.html", page("海辺の随筆", ["潮の香りが好きだ。", f"記録によれば、{SECRET}", "夏が待ち遠しい。"]))
    told.put("/same.html", told.pages["/report.html"])  # the same bytes
    told.asked.clear()
    crawled = kobunko("crawl", "choseki", "--json", **crawling).json["crawl"]["choseki"]
    assert "/report.html" not in told.asked
    assert {"/copies/report-2.html", "/same.html", "/essay.html"} <= set(told.asked)
    assert [item["reason"] for item in crawled["failures"]] == ["refused: removed"] * 2
    kobunko("run", **crawling)
    (request,) = kobunko("remove", "list", "--json", **crawling).json
    relations = {item["relation"] for item in request["documents"]}
    assert len(request["documents"]) == 3
    assert relations == {"named", "near-duplicate", "passage"}

    kobunko("release", "build", "r2", "--profile", "internal", **crawling)
    assert holding(home / "releases" / "r2", "山野辺浪夫") == []
    rows = pq.read_table(next((home / "releases" / "r2").glob("data/*/*.parquet")))
    assert removed not in rows["id"].to_pylist()
    assert rows.num_rows >= 1

    purged = kobunko("remove", "purge", "--json", **crawling).json
    assert purged["releases"] == ["r1"]
    assert purged["elsewhere"][0]["destination"] == str(tmp_path / "hub")
    assert purged["elsewhere"][0]["commands"] == [f"rm -r {tmp_path / 'hub'}/r1"]
    for words in ("山野辺浪夫", "全治三か月の重傷", TITLE):
        assert holding(home, words) == []

    found = kobunko("lookup", f"{origin}/report.html", "--json", **crawling).json
    assert found["documents"] == []
    (answer,) = found["removed"]
    assert (answer["doc_id"], answer["removed"]["reason"]) == (removed, "personal-data")
    assert re.match(r"\d{4}-\d\d-\d\d", answer["removed"]["bound_at"])
    assert "removed on" in kobunko("lookup", removed, **crawling).out
    rights = kobunko("rights", removed, "--json", **crawling).json
    assert (rights["redistribute"], rights["train"]) == ("deny", "deny")
    assert rights["evidence"][0]["rule"] == "removed:personal-data"
    assert kobunko("audit", "--json", **crawling).json["disagreements"] == []  # what was erased is not missed

    told.asked.clear()
    kobunko("crawl", "choseki", **crawling)
    kobunko("run", **crawling)
    assert not {"/report.html", "/copies/report-2.html", "/essay.html"} & set(told.asked)
    for words in ("山野辺浪夫", TITLE):
        assert holding(home, words) == []
    tide = kobunko("lookup", f"{origin}/tide.html", "--json", **crawling).json["documents"][0]
    assert tide["parts"][0]["intact"]  # beside it in the same WARC file
    (line,) = kobunko("remove", "log", "--json", **crawling).json
    assert line["documents"] == 3
    assert set(line) == {"request_id", "reason", "requested_at", "deadline", "purged_at", "documents"}


def test_an_imported_file_that_was_removed_is_not_imported_again(kobunko: Kobunko, tmp_path: Path) -> None:
    path = tmp_path / "story.html"
    path.write_bytes(page(TITLE, [*STORY, SECRET]))
    kobunko("import", path, "--source", "kurashi", "--url", "https://www.kurashi.demo.example/story")
    kobunko("remove", "add", "https://www.kurashi.demo.example/story")
    again = kobunko("import", path, "--source", "kurashi", "--url", "https://other.demo.example/story", "--json").json
    assert (again["new"], len(again["removed"])) == (0, 1)


def test_a_later_version_is_kept_out_and_what_was_read_of_images_is_erased(
    kobunko: Kobunko, home: Path, tmp_path: Path
) -> None:
    def bring(name: str, paragraphs: list[str]) -> str:
        url = f"https://www.kurashi.demo.example/{name}"
        (tmp_path / name).write_bytes(page(TITLE, paragraphs))
        row = {"path": name, "source": "kurashi", "source_key": "story", "url": url}
        (tmp_path / "list.jsonl").write_text(json.dumps(row))
        kobunko("import", tmp_path / "list.jsonl")
        return url

    (first,) = kobunko("lookup", bring("v1.html", [*STORY, SECRET]), "--json").json["documents"]
    reading = Reading([Line(SECRET, 0.9, (0, 0, 1, 1))], [], [], [], 900, 1200, 0, 0.0, 0.0, 200.0, "onnxruntime")
    Cache(home / "cache" / "ocr", "models").put(first["parts"][0]["sha256"], 1, reading)
    kobunko("remove", "add", first["doc_id"])

    later = bring("v2.html", ["堤防の工事は来春に終わる見込みである。"])
    kobunko("run", KOBUNKO__RUN__ENGINE="inline")
    (removed,) = kobunko("lookup", later, "--json").json["removed"]
    assert removed["removed"]["relation"] == "version"
    assert kobunko("remove", "purge", "--json").json["cache_files"] == 1
    assert holding(home, SECRET) == holding(home, "来春に終わる") == []


def test_a_published_release_whose_folder_is_gone_is_still_told_of(home: Path) -> None:
    with open_home(load_settings(home)) as place, place.writing():
        place.catalogue.add_release("r1", "open", "ab" * 32, 3)
        place.catalogue.update_release("r1", published_to='["hf://choseki/kobunko"]')
        assert purge(place).elsewhere == []  # nothing was removed
        removals.add(place.catalogue, removals.Target("document", "choseki-a", ("choseki-a",)), "rights-holder")
        (entry,) = purge(place).elsewhere
    assert (entry["release"], entry["destination"]) == ("r1", "hf://choseki/kobunko")
    assert entry["commands"][-1] == "kobunko purge NEW --to hf://choseki/kobunko"


@pytest.mark.slow
def test_a_purge_that_was_killed_is_finished_by_the_next(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    rows = []
    for number in range(12):
        body = page(f"{TITLE} {number}", [f"{number}号 {SECRET}", *STORY[number * 3 : number * 3 + 3]])
        (tmp_path / f"{number}.html").write_bytes(body)
        url = f"https://www.kurashi.demo.example/{number}"
        rows.append({"path": f"{number}.html", "source": "kurashi", "url": url})
    listed = tmp_path / "import.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    kobunko("import", listed)
    kobunko("run", KOBUNKO__RUN__ENGINE="inline")
    kobunko("release", "build", "r1", "--profile", "internal")
    kobunko("remove", "add", "--passage", SECRET)
    for wait in (0.9, 1.1, 1.3):
        process = subprocess.Popen(command(home, "remove", "purge"), env=environment(), stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kobunko("remove", "purge")
    assert holding(home, "山野辺浪夫") == []
    assert kobunko("remove", "purge", "--json").json["warc_records"] == 0


def test_a_document_with_an_individual_number_is_sealed_with_an_alarm(
    kobunko: Kobunko, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "form.txt"
    path.write_text(
        "申請書\n氏名は省略する。\n個人番号：１２３４－５６７８－９０１８\n以上のとおり申請する。\n", encoding="utf-8"
    )
    kobunko("import", path, "--source", "kurashi", "--url", "https://www.kurashi.demo.example/form")
    ran = kobunko("run", code=3, KOBUNKO__RUN__ENGINE="inline")
    assert "個人番号" in ran.err
    assert "remove purge" in ran.err
    found = kobunko("lookup", "https://www.kurashi.demo.example/form", "--json").json
    assert found["documents"] == []
    assert found["removed"][0]["removed"]["reason"] == "my-number"
    kobunko("remove", "purge")
    assert holding(home, "５６７８－９０１８") == []
    kobunko("run", KOBUNKO__RUN__ENGINE="inline")  # no alarm any more


def test_removals_name_what_is_wrong(kobunko: Kobunko) -> None:
    assert "one thing" in kobunko("remove", "add", code=2).err
    assert "lookup" in kobunko("remove", "add", "choseki-nobody", code=1).err
    assert "quote more" in kobunko("remove", "add", "--passage", "短い", code=2).err
    assert "no class" in kobunko("remove", "add", "https://a.example/", "--reason", "x", code=2).err
    assert kobunko("remove", "add", "https://a.example/", "--json").json["documents"] == []
