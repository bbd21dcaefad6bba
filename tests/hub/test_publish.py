"""The way to the Hub when nothing goes wrong, in each way that large files can travel."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest_hub import REPO, is_whole, local, make_release, remote
from hubserver import File

from kobunko.errors import Corrupt, KobunkoError, UsageError
from kobunko.publish import checksums
from kobunko.publish.hub import preview, publish
from kobunko.publish.purge import plan_purge, purge
from kobunko.publish.result import PublishOptions


def test_a_release_arrives_whole_in_one_commit_with_its_tag(hub: Any, release: Path, tmp_path: Path) -> None:
    result = publish(release, REPO, tmp_path / "journals")
    assert remote(hub) == remote(hub, "2026.11.1") == local(release)
    assert [commit.title for commit in hub.repos[REPO].history("main")] == ["Release 2026.11.1", "initial commit"]
    assert result.revision == hub.repos[REPO].tags["2026.11.1"]
    assert (result.copied, result.skipped) == (6, 0)
    assert list((tmp_path / "journals").glob("*")) == []
    assert not [line for line, auth in hub.auth if line.startswith("CDN") and auth]

    hub.log.clear()
    again = publish(release, REPO, tmp_path / "journals")
    assert (again.copied, again.skipped, again.revision) == (0, 6, result.revision)
    assert hub.count("/commit/|PUT|preupload") == 0

    hub.log.clear()
    again = publish(release, REPO, tmp_path / "journals")
    assert (again.copied, again.skipped, again.revision) == (0, 6, result.revision)
    assert hub.count("/commit/|PUT|preupload") == 0


def test_the_next_release_sends_only_what_is_new_and_leaves_what_others_put_there(
    hub: Any, release: Path, tmp_path: Path
) -> None:
    publish(release, REPO, tmp_path / "journals")
    repo = hub.repos[REPO]
    head = repo.branches["main"]
    repo.branches["main"] = repo.add(head, "a note", repo.commits[head].files | {"NOTES.md": File(b"hello")}).id
    newer = make_release(tmp_path / "newer", "2026.11.2", shards=2)
    old, new = (next(folder.glob("data/laws/train-00000-*")) for folder in (release, newer))
    new.write_bytes(old.read_bytes())
    (newer / checksums.NAME).write_bytes(checksums.render(newer))
    changes = preview(newer, REPO)
    assert changes.delete == [f"data/laws/train-0000{n}-of-00003.parquet" for n in range(3)]
    assert changes.add == [f"data/laws/train-0000{n}-of-00002.parquet" for n in range(2)]
    assert set(changes.replace) == {"SHA256SUMS", "manifest.json"}
    assert changes.keep == ["README.md"]
    publish(newer, REPO, tmp_path / "journals")
    assert remote(hub).keys() == local(newer).keys() | {"NOTES.md"}
    assert is_whole(hub, release)


def test_a_foreign_shard_that_readers_would_load_is_named(lfs_hub: Any, release: Path, tmp_path: Path) -> None:
    publish(release, REPO, tmp_path / "journals")
    repo = lfs_hub.repos[REPO]
    head = repo.branches["main"]
    files = repo.commits[head].files | {"data/laws/extra.parquet": File(b"PAR1")}
    repo.branches["main"] = repo.add(head, "more", files).id
    newer = make_release(tmp_path / "newer", "2026.11.2")
    with pytest.raises(Corrupt, match=r"data/laws/extra.parquet is in .* and not in the release"):
        publish(newer, REPO, tmp_path / "journals")


def test_a_dry_run_changes_nothing(lfs_hub: Any, release: Path) -> None:
    changes = preview(release, REPO)
    assert (len(changes.add), changes.replace, changes.delete, changes.keep) == (6, [], [], [])
    assert changes.send_bytes == sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
    assert lfs_hub.repos == {}
    assert not [line for line in lfs_hub.log if not re.match(r"(CDN )?(GET|HEAD)", line)]


def test_private_and_gated(lfs_hub: Any, release: Path, tmp_path: Path) -> None:
    publish(release, REPO, tmp_path / "journals", PublishOptions(private=True, gated="manual"))
    assert lfs_hub.repos[REPO].private is True
    assert lfs_hub.repos[REPO].gated == "manual"
    first = next(line for line in lfs_hub.log if "settings" in line or "preupload" in line)
    assert "settings" in first  # before anything is sent


# Ends without the teardown of its libraries: their prefetching threads now and then abort a finished reader.
READ = """
import os, sys
from datasets import load_dataset
rows = list(load_dataset("loop/tides", "laws", revision=sys.argv[1], split="train", streaming=True))
print(len(rows), rows[0]["text"], flush=True)
os._exit(0)
"""


def test_datasets_streams_the_tag(hub: Any, release: Path, tmp_path: Path) -> None:
    publish(release, REPO, tmp_path / "journals")
    publish(make_release(tmp_path / "newer", "2026.11.2", shards=5), REPO, tmp_path / "journals")
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "reader")}
    done = subprocess.run([sys.executable, "-c", READ, "2026.11.1"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "120 2026.11.1の潮位はtides-0-0000であった。\n"


def test_purge_leaves_one_release_and_nothing_of_the_older_ones(lfs_hub: Any, release: Path, tmp_path: Path) -> None:
    publish(release, REPO, tmp_path / "journals")
    newer = make_release(tmp_path / "newer", "2026.11.2", shards=2)
    with pytest.raises(UsageError, match="publish it there first"):
        purge(newer, REPO, tmp_path / "journals")
    publish(newer, REPO, tmp_path / "journals")
    repo = lfs_hub.repos[REPO]
    repo.branches["draft"] = repo.tags["2026.11.1"]
    old = set(repo.commits)
    planned = plan_purge(newer, REPO, tmp_path / "journals")
    assert (planned.tags, planned.branches, set(planned.commits)) == (["2026.11.1"], ["draft"], old)
    assert len(planned.files) == 3
    assert set(repo.commits) == old
    assert purge(newer, REPO, tmp_path / "journals") == planned
    assert is_whole(lfs_hub, newer)
    assert (repo.tags.keys(), repo.branches.keys(), len(repo.commits)) == ({"2026.11.2"}, {"main"}, 1)
    assert len(lfs_hub.blobs) == 2
    assert publish(newer, REPO, tmp_path / "journals").copied == 0


def test_a_purge_that_leaves_an_old_commit_says_so(lfs_hub: Any, release: Path, tmp_path: Path) -> None:
    publish(release, REPO, tmp_path / "journals")
    lfs_hub.collects = False
    with pytest.raises(KobunkoError, match="can still be read"):
        purge(release, REPO, tmp_path / "journals")
    with pytest.raises(KobunkoError, match="can still be read"):
        purge(release, REPO, tmp_path / "journals")  # nor is it forgotten the next time
