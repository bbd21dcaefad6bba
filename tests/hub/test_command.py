"""`kobunko publish` and `kobunko purge` as people use them, against a Hub on loopback."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest_hub import REPO
from hubserver import TOKEN

TO = f"hf://datasets/{REPO}"


@pytest.fixture
def kobunko(tmp_path: Path, lfs_hub: Any) -> Any:
    """Runs a command in a home that holds two documents with all their stages; returns exit code, output, messages."""
    page = tmp_path / "page.html"
    page.write_text(
        "<html lang=ja><title>告示</title><p>観測所を置く。潮位を毎時記載する。</p></html>", encoding="utf-8"
    )
    entry = {"path": str(page), "source": "tides", "url": "https://www.tides.example/1"}
    (tmp_path / "list.jsonl").write_text(json.dumps(entry))
    environment = {**os.environ, "HF_HUB_DISABLE_XET": "1", "KOBUNKO__RUN__ENGINE": "inline"}
    environment["KOBUNKO_HOME"] = str(tmp_path / "home")

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kobunko", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done

    run("import", str(tmp_path / "list.jsonl"))
    run("run")
    run("release", "build", "1", "--profile", "internal")
    return run


def test_from_dry_run_to_purge(kobunko: Any, lfs_hub: Any, tmp_path: Path) -> None:
    changes = json.loads(kobunko("publish", "1", "--to", TO, "--dry-run", "--json").stdout)
    assert changes["files"] == len(changes["add"]) > 8
    assert lfs_hub.repos == {}

    lfs_hub.fault("/tag/", 403, times=9)
    failed = kobunko("publish", "1", "--to", TO, code=1)
    assert "Set HF_TOKEN" in failed.stderr
    assert published(kobunko) == {"1": []}
    lfs_hub.faults.clear()
    told = json.loads(kobunko("publish", "1", "--to", TO, "--private", "--json").stdout)
    assert told["revision"] == lfs_hub.repos[REPO].tags["1"]
    assert lfs_hub.repos[REPO].private
    assert published(kobunko) == {"1": [TO]}
    assert list((tmp_path / "home" / "publishing").iterdir()) == []

    kobunko("release", "build", "2", "--profile", "internal")
    difference = json.loads(kobunko("release", "diff", "1", "2", "--json").stdout)
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
    purged = json.loads(kobunko("remove", "purge", "--json").stdout)
    assert sorted(purged["releases"]) == ["1", "2"]
    assert {entry["destination"] for entry in purged["elsewhere"]} == {TO}
    for line in purged["elsewhere"][0]["commands"]:
        for command in line.split(" && "):
            program, *arguments = command.replace("NEW", "3").split()
            assert program == "kobunko"
            profile = ["--profile", "internal"] if arguments[0] == "release" else []
            kobunko(*arguments, *profile, *(["--yes"] if arguments[0] == "purge" else []))
    assert list(lfs_hub.repos[REPO].tags) == ["3"]
    left = list(stored(lfs_hub))
    assert any("別の告示である" in words for words in left)
    assert not any("潮位を毎時記載する" in words for words in left)
    assert json.loads(kobunko("remove", "purge", "--json").stdout)["elsewhere"] == []


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
    return {row["version"]: row["published_to"] for row in json.loads(kobunko("release", "list", "--json").stdout)}
