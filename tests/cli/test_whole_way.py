"""From files to a published dataset and back, through the real command line."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from authored import page, pdf, write_list
from commandline import Kobunko, command, environment


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which authored documents were imported and run; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("prepared")
    listed = write_list(folder / "files")
    for arguments in (["import", listed], ["run"]):
        subprocess.run(
            command(folder / "home", *arguments), check=True, timeout=300, env=environment(), capture_output=True
        )
    return folder / "home"


@pytest.fixture
def copied(prepared: Path, home: Path) -> Path:
    shutil.copytree(prepared, home)
    return home


def test_every_document_ends_with_an_outcome(copied: Path, kobunko: Kobunko) -> None:
    found = kobunko("status", "--json").json
    assert found["documents"] == found["captures"] == 11
    laws = found["by_source"]["egov_laws"]
    assert laws["documents"] == 2
    assert laws["outcomes"]["extract"] == {"ok": 1, "reject:malformed-xml": 1}
    others = found["by_source"]["kurashi"]["outcomes"]["extract"]
    assert others == {"ok": 7, "reject:empty-file": 1, "reject:unsupported-format": 1}
    assert found["by_source"]["kurashi"]["outcomes"]["text"] == {"ok": 7}
    assert found["by_source"]["kurashi"]["outcomes"]["licence"] == {"ok": 9}
    assert {run["state"] for run in found["runs"]} == {"done"}


def test_a_second_import_and_run_have_nothing_to_do(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    again = kobunko("import", write_list(tmp_path / "files"), "--json").json
    assert (again["new"], again["unchanged"]) == (0, 11)
    done = kobunko("run", "--json").json
    assert {name: facts["documents"] for name, facts in done["stages"].items()} == dict.fromkeys(done["stages"], 0)


def test_a_new_document_is_the_only_one_that_is_done(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    (tmp_path / "new.html").write_bytes(page(99))
    kobunko("import", tmp_path / "new.html", "--source", "kurashi", "--url", "https://www.kurashi.demo.example/99")
    done = kobunko("run", "--json").json
    assert done["stages"]["extract"]["documents"] == 1
    assert done["stages"]["text"]["outcomes"] == {"ok": 1}


def test_an_imported_judgment_is_known_by_its_url_and_open_by_statute(kobunko: Kobunko, tmp_path: Path) -> None:
    path = tmp_path / "judgment.pdf"
    path.write_bytes(pdf(["主文", "本件控訴を棄却する。"]))
    url = "https://www.courts.go.jp/assets/hanrei/hanrei-pdf-999999.pdf"
    kobunko("import", path, "--source", "courts", "--url", url)
    kobunko("run", "--stage", "licence")
    found = kobunko("lookup", url, "--json").json["documents"][0]
    assert found["parts"][0]["role"] == "judgment"
    assert (found["licence"]["evidence_level"], found["licence"]["redistribute"]) == ("E3", "allow")


def test_lookup_leads_back_to_the_bytes_by_every_name(copied: Path, kobunko: Kobunko) -> None:
    url = "https://www.kurashi.demo.example/notice.pdf"
    (by_url,) = kobunko("lookup", url, "--json").json["documents"]
    part = by_url["parts"][0]
    assert part["intact"]
    assert part["warc_file"].startswith("kurashi/")
    assert [stage["outcome"] for stage in by_url["stages"]] == ["ok"] * 7
    assert by_url["licence"]["redistribute"] == "metadata-only"
    for name in (by_url["doc_id"], part["sha256"]):
        assert kobunko("lookup", name, "--json").json["documents"] == [by_url]
    assert "metadata-only" in kobunko("lookup", url).out
    assert "status" in kobunko("lookup", "https://nowhere.example/", code=1).err


def test_lookup_says_when_the_bytes_are_damaged(copied: Path, kobunko: Kobunko) -> None:
    url = "https://www.kurashi.demo.example/notice.pdf"
    part = kobunko("lookup", url, "--json").json["documents"][0]["parts"][0]
    path = copied / "raw" / part["warc_file"]
    data = bytearray(path.read_bytes())
    middle = part["warc_offset"] + 400
    data[middle : middle + 8] = bytes(8)
    path.write_bytes(data)
    assert kobunko("lookup", url, "--json").json["documents"][0]["parts"][0]["intact"] is False


def test_a_release_has_the_same_bytes_again_and_in_another_place(
    copied: Path, kobunko: Kobunko, tmp_path: Path
) -> None:
    kobunko("release", "build", "r1", "--profile", "internal")
    first = digests(copied / "releases" / "r1")
    assert any(name.endswith(".parquet") for name in first)
    elsewhere = tmp_path / "moved" / "deep"
    shutil.copytree(copied, elsewhere, ignore=shutil.ignore_patterns("releases"))
    kobunko("release", "build", "r1", "--profile", "internal", at=elsewhere)
    assert digests(elsewhere / "releases" / "r1") == first
    shutil.rmtree(copied / "releases")
    kobunko("release", "build", "r1", "--profile", "internal")
    assert digests(copied / "releases" / "r1") == first
    for path in (copied / "releases").rglob("*"):
        assert not path.is_file() or str(tmp_path).encode() not in path.read_bytes()


def test_a_release_is_verified_published_and_found_by_lookup(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    kobunko("release", "build", "r1", "--profile", "internal")
    assert kobunko("release", "verify", "r1", "--json").json["problems"] == []
    target = tmp_path / "hub"
    kobunko("publish", "r1", "--to", target)
    assert (target / "LATEST").read_text() == "r1\n"
    tables = [pq.read_table(path) for path in sorted((target / "r1" / "data").rglob("*.parquet"))]
    assert sum(table.num_rows for table in tables) == 11
    texts = [text for table in tables for text in table["text"].to_pylist() if text]
    assert any("横断歩道の見守りに関する法律" in text for text in texts)
    chain = kobunko("lookup", "https://www.kurashi.demo.example/notice.pdf", "--json").json["documents"][0]
    assert chain["releases"] == ["r1"]
    (listed,) = kobunko("release", "list", "--json").json
    assert listed["verified"]
    assert listed["published_to"] == [str(target)]


def test_a_damaged_release_is_not_published(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    kobunko("release", "build", "r1", "--profile", "internal")
    shard = next((copied / "releases" / "r1" / "data").rglob("*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert kobunko("release", "verify", "r1", code=3).err
    assert "not fit to publish" in kobunko("publish", "r1", "--to", tmp_path / "hub", code=1).err
    assert not (tmp_path / "hub").exists()


def test_kill_9_in_the_middle_of_a_run_changes_nothing_in_the_end(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    kobunko("import", write_list(tmp_path / "files", pages=24))
    twin = tmp_path / "twin"
    shutil.copytree(home, twin)
    env = environment(KOBUNKO__RUN__WORKERS="1", KOBUNKO__RUN__FLUSH_ROWS="1")
    kills = 0
    while kills < 2:
        parts_before = len(list((home / "stages").rglob("part-*.parquet")))
        process = subprocess.Popen(
            command(home, "run"), env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and len(list((home / "stages").rglob("part-*.parquet"))) < parts_before + 4:
            time.sleep(0.02)
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills, "the run was over before it could be killed"
    kobunko("run", at=home)
    kobunko("run", at=twin)
    counts = [kobunko("status", "--json", at=place).json["by_source"] for place in (home, twin)]
    assert counts[0] == counts[1]
    states = [run["state"] for run in kobunko("status", "--json").json["runs"]]
    assert states.count("interrupted") == kills
    for stage in (home / "stages").iterdir():
        keys = [key for path in stage.glob("part-*.parquet") for key in pq.read_table(path)["doc_id"].to_pylist()]
        assert len(keys) == len(set(keys)), f"{stage.name} did a document twice"
    for place in (home, twin):
        kobunko("release", "build", "r1", "--profile", "internal", at=place)
    assert digests(home / "releases" / "r1") == digests(twin / "releases" / "r1")


def test_a_request_to_stop_ends_the_run_cleanly(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    kobunko("import", write_list(tmp_path / "files", pages=12))
    env = environment(KOBUNKO__RUN__WORKERS="1", KOBUNKO__RUN__FLUSH_ROWS="1")
    process = subprocess.Popen(command(home, "run"), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None and not list((home / "stages").rglob("part-*.parquet")):
        time.sleep(0.02)
    process.terminate()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "goes on from there" in told.decode()
    assert kobunko("status", "--json").json["runs"][0]["state"] == "interrupted"
    done = kobunko("run", "--json").json["stages"]["extract"]
    assert done["already"] >= 1
    assert done["already"] + done["documents"] == 17


def test_a_retry_does_only_what_was_asked_for(copied: Path, kobunko: Kobunko) -> None:
    done = kobunko("retry", "--outcome", "reject:malformed-xml", "--json").json
    assert done["stages"]["extract"]["outcomes"] == {"reject:malformed-xml": 1}


def test_extract_prints_one_document(kobunko: Kobunko, tmp_path: Path) -> None:
    path = tmp_path / "見守り.pdf"
    path.write_bytes(pdf(["見守り実施要領", "第一 目的", "この要領は、児童の通行の安全を確保することを目的とする。"]))
    found = kobunko("extract", path, "--json").json
    assert set(found) == {"text", "title", "pages", "outcome", "detail", "stage"}
    assert found["outcome"] == "ok"
    assert "児童の通行の安全を確保" in found["text"]
    assert set(found["pages"][0]) == {"number", "text", "method", "reason", "confidence", "writing"}
    assert found["pages"][0]["method"] == "embedded"
    assert "見守り実施要領" in kobunko("extract", path).out
    path.write_bytes(b"%PDF-1.7 nothing follows")
    broken = kobunko("extract", path, "--json", code=1).json
    assert broken["outcome"].startswith(("reject:", "error:"))
    assert broken["text"] == ""


def test_wrong_use_is_told_apart_from_failure(kobunko: Kobunko, tmp_path: Path) -> None:
    assert "no stage" in kobunko("run", "--stage", "polish", code=2).err
    (tmp_path / "a.txt").write_text("見守り")
    assert "cannot be a source" in kobunko("import", tmp_path, "--source", "Atlantis!", code=2).err
    assert "does not exist" in kobunko("import", tmp_path / "nowhere.jsonl", code=2).err
    assert "no seed" in kobunko("crawl", "atlantis", code=2).err
    assert "release build" in kobunko("release", "verify", "r9", code=1).err
    (tmp_path / "bad.jsonl").write_text('{"source": "kurashi"}\n')
    assert "bad.jsonl:1" in kobunko("import", tmp_path / "bad.jsonl", code=2).err


def test_too_many_errors_end_with_exit_code_3(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    kobunko("import", write_list(tmp_path / "files"))
    done = kobunko("run", "--json", code=3, KOBUNKO__RUN__QUARANTINE_SHARE="-1")
    assert done.json["broken"]
    assert done.json["stages"]["text"]["outcomes"]


def test_doctor_finds_this_machine_fit(kobunko: Kobunko) -> None:
    found = kobunko("doctor", "--json", KOBUNKO__RUN__FREE_GB="0").json
    assert all(check["ok"] for check in found["checks"])
    named = {"paddleocr", "pymupdf", "catalogue", "permissions", "disk", "clock", "gpu"}
    assert named <= {check["name"] for check in found["checks"]}


NOBODY = "postgresql+psycopg://kobunko:himitsu@127.0.0.1:1/kobunko"


def test_doctor_names_what_is_broken(kobunko: Kobunko, home: Path, tmp_path: Path) -> None:
    kobunko("status")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "odd.toml").write_text("source = 1\n")
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute(
            "INSERT INTO runs (run_id, kind, subject, started_at, state, summary)"
            " VALUES ('a', 'crawl', '', '2999-01-01 00:00:00', 'done', '{}')"
        )
    broken = kobunko(
        "doctor", "--json", code=1, KOBUNKO__SEEDS=str(tmp_path / "seeds"), KOBUNKO__RUN__FREE_GB="1e9"
    ).json
    assert {check["name"] for check in broken["checks"] if not check["ok"]} == {"seeds", "clock", "disk"}
    away = kobunko("doctor", "--json", code=1, KOBUNKO__CATALOGUE=NOBODY)
    assert [check["name"] for check in away.json["checks"] if not check["ok"]] == ["home"]
    assert "himitsu" not in away.out + away.err


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"KOBUNKO__CATALOGUE": NOBODY}, 1),
        ({"KOBUNKO__CATALOGUE": "postgres://kobunko:himitsu@database/x"}, 2),
        ({"KOBUNKO__RUN__ENGINE": "ray", "KOBUNKO__RUN__ADDRESS": "127.0.0.1:1"}, 1),
        ({"KOBUNKO__RUN__ENGINE": "ray", "KOBUNKO__RUN__ADDRESS": "nowhere"}, 2),
    ],
)
def test_what_is_not_there_is_said_in_one_line(kobunko: Kobunko, settings: dict[str, str], code: int) -> None:
    result = kobunko("run", code=code, **settings)
    assert result.err.startswith("kobunko: ")
    assert "Traceback" not in result.err
    assert "himitsu" not in result.err
