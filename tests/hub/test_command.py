"""`kobunko publish` and `kobunko purge` as people use them, against a Hub on loopback."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from commandline import Result, command, environment, run
from conftest_hub import REPO
from hubserver import TOKEN

TO = f"hf://datasets/{REPO}"


@pytest.fixture
def kobunko(tmp_path: Path, lfs_hub: Any) -> Any:
    """Runs a command in a home that holds a document with all its stages, each command in a process of its own."""
    page = tmp_path / "page.html"
    page.write_text(
        "<html lang=ja><title>告示</title><p>観測所を置く。潮位を毎時記載する。</p></html>", encoding="utf-8"
    )
    entry = {"path": str(page), "source": "tides", "url": "https://www.tides.example/1"}
    (tmp_path / "list.jsonl").write_text(json.dumps(entry))

    def call(*arguments: str, code: int = 0) -> Result:
        settings = environment(HF_HUB_DISABLE_XET="1", KOBUNKO__RUN__ENGINE="inline")
        done = run(command(tmp_path / "home", *arguments), settings)
        assert done.code == code, done.err
        assert TOKEN not in done.out + done.err
        return done

    call("import", str(tmp_path / "list.jsonl"))
    call("run")
    call("release", "build", "1", "--profile", "internal")
    return call


def test_from_dry_run_to_purge(kobunko: Any, lfs_hub: Any, tmp_path: Path) -> None:
    changes = kobunko("publish", "1", "--to", TO, "--dry-run", "--json").json
    assert changes["files"] == len(changes["add"]) > 8
    assert lfs_hub.repos == {}

    lfs_hub.fault("/tag/", 403, times=9)
    failed = kobunko("publish", "1", "--to", TO, code=1)
    assert "Set HF_TOKEN" in failed.err
    assert published(kobunko) == {"1": []}
    lfs_hub.faults.clear()
    told = kobunko("publish", "1", "--to", TO, "--private", "--json").json
    assert told["revision"] == lfs_hub.repos[REPO].tags["1"]
    assert lfs_hub.repos[REPO].private
    assert published(kobunko) == {"1": [TO]}
    assert list((tmp_path / "home" / "publishing").iterdir()) == []

    kobunko("release", "build", "2", "--profile", "internal")
    difference = kobunko("release", "diff", "1", "2", "--json").json
    assert (difference["added"], difference["changed"], difference["removed"]) == ([], [], [])
    kobunko("publish", "2", "--to", TO)
    old = set(lfs_hub.repos[REPO].commits)
    kobunko("purge", "2", "--to", TO, code=1)  # nobody answered the question
    assert set(lfs_hub.repos[REPO].commits) == old
    kobunko("purge", "2", "--to", TO, "--yes")
    assert list(lfs_hub.repos[REPO].tags) == ["2"]
    assert not old & set(lfs_hub.repos[REPO].commits)
    assert published(kobunko) == {"1": [], "2": [TO]}


@pytest.mark.slow
def test_what_a_removal_lists_for_the_hub_erases_it_there(kobunko: Any, lfs_hub: Any, tmp_path: Path) -> None:
    """The commands are run as `kobunko remove purge` prints them, with a new version for NEW."""
    other = tmp_path / "other.txt"
    other.write_text("別の告示である。観測所は三つとする。\n", encoding="utf-8")
    kobunko("import", str(other), "--source", "tides", "--url", "https://www.tides.example/2")
    kobunko("run")
    kobunko("release", "build", "2", "--profile", "internal")
    for version in ("1", "2"):
        kobunko("publish", version, "--to", TO)
    assert any("潮位を毎時記載する" in words for words in stored(lfs_hub))
    kobunko("remove", "add", "https://www.tides.example/1", "--reason", "rights-holder")
    purged = json.loads(kobunko("remove", "purge", "--json").out)
    assert sorted(purged["releases"]) == ["1", "2"]
    assert {entry["destination"] for entry in purged["elsewhere"]} == {TO}
    for line in purged["elsewhere"][0]["commands"]:
        for told in line.split(" && "):
            program, *arguments = told.replace("NEW", "3").split()
            assert program == "kobunko"
            profile = ["--profile", "internal"] if arguments[0] == "release" else []
            kobunko(*arguments, *profile, *(["--yes"] if arguments[0] == "purge" else []))
    assert list(lfs_hub.repos[REPO].tags) == ["3"]
    left = list(stored(lfs_hub))
    assert any("別の告示である" in words for words in left)
    assert not any("潮位を毎時記載する" in words for words in left)
    assert json.loads(kobunko("remove", "purge", "--json").out)["elsewhere"] == []


def stored(hub: Any) -> Iterator[str]:
    """Everything that the Hub still gives out, as text."""
    for commit in hub.repos[REPO].commits.values():
        for path, file in commit.files.items():
            data = (hub.blob(file.sha256) if file.sha256 else file.data) or b""
            if path.endswith(".parquet") and data:
                yield str(pq.read_table(io.BytesIO(data)).to_pylist())
            else:
                yield data.decode("utf-8", errors="replace")


def published(kobunko: Any) -> dict[str, list[str]]:
    return {row["version"]: row["published_to"] for row in kobunko("release", "list", "--json").json}
