"""Whole crawls of a site on loopback: what is recorded, what a second crawl does, and what is obeyed."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest

from kobunko import wire
from kobunko.catalogue import Catalogue
from kobunko.crawlers.crawl import crawl
from kobunko.crawlers.plan import plan
from kobunko.errors import UsageError
from kobunko.seed import Seed, load_seeds
from kobunko.settings import load_settings


@pytest.fixture
def ministry(web: Any, home: Any) -> Any:
    web.put("/robots.txt", b"User-agent: *\nDisallow: /closed/\n", "text/plain")
    links = [
        "news.html",
        "notice.pdf",
        "gone.html",
        "moved",
        "loop",
        "empty.pdf",
        "closed/secret.html",
        "soft.html",
        "away",
    ]
    anchors = "".join(f'<a href="/{link}">{link} を見る</a>' for link in links)
    web.html("/", "くらし見本省", anchors, headers={"ETag": '"top-1"'})
    web.html("/news.html", "お知らせ", "<p>本日の会議を開きました。</p>", gzipped=True)
    web.put("/notice.pdf", b"%PDF-1.4 sample", "application/pdf", headers={"X-Robots-Tag": "noai"})
    web.put("/moved", b"", status=302, headers={"Location": "/new.html"})
    web.html("/new.html", "移転先")
    web.put("/loop", b"", status=301, headers={"Location": "/loop"})
    web.put("/away", b"", status=302, headers={"Location": "https://other.example/"})
    web.put("/empty.pdf", b"", "application/pdf")
    web.html("/soft.html", "お探しのページは見つかりませんでした")
    web.html("/terms.html", "利用規約")
    home.seed("ministry", "site", [f"{web.base}/"], f'depth = 2\n[licence]\nterms_url = "{web.base}/terms.html"\n')
    return web


def test_everything_is_captured_and_failures_have_names(ministry: Any, home: Any) -> None:
    summary = home.crawl()["ministry"]
    reasons = {item["url"].removeprefix(ministry.base): item["reason"] for item in summary["failures"]}
    assert reasons == {
        "/gone.html": "http-404",
        "/loop": f"redirect-loop: {ministry.base}/loop",
        "/empty.pdf": "empty-body",
        "/soft.html": "soft-404: お探しのページは見つかりませんでした",
    }
    assert summary["skipped"] == {"redirect-elsewhere": 1}
    assert summary["exclusions"] == [f"{ministry.base}/closed/secret.html"]
    assert "/closed/secret.html" not in ministry.hits
    assert (summary["finished"], summary["stopped"], summary["new"]) == (True, "", 4)
    assert max(Counter(ministry.hits).values()) == 1

    documents = {document.url.removeprefix(ministry.base): document for document in home.documents()}
    assert set(documents) == {"/", "/news.html", "/notice.pdf", "/new.html"}
    notice = documents["/notice.pdf"]
    assert (notice.title, notice.linked_from) == ("notice.pdf を見る", f"{ministry.base}/")
    assert [part.role for part in notice.parts] == ["file"]

    catalogue = home.catalogue()
    captures = {path: catalogue.captures_of(f"{ministry.base}{path}") for path in ministry.hits}
    assert [len(found) for found in captures.values()] == [1] * len(captures)
    assert captures["/moved"][0].status == 302
    assert json.loads(captures["/notice.pdf"][0].headers) == {"x-robots-tag": "noai"}
    assert captures["/terms.html"][0].record_type == "response"


def test_warc_holds_decoded_bodies_and_where_the_link_stood(ministry: Any, home: Any) -> None:
    home.crawl()
    records = home.records()
    (news,) = [item for item in records if item.url.endswith("/news.html") and item.record_type == "response"]
    assert news.body == ministry.pages["/news.html"].body
    headers = dict(news.headers)
    assert headers["X-Crawl-Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in headers
    assert headers["Content-Length"] == str(len(news.body))
    (link,) = [item for item in records if item.url.endswith("/notice.pdf") and item.record_type == "metadata"]
    assert "anchor_text: notice.pdf を見る" in link.body.decode()
    assert not list((home.folder / "raw").rglob("*.open"))


def test_a_second_crawl_only_revisits_and_a_changed_page_is_a_new_version(ministry: Any, home: Any) -> None:
    first = home.crawl()["ministry"]
    before = {document.url: document for document in home.documents()}
    ministry.html("/news.html", "お知らせ", "<p>会議を延期しました。</p>")
    second = home.crawl()["ministry"]
    assert (second["new"], second["changed"], second["unchanged"]) == (0, 1, 3)
    assert second["captured"] == 1
    assert second["revisited"] == first["captured"] - 1
    assert ministry.headers[-1]["User-Agent"].startswith("Kobunko/")
    conditional = [headers for headers in ministry.headers if "If-None-Match" in headers]
    assert [headers["If-None-Match"] for headers in conditional] == ['"top-1"']

    versions = [document for document in home.documents() if document.url.endswith("/news.html")]
    assert len(versions) == 2
    assert {document.work_id for document in versions} == {before[versions[0].url].work_id}
    catalogue = home.catalogue()
    old, new = (catalogue.captures_of(f"{ministry.base}/")[n] for n in (1, 0))
    assert (new.record_type, new.status) == ("revisit", 304)
    assert (new.warc_file, new.warc_offset, new.sha256) == (old.warc_file, old.warc_offset, old.sha256)


def test_limit_stops_and_the_next_start_goes_on(ministry: Any, home: Any) -> None:
    first = home.crawl(limit=2)["ministry"]
    assert (first["new"], first["stopped"], first["finished"]) == (2, "limit", False)
    second = home.crawl()["ministry"]
    assert (second["resumed"], second["finished"], second["new"]) == (True, True, 2)
    assert len(home.documents()) == 4


def test_a_host_that_asks_to_wait_is_left_alone_until_the_next_start(ministry: Any, home: Any) -> None:
    ministry.put("/notice.pdf", b"", status=503, headers={"Retry-After": "3600"})
    first = home.crawl()["ministry"]
    assert (first["stopped"], first["finished"]) == ("http-503", False)
    assert ministry.hits[-1] == "/notice.pdf"
    assert ministry.hits.count("/notice.pdf") == 1
    ministry.put("/notice.pdf", b"%PDF-1.4 sample", "application/pdf")
    asked = len(ministry.hits)
    too_early = home.crawl()["ministry"]
    assert too_early["stopped"].startswith("http-503 (until ")
    assert len(ministry.hits) == asked
    home.an_hour_later()
    second = home.crawl()["ministry"]
    assert (second["finished"], second["resumed"]) == (True, True)
    assert "/" not in ministry.hits[asked:]
    assert len(home.documents()) == 4


def test_no_request_reaches_an_address_of_the_inside(ministry: Any, home: Any) -> None:
    port = ministry.base.rsplit(":", 1)[1]
    home.seed("ministry", "site", [f"http://127.0.0.1:{port}/", f"http://localhost:{port}/"])
    summary = home.crawl(PRIVATE_HOSTS="[]", RETRIES="0", CONTACT="mailto:a@mihon.example")["ministry"]
    assert ministry.hits == []
    assert {item["reason"].split(":")[1].strip() for item in summary["failures"]} == {"private-address"}
    assert len(summary["failures"]) == 2


def test_a_failed_write_stops_the_crawl_and_acknowledges_nothing(ministry: Any, home: Any) -> None:
    (home.folder / "raw").mkdir()
    (home.folder / "raw" / "ministry").write_text("in the way")
    process = home.start()
    process.join(60)
    assert process.exitcode == 1
    assert "FileExistsError" in home.stderr()
    catalogue = home.catalogue()
    assert catalogue.counts() == {"captures": 0, "documents": 0}


def test_seeds_of_the_project_load_and_start_somewhere() -> None:
    seeds = load_seeds()
    ministries = "cao soumu moj mofa mof mext mhlw maff meti mlit env mod digital reconstruction cas npa fsa caa cfa"
    others = (
        "egov_laws courts edinet ndl archives jacar kokkai data_portal estat ksj kanpo jplatpat mhlw_exams moj_exams"
    )
    assert set(f"{ministries} {others} ipa_exams jftc ppc nta jpo jma gsi kensatsu nisc".split()) <= set(seeds)
    assert len({"ipa", "aist_gsj", "jaxa", "naro", "nict", "nies"} & set(seeds)) >= 5
    for seed in seeds.values():
        assert bool(seed.crawl.start) == (seed.spider != "none")
        assert seed.enabled != bool(seed.reason)
        assert seed.crawl.delay_s >= 3
        assert not seed.licence.reviewed
    hosts = {urlsplit(url).hostname for seed in seeds.values() for url in seed.crawl.start}
    assert len(hosts) >= 40


def test_a_plan_of_every_seed_asks_its_own_hosts_and_nothing_is_asked(catalogue: Catalogue, tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    seeds = {source: seed for source, seed in load_seeds().items() if seed.crawl.start}
    plans = {source: plan(settings, catalogue, seed) for source, seed in seeds.items()}
    for source, shown in plans.items():
        seed = seeds[source]
        hosts = seed.hosts | {urlsplit(seed.licence.terms_url).netloc}
        assert {urlsplit(url).netloc for url in shown["requests"]} - {""} <= hosts
        assert len(shown["requests"]) > bool(seed.licence.terms_url)
    days = [url for url in plans["edinet"]["requests"] if "documents.json" in url]
    assert len(set(days)) == 7 + 15
    assert catalogue.counts() == {"captures": 0, "documents": 0}


@pytest.mark.parametrize("own", ["", "0.2"])
def test_a_host_is_asked_as_slowly_as_it_or_the_seed_says_for_it(web: Any, home: Any, own: str) -> None:
    delay = "" if own else "Crawl-delay: 0.2"
    web.put("/robots.txt", f"User-agent: *\n{delay}\n".encode(), "text/plain")
    web.html("/", "一覧", "".join(f'<a href="/{number}.html">{number}</a>' for number in range(5)))
    override = f'hosts = [{{ host = "127.0.0.1", delay_s = {own}, reason = "運用者にそう頼まれた。" }}]' if own else ""
    home.seed("slow", "site", [f"{web.base}/"], override)
    home.crawl()
    assert len(web.times) == 8
    assert web.times[-1] - web.times[0] > 7 * 0.2 - 0.1


def test_a_url_that_stopped_two_starts_is_failed_and_the_crawl_goes_on(ministry: Any, home: Any) -> None:
    ministry.put("/notice.pdf", b"", status=503, headers={"Retry-After": "3600"})
    assert home.crawl()["ministry"]["stopped"] == "http-503"
    home.an_hour_later()
    second = home.crawl()["ministry"]
    assert (second["finished"], second["failures"][-1]["reason"]) == (True, "http-503")
    assert len(home.documents()) == 3


def test_answers_over_the_limits_are_failures_with_a_name(web: Any, home: Any) -> None:
    paths = ("/big.pdf", "/bomb.html", "/br.html", "/zstd.html", "/slow.html")
    web.html("/", "入口", "".join(f'<a href="{path}">{path}</a>' for path in paths))
    web.put("/big.pdf", b"x" * 20_000)
    web.html("/bomb.html", "爆弾", "x" * 50_000, gzipped=True)
    for name, packed in (("br", brotli.compress(b"x" * 500_000)), ("zstd", wire.zstd.compress(b"x" * 500_000))):
        web.put(f"/{name}.html", packed, "text/html", headers={"Content-Encoding": name})
    web.html("/slow.html", "遅い")
    web.slow.add("/slow.html")
    home.seed("limits", "site", [f"{web.base}/"])
    summary = home.crawl(MAX_BYTES="10000", TIMEOUT_S="0.7", RETRIES="0")["limits"]
    reasons = {item["url"].removeprefix(web.base): item["reason"] for item in summary["failures"]}
    assert reasons == dict.fromkeys(paths[:4], "too-large") | {"/slow.html": "timeout"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spider": "none", "reason": "規約が禁じている"}, "規約が禁じている"),
        ({"crawl": {}}, "no start URL"),
        ({"crawl": {"start": ["https://x.example/"]}}, "set `contact`"),
        ({"crawl": {"start": ["https://x.example/"], "robots": {"policy": "published-api"}}}, "without a reason"),
    ],
)
def test_a_seed_that_must_not_be_crawled_is_refused(
    catalogue: Catalogue, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    values = {"source": "x", "title": "x", "publisher": "x", "homepage": "x", "spider": "site", "config": "x"}
    seed = Seed.model_validate(values | changes)
    with pytest.raises(UsageError, match=message):
        crawl(load_settings(tmp_path), catalogue, [seed], "run")
