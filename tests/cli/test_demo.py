"""The demo is the main job: a whole night over an invented government, and a second night in which nothing is new."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from commandline import Kobunko, command, environment, run

SOURCES = ["demo_courts", "demo_filings", "demo_laws", "demo_ministry"]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home after the first demo, and what it showed."""
    home = tmp_path_factory.mktemp("demo") / "home"
    done = run(command(home, "demo"), environment())
    assert done.code == 0, done.err
    return home, done.out + done.err


def rows(home: Path) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted((home / "published").rglob("data/*/*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def test_every_kind_of_document_arrives_in_the_release(night: tuple[Path, str]) -> None:
    found = rows(night[0])
    assert {row["source"] for row in found} == set(SOURCES)
    assert all(row["outcome"] == "ok" for row in found)
    methods = {(page["method"], page["writing"]) for row in found for page in row["pages"]}
    assert {("embedded", "horizontal"), ("embedded", "vertical"), ("ocr", "horizontal")} <= methods
    assert any(row["cluster_size"] and row["cluster_size"] > 1 for row in found)
    by_source = {source: {row["redistribute"] for row in found if row["source"] == source} for source in SOURCES}
    assert by_source["demo_laws"] == by_source["demo_courts"] == {"allow"}
    assert by_source["demo_ministry"] == {"allow+conditions"}
    assert by_source["demo_filings"] == {"metadata-only"}
    assert all((row["text"] is None) == (row["redistribute"] == "metadata-only") for row in found)


def test_the_last_screen_shows_report_chain_and_next_steps(night: tuple[Path, str]) -> None:
    for words in (
        "Run report",
        "http-404",
        "Provenance of one row",
        "ocr@",
        "licence: LicenseRef-JP-PDL-1.0",
        "make demo",
    ):
        assert words in night[1], words


def test_a_second_night_does_nothing_again_and_says_so(night: tuple[Path, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(night[0], home)
    before = sorted((home / "stages").rglob("*.parquet"))
    done = run(command(home, "demo", "--json"), environment())
    assert done.code == 0, done.err
    assert (done.json["release"], done.json["built"]) == ("demo-001", False)
    assert sorted((home / "stages").rglob("*.parquet")) == before
    report = json.loads(max((home / "reports").glob("*.json")).read_text())
    assert all(facts["new"] == facts["changed"] == 0 for facts in report["crawl"].values())
    assert all(facts["documents"] == 0 for facts in report["stages"].values())


def captures_of(home: Path) -> set[tuple[Any, ...]]:
    told = "capture_id, source, url, record_type, status, media_type, sha256, size, fetched_at, warc_file, warc_offset"
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        return {*connection.execute(f"SELECT {told}, linked_from, anchor_text, headers FROM captures")}


def test_a_rebuilt_catalogue_knows_every_answer_as_the_crawl_did(
    night: tuple[Path, str], home: Path, kobunko: Kobunko
) -> None:
    for name in ("raw", "releases"):
        shutil.copytree(night[0] / name, home / name)
    found = kobunko("rebuild", "--json").json
    assert captures_of(home) == captures_of(night[0])
    assert found["documents"] == len(rows(night[0]))


def test_a_replay_of_the_archive_gives_the_same_documents(
    night: tuple[Path, str], home: Path, kobunko: Kobunko
) -> None:
    home.mkdir()
    shutil.copy(night[0] / "kobunko.toml", home)
    archives = [path for source in SOURCES for path in sorted((night[0] / "raw" / source).glob("*.warc.gz"))]
    found = kobunko("crawl", *SOURCES, "--json", "--replay", *archives).json
    assert found["broken"] == []
    first, again = (kobunko("status", "--json", at=place).json["by_source"] for place in (night[0], home))
    assert {s: facts["documents"] for s, facts in again.items()} == {
        s: facts["documents"] for s, facts in first.items()
    }
    for row in rows(night[0])[::5]:
        assert kobunko("lookup", row["id"], "--json").json["documents"][0]["parts"][0]["sha256"] == row["raw_sha256"][0]


def test_a_request_that_is_not_in_the_archive_is_a_named_failure(
    night: tuple[Path, str], home: Path, kobunko: Kobunko
) -> None:
    home.mkdir()
    shutil.copy(night[0] / "kobunko.toml", home)
    archive = next((night[0] / "raw" / "demo_laws").glob("*.warc.gz"))
    done = kobunko("crawl", "demo_ministry", "--replay", archive, "--json", code=3).json
    assert {item["reason"] for item in done["crawl"]["demo_ministry"]["failures"]} == {"not-in-replay"}
    assert any("min_documents" in line for line in done["broken"])
