"""Power cuts while stages run, on a file system of its own: no row that was acknowledged is lost."""

import contextlib
import fcntl
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from authored import write_list
from commandline import command, environment, must, release

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system of its own needs root"),
]
CUTS = 20
SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSHING = 2
Row = tuple[str, str, str]  # stage, document, outcome


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted ext4 in a file, `disk.img` beside it."""
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    image.touch()
    os.truncate(image, 256 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    folder.mkdir()
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def cut_power(disk: Path) -> None:
    folder = os.open(disk, os.O_RDONLY)
    fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
    os.close(folder)


def come_back(disk: Path) -> None:
    subprocess.run(["umount", str(disk)], check=True)
    subprocess.run(["mount", "-o", "loop", str(disk.with_name("disk.img")), str(disk)], check=True)


def parts(home: Path) -> dict[str, list[Path]]:
    """Side-car files by stage, oldest first."""
    folders = sorted((home / "stages").glob("*@*"))
    return {folder.name: sorted(folder.glob("part-*.parquet")) for folder in folders}


def rows(files: list[Path]) -> set[Row]:
    found = set()
    for path in files:
        table = pq.read_table(path, columns=["doc_id", "outcome"]).to_pylist()
        found |= {(path.parent.name, row["doc_id"], row["outcome"]) for row in table}
    return found


def acknowledged(home: Path) -> set[Row]:
    """Rows of every file but the last one of its stage: a file is begun when the one before it was acknowledged."""
    for _ in range(5):
        with contextlib.suppress(FileNotFoundError):  # a compaction took files away meanwhile
            return set().union(*(rows(files[:-1]) for files in parts(home).values()), set[Row]())
    raise AssertionError("side-cars change faster than they can be read")


def written(home: Path) -> int:
    """How many files were ever written: a compaction keeps the number of the last one."""
    return sum(int(files[-1].stem.split("-")[-1]) for files in parts(home).values() if files)


def test_twenty_power_cuts_lose_no_acknowledged_row(disk: Path, tmp_path: Path) -> None:
    home, twin = disk / "home", tmp_path / "twin"
    must(home, "import", write_list(tmp_path / "files", pages=240))
    shutil.copytree(home, twin)
    chance = random.Random(5)
    env = environment(KOBUNKO__RUN__FLUSH_ROWS="1", KOBUNKO__RUN__WORKERS="1")
    known = 0
    for number in range(CUTS):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command(home, "run"), env=env, **quiet)  # type: ignore[call-overload]
        wanted, end = written(home) + chance.randint(2, 9), time.monotonic() + 120
        while written(home) < wanted and process.poll() is None and time.monotonic() < end:
            time.sleep(chance.uniform(0, 0.05))
        before = acknowledged(home)
        cut_power(disk)
        assert process.wait() != 0, f"cut {number}: the run was over before"
        come_back(disk)
        assert before <= rows([path for files in parts(home).values() for path in files]), f"cut {number}"
        known = max(known, len(before))
        with contextlib.closing(sqlite3.connect(home / "catalogue.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert known > CUTS
    must(home, "run")
    must(twin, "run")
    assert release(home) == release(twin)
    print(f"{CUTS} power cuts, {known} rows acknowledged before the last ones, none lost")
