"""Faults 1–25 of publishing: what is injected, and what must come of it. docs/faults-hub.md is the table of them."""

import io
import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest_hub import CARD, REPO, is_whole, make_release, release_commits
from hubserver import TOKEN, File

from kobunko.errors import Corrupt, KobunkoError, UsageError
from kobunko.publish.hub import publish
from kobunko.publish.purge import purge
from kobunko.publish.result import PublishOptions

ROOT = Path(__file__).parents[2]
TAG = "2026.11.1"


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client wanted to wait; it waits a hundredth of them."""
    wanted: list[float] = []
    sleep = time.sleep

    def short(seconds: float) -> None:
        wanted.append(seconds)
        sleep(min(seconds / 100, 0.05))

    monkeypatch.setattr(time, "sleep", short)
    return wanted


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journals"


def test_01_preupload_503_twice(lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault("preupload", 503, times=2)
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)


def test_02_preupload_503_for_long_leaves_it_unpublished_and_the_next_run_goes_on(
    lfs_hub: Any, release: Path, journals: Path
) -> None:
    lfs_hub.fault("preupload", 503, times=60)
    with pytest.raises(KobunkoError, match="The same command goes on from here"):
        publish(release, REPO, journals)
    assert lfs_hub.repos[REPO].tags == {}
    lfs_hub.faults.clear()
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)


@pytest.mark.parametrize("call", ["preupload", "/commit/main", "/tag/"])
def test_03_429_waits_as_long_as_it_is_told(
    call: str, lfs_hub: Any, release: Path, journals: Path, naps: list[float]
) -> None:
    lfs_hub.fault(call, 429, headers={"Retry-After": "37"})
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)
    assert max(naps) in (37, 38)
    assert len(release_commits(lfs_hub)) == 1


@pytest.mark.parametrize("how", ["cut", "drop", 500])
def test_04_an_upload_that_is_cut_is_sent_again(how: Any, lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault("CDN PUT", how, times=2)
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)


@pytest.mark.parametrize("call", [r"CDN PUT .*part=2", "CDN POST"])
def test_05_a_lost_part_is_sent_again(call: str, multipart_hub: Any, release: Path, journals: Path) -> None:
    multipart_hub.fault(call, 503)
    publish(release, REPO, journals)
    assert is_whole(multipart_hub, release)


@pytest.mark.parametrize("how", [500, 503, "drop"])
def test_06_a_commit_that_failed_is_made_once(how: Any, lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault("/commit/", how, times=2)
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)
    assert len(release_commits(lfs_hub)) == 1


def test_07_a_commit_whose_answer_is_lost_is_recognised(hub: Any, release: Path, journals: Path) -> None:
    hub.fault("/commit/", "lost")
    result = publish(release, REPO, journals)
    assert hub.count("POST .*/commit/") == 1
    assert hub.repos[REPO].tags == {TAG: result.revision}
    assert is_whole(hub, release)


def test_07_also_when_somebody_commits_right_after(lfs_hub: Any, release: Path, journals: Path) -> None:
    commit_of_others(lfs_hub, after="/commit/")
    lfs_hub.fault("/commit/", "lost")
    publish(release, REPO, journals)
    assert [commit.title for commit in lfs_hub.repos[REPO].history("main")][:2] == ["a note", f"Release {TAG}"]
    assert is_whole(lfs_hub, release)


def test_08_a_commit_that_lands_after_the_time_out(lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault("/commit/", "late", seconds=1.2)
    publish(release, REPO, journals, PublishOptions(timeout_s=0.6))
    threading.Event().wait(1.5)
    assert len(release_commits(lfs_hub)) == 1
    assert is_whole(lfs_hub, release)


CALLS = [
    "validate-yaml",
    "repos/create",
    r"GET /api/datasets/[^/]+/[^/]+/revision",
    "/refs",
    "/tree/",
    "preupload",
    "objects/batch",
    "CDN PUT",
    "/verify",
    "/commit/",
    "/commits/",
    "/tag/",
    "HEAD .*/resolve/",
    "CDN GET",
]


@pytest.mark.parametrize("call", CALLS)
def test_09_no_call_hangs_for_ever(call: str, lfs_hub: Any, release: Path, journals: Path) -> None:
    """With a time-out of a fifth of a second: the call is given up, and what is safe is asked again."""
    lfs_hub.fault(call, "hang", seconds=30)
    began = time.monotonic()
    try:
        publish(release, REPO, journals, PublishOptions(timeout_s=0.3))
    except KobunkoError:
        publish(release, REPO, journals, PublishOptions(timeout_s=10))
    assert time.monotonic() - began < 20
    assert len(release_commits(lfs_hub)) == 1
    assert is_whole(lfs_hub, release)


def commit_of_others(hub: Any, *, after: str = "", path: str = "NOTES.md", parent: str = "") -> None:
    """Somebody else commits to the repository: now, or right before the answer to a request."""

    def commit() -> None:
        repo = hub.repos[REPO]
        head = repo.branches["main"]
        files = repo.commits[head].files | {path: File(b"of somebody else")}
        repo.branches["main"] = repo.add(head, "a note", files).id

    if after:
        hub.after.append((after, commit))
    else:
        commit()


def test_10_another_writer_between_plan_and_commit(lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.before.append(("POST .*/commit/", lambda: commit_of_others(lfs_hub)))
    publish(release, REPO, journals)
    assert lfs_hub.count("POST .*/commit/") == 2  # the first one was refused with 412
    assert lfs_hub.repos[REPO].commits[lfs_hub.repos[REPO].branches["main"]].files["NOTES.md"].data
    assert is_whole(lfs_hub, release, others={"NOTES.md"})
    assert lfs_hub.count("CDN PUT") == 3


def test_11_two_publishers_make_one_release(lfs_hub: Any, release: Path, tmp_path: Path) -> None:
    publish(make_release(tmp_path / "older", "2026.10.1"), REPO, tmp_path / "journals")
    both = [started(lfs_hub, "publish", release, tmp_path / str(number)) for number in range(2)]
    told = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert len(release_commits(lfs_hub)) == 1
    assert is_whole(lfs_hub, release)


def started(hub: Any, verb: str, release: Path, journals: Path, **more: str) -> subprocess.Popen[str]:
    """Publishing or purging in a process of its own."""
    script = str(Path(__file__).parent / "publish_process.py")
    command = [sys.executable, script, verb, str(release), REPO, str(journals)]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", **more}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("call", ["preupload", "CDN PUT", "/commit/", "/tag/"])
def test_12_a_revoked_token_stops_at_once(call: str, status: int, lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault(call, status, times=99)
    with pytest.raises(KobunkoError, match=r"does not accept the token.*Set HF_TOKEN"):
        publish(release, REPO, journals)
    assert lfs_hub.count(call) <= 3  # each of the three shards travels by itself
    lfs_hub.faults.clear()
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)


KILLS = [
    ("repos/create", "kill"),
    ("repos/create", "kill-after"),
    ("preupload", "kill"),
    ("CDN PUT", "kill-after"),
    ("/commit/", "kill"),
    ("/commit/", "kill-after"),
    ("/tag/", "kill"),
    ("/tag/", "kill-after"),
    ("HEAD .*resolve", "kill"),
]


@pytest.mark.parametrize(("call", "how"), KILLS)
def test_13_kill_9_at_every_step(call: str, how: str, lfs_hub: Any, release: Path, journals: Path) -> None:
    killed_once(lfs_hub, call, how, release, journals)
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)
    assert len(release_commits(lfs_hub)) == 1
    sent = Counter(line for line in lfs_hub.log if "CDN PUT" in line)
    assert sent.total() <= 3 + (call == "CDN PUT")
    assert list(journals.glob("*.json")) == []


@pytest.mark.parametrize(("call", "how"), [("/commit/", "kill"), ("/commit/", "kill-after")])
def test_13_with_xet_no_uploaded_file_is_sent_again(
    call: str, how: str, xet_hub: Any, release: Path, journals: Path
) -> None:
    killed_once(xet_hub, call, how, release, journals, HF_HUB_DISABLE_XET="0")
    assert xet_hub.count("xet-write-token") > 0
    xet_hub.log.clear()
    publish(release, REPO, journals)
    assert xet_hub.count("xet-write-token") == 0
    assert is_whole(xet_hub, release)
    assert len(release_commits(xet_hub)) == 1


def killed_once(
    hub: Any, call: str, how: str, release: Path, journals: Path, verb: str = "publish", **more: str
) -> None:
    hub.fault(call, how)
    process = started(hub, verb, release, journals, **more)
    hub.faults[-1].pid = process.pid
    _, told = process.communicate(timeout=300)
    assert process.returncode == -9, told


def test_14_a_tag_that_names_other_content_is_never_moved(
    lfs_hub: Any, release: Path, journals: Path, tmp_path: Path
) -> None:
    publish(release, REPO, journals)
    before = dict(lfs_hub.repos[REPO].tags)
    other = make_release(tmp_path / "other", TAG, rows=41)
    lfs_hub.log.clear()
    with pytest.raises(UsageError, match="publish this one as a new version"):
        publish(other, REPO, journals)
    assert lfs_hub.repos[REPO].tags == before
    assert lfs_hub.count("PUT|/commit/|preupload") == 0
    assert is_whole(lfs_hub, release)


def test_14_also_when_it_appears_at_the_last_moment(lfs_hub: Any, release: Path, journals: Path) -> None:
    def tag() -> None:
        repo = lfs_hub.repos[REPO]
        repo.tags[TAG] = repo.history("main")[-1].id

    lfs_hub.before.append(("POST .*/tag/", tag))
    with pytest.raises(UsageError, match="names another commit"):
        publish(release, REPO, journals)


def test_15_a_wrong_hash_on_the_hub_is_found(lfs_hub: Any, release: Path, journals: Path) -> None:
    publish(release, REPO, journals)
    swap(lfs_hub, lambda data: b"x" + data[1:])
    with pytest.raises(Corrupt, match="not marked as published"):
        publish(release, REPO, journals)


def test_16_a_stale_cache_does_not_pass_for_the_release(lfs_hub: Any, release: Path, journals: Path) -> None:
    """The user's cache holds the good file; the Hub answers HEAD with 503, for which the client returns the cache."""
    publish(release, REPO, journals)
    lfs_hub.fault("HEAD .*/resolve/", 503, times=999)
    with pytest.raises(KobunkoError, match="503"):
        publish(release, REPO, journals)


def test_17_a_flipped_bit_on_the_way_back_is_found(lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault("CDN GET", "flip")
    with pytest.raises(Corrupt, match="not marked as published"):
        publish(release, REPO, journals)
    publish(release, REPO, journals)
    assert lfs_hub.count("POST .*/commit/") == 1


def test_18_a_pointer_without_its_bytes_is_found(lfs_hub: Any, release: Path, journals: Path) -> None:
    publish(release, REPO, journals)
    lfs_hub.blobs.clear()
    with pytest.raises(KobunkoError, match=r"reading data/laws/.* back"):
        publish(release, REPO, journals)


@pytest.mark.parametrize("call", ["/commit/", "objects/batch"])
def test_19_over_quota_stops_clearly(call: str, lfs_hub: Any, release: Path, journals: Path) -> None:
    lfs_hub.fault(call, 413, times=99)
    with pytest.raises(KobunkoError, match="too large for the Hub or over its quota"):
        publish(release, REPO, journals)
    assert lfs_hub.repos[REPO].tags == {}
    assert lfs_hub.count(call) == 1


def test_20_a_bad_card_is_found_before_anything_is_sent(lfs_hub: Any, tmp_path: Path, journals: Path) -> None:
    bad = make_release(tmp_path / "bad", card=CARD.replace("license: other\n", ""))
    with pytest.raises(UsageError, match='"license" is required'):
        publish(bad, REPO, journals)
    assert lfs_hub.repos == {}
    assert lfs_hub.count("PUT|/commit/|preupload") == 0


def test_21_the_token_is_told_to_nobody(
    lfs_hub: Any, release: Path, journals: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        for call in ("preupload", "objects/batch", "CDN PUT", "/commit/", "/tag/", "/tree/"):
            lfs_hub.faults.clear()
            lfs_hub.fault(call, 400 if call == "/commit/" else 403, times=99)
            with pytest.raises(KobunkoError) as caught:
                publish(release, REPO, journals)
            stream.write(f"{caught.value!r} {caught.value.__cause__!r}")
        lfs_hub.faults.clear()
        publish(release, REPO, journals)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    told = stream.getvalue() + "".join(capfd.readouterr())
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN not in told
    assert TOKEN.encode() not in kept


def test_22_a_repository_that_is_being_made_is_not_asked_for_ever(lfs_hub: Any, release: Path, journals: Path) -> None:
    busy = {"error": "Cannot create repo: another conflicting operation is in progress"}
    lfs_hub.fault("repos/create", 409, times=999, body=busy)
    with pytest.raises(KobunkoError, match="try again in a minute"):
        publish(release, REPO, journals)
    assert lfs_hub.count("repos/create") < 10


def test_23_readers_of_a_tag_never_see_half_a_release(
    lfs_hub: Any, release: Path, journals: Path, tmp_path: Path
) -> None:
    publish(release, REPO, journals)
    newer = make_release(tmp_path / "newer", "2026.11.2", shards=5)
    for call in ("CDN PUT", "/commit/", "/tag/"):
        lfs_hub.faults.clear()
        lfs_hub.fault(call, 403, times=99)
        with pytest.raises(KobunkoError):
            publish(newer, REPO, journals)
        assert is_whole(lfs_hub, release)
        assert list(lfs_hub.repos[REPO].tags) == [TAG]
    lfs_hub.faults.clear()
    publish(newer, REPO, journals)
    assert is_whole(lfs_hub, release)
    assert is_whole(lfs_hub, newer)
    assert len(release_commits(lfs_hub)) == 2


def test_26_an_upload_that_the_hub_forgot_is_sent_again(lfs_hub: Any, release: Path, journals: Path) -> None:
    """Killed before the commit; by the next run the Hub has dropped what no commit needed."""
    lfs_hub.fault("/commit/", 403)
    with pytest.raises(KobunkoError):
        publish(release, REPO, journals)
    lfs_hub.blobs.clear()
    publish(release, REPO, journals)
    assert is_whole(lfs_hub, release)


PURGE_KILLS = [
    ("DELETE .*/tag/", "kill-after"),
    ("super-squash", "kill"),
    ("super-squash", "kill-after"),
    ("lfs-files/batch", "kill-after"),
    ("POST .*/tag/", "kill"),
]


@pytest.mark.parametrize(("call", "how"), PURGE_KILLS)
def test_27_a_purge_that_is_killed_is_finished_by_repeating_it(
    call: str, how: str, lfs_hub: Any, release: Path, journals: Path, tmp_path: Path
) -> None:
    publish(release, REPO, journals)
    newer = make_release(tmp_path / "newer", "2026.11.2", shards=2)
    publish(newer, REPO, journals)
    repo = lfs_hub.repos[REPO]
    old, lfs_hub.collects = set(repo.commits), False
    killed_once(lfs_hub, call, how, newer, journals, "purge")
    with pytest.raises(KobunkoError, match="can still be read"):
        purge(newer, REPO, journals)  # it has not forgotten which commits there were
    lfs_hub.collects = True
    assert old <= set(purge(newer, REPO, journals).commits)
    assert not old & set(repo.commits)
    assert list(repo.tags) == ["2026.11.2"]
    assert is_whole(lfs_hub, newer)
    assert list(journals.glob("*.json")) == []


def swap(hub: Any, change: Any) -> None:
    name = next(iter(hub.blobs))
    hub.blobs[name] = change(hub.blobs[name])
