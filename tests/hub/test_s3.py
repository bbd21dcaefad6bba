"""Publishing to S3, against moto's server on loopback, and staging on a disk that is full."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest_hub import local, make_release

from kobunko.errors import Corrupt, KobunkoError, UsageError
from kobunko.publish import destination, shelf

TO = "s3://kobunko-tides/shelf"
NOWHERE = Path("nowhere")


def whole(s3: Any, release: Path, version: str) -> bool:
    root = f"kobunko-tides/shelf/{version}/"
    return all(s3.cat_file(f"{root}{name}") == (release / name).read_bytes() for name in local(release))


def latest(s3: Any) -> str:
    return str(s3.cat_file("kobunko-tides/shelf/LATEST").decode().strip())


def test_a_release_arrives_and_is_not_sent_twice(bucket: Any, release: Path) -> None:
    assert len(destination.preview(release, TO).add) == 6
    first = destination.publish(release, TO, NOWHERE)
    assert (first.copied, first.skipped, first.location) == (6, 0, f"{TO}/2026.11.1")
    assert whole(bucket, release, "2026.11.1")
    assert latest(bucket) == "2026.11.1"
    assert destination.publish(release, TO, NOWHERE).copied == 0
    assert not destination.preview(release, TO).pending


def test_a_version_never_changes_once_published(bucket: Any, release: Path, tmp_path: Path) -> None:
    destination.publish(release, TO, NOWHERE)
    with pytest.raises(UsageError, match="under a new version"):
        destination.publish(make_release(tmp_path / "other", "2026.11.1", rows=3), TO, NOWHERE)
    assert whole(bucket, release, "2026.11.1")


def test_24_the_pointer_is_swapped_only_from_what_was_read(
    bucket: Any, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another publisher swaps LATEST between our reading and our writing; S3 refuses with 412, and we read again."""
    refused = []
    pointer, swap = shelf.Bucket.pointer, shelf.Bucket.swap

    def overtaken(self: shelf.Bucket) -> tuple[str, str]:
        found = pointer(self)
        if not refused:
            bucket.pipe_file("kobunko-tides/shelf/LATEST", b"2026.10.9\n")
        return found

    def watched(self: shelf.Bucket, text: str, version: str) -> bool:
        done = swap(self, text, version)
        refused.append(not done)
        return done

    monkeypatch.setattr(shelf.Bucket, "pointer", overtaken)
    monkeypatch.setattr(shelf.Bucket, "swap", watched)
    destination.publish(release, TO, NOWHERE)
    assert refused == [True, False]
    assert latest(bucket) == "2026.11.1"


def test_24_parts_of_a_dead_upload_are_cleaned(bucket: Any, release: Path) -> None:
    for key in ("shelf/2026.11.1/data/x.parquet", "others/y"):
        bucket.call_s3("create_multipart_upload", Bucket="kobunko-tides", Key=key)
    destination.publish(release, TO, NOWHERE)
    left = bucket.call_s3("list_multipart_uploads", Bucket="kobunko-tides")["Uploads"]
    assert [upload["Key"] for upload in left] == ["others/y"]


KILL = """
import os, signal, sys
from pathlib import Path
from kobunko.publish import destination, shelf

step, release = int(sys.argv[1]), Path(sys.argv[2])
done = 0

def dying(name):
    call = getattr(shelf.Bucket, name)

    def counted(*arguments):
        global done
        done += 1
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        found = call(*arguments)
        done += 1
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(shelf.Bucket, name, counted)

dying("put")
dying("swap")
destination.publish(release, "s3://kobunko-tides/shelf", Path("nowhere"))
"""


@pytest.mark.parametrize("step", [1, 2, 7, 12, 13, 14])
def test_13_kill_9_on_the_way_to_s3(step: int, bucket: Any, release: Path) -> None:
    """Six files and a pointer: odd steps are before a call, even ones after it."""
    done = subprocess.run([sys.executable, "-c", KILL, str(step), str(release)], env=os.environ, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    assert bucket.exists("kobunko-tides/shelf/LATEST") == (step == 14)
    assert destination.publish(release, TO, NOWHERE).skipped == min(step // 2, 6)
    assert whole(bucket, release, "2026.11.1")
    assert latest(bucket) == "2026.11.1"


def test_what_was_sent_is_read_back(bucket: Any, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: shelf.Bucket, source: Path, name: str) -> None:
        bucket.pipe_file(f"kobunko-tides/shelf/{name}", b"other bytes")

    monkeypatch.setattr(shelf.Bucket, "put", damaged)
    with pytest.raises(Corrupt, match="is not at s3://kobunko-tides/shelf as it is here"):
        destination.publish(release, TO, NOWHERE)
    assert not bucket.exists("kobunko-tides/shelf/LATEST")


FULL = """
import resource, signal, sys
from pathlib import Path
from kobunko.publish import destination

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # as a full disk: writes fail with an OSError
try:
    destination.publish(Path(sys.argv[1]), sys.argv[2], Path("nowhere"))
except OSError as error:
    print(type(error).__name__)
"""


def test_25_a_full_disk_leaves_no_partial_file(release: Path, tmp_path: Path) -> None:
    target = tmp_path / "shelf"
    done = subprocess.run([sys.executable, "-c", FULL, str(release), str(target)], capture_output=True, text=True)
    assert done.stdout == "OSError\n", done.stderr
    assert not (target / "LATEST").exists()
    there = {path.name: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert all(body == (next(release.rglob(name))).read_bytes() for name, body in there.items())
    assert destination.publish(release, str(target), NOWHERE).version == "2026.11.1"


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("hf://models/loop/tides", "no dataset repository"),
        ("hf://datasets/tides", "no dataset repository"),
        ("gs://bucket/x", "cannot publish to gs://"),
    ],
)
def test_other_destinations_are_named(to: str, told: str, release: Path) -> None:
    with pytest.raises(KobunkoError, match=told):
        destination.publish(release, to, NOWHERE)
