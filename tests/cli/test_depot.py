"""Hosts that share a database and a bucket, and nothing else."""

import gzip
import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from authored import write_list
from commandline import PROCESSES, Result, command, environment, forked, release, run

SECRET = "第3回の見守り講習会"


@pytest.fixture
def shared(new_database: Callable[[], str], bucket: Any) -> dict[str, str]:
    """What each of the hosts has in its environment."""
    return environment(KOBUNKO__CATALOGUE=new_database(), KOBUNKO__DEPOT="s3://kobunko-tides/home")


def do(home: Path, env: dict[str, str], *arguments: str | Path) -> Result:
    done = run(command(home, *arguments), env)
    assert done.code == 0, done.err
    return done


def killed_half_way(home: Path, env: dict[str, str], folder: Path) -> None:
    """`kobunko run`, killed when the first rows are in the bucket; its disk goes with it."""
    streams = [folder / "out", folder / "err"]
    process = PROCESSES.Process(target=forked, args=(command(home, "run", "--engine", "inline")[2:], env, streams))
    process.start()
    while not list((home / "stages").rglob("part-*.parquet")):
        assert process.exitcode is None, streams[1].read_text()
        time.sleep(0.02)
    process.kill()
    process.join()
    shutil.rmtree(home)


def texts(bucket: Any) -> str:
    """Everything in the bucket that can be read."""
    found = []
    for path in bucket.find("kobunko-tides"):
        data = bucket.cat_file(path)
        if path.endswith(".gz"):
            found.append(gzip.decompress(data).decode(errors="replace"))
        elif path.endswith(".parquet"):
            found.append(str(pq.read_table(io.BytesIO(data)).to_pylist()))
        else:
            found.append(data.decode(errors="replace"))
    return "\n".join(found)


def test_a_host_that_dies_with_its_disk_loses_nothing(
    shared: dict[str, str], bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, alone = (tmp_path / name for name in ("first", "second", "third", "alone"))
    listed = write_list(tmp_path / "files", pages=3)
    do(first, shared, "import", listed)
    killed_half_way(first, shared | {"KOBUNKO__RUN__FLUSH_ROWS": "1"}, tmp_path)
    do(second, shared, "run")
    do(third, shared, "audit")
    do(alone, environment(), "import", listed)
    do(alone, environment(), "run", "--engine", "inline")
    expected = release(alone)
    for name in ("KOBUNKO__CATALOGUE", "KOBUNKO__DEPOT"):
        monkeypatch.setenv(name, shared[name])
    assert release(second) == expected
    assert not list((second / "raw").rglob("*.gz"))

    assert SECRET in texts(bucket)
    do(third, shared, "remove", "add", "--passage", SECRET)
    do(third, shared, "remove", "purge")
    assert SECRET not in texts(bucket)
    assert list((second / "stages").rglob("*.parquet"))
    told = do(second, shared, "status", "--json").json
    assert told["documents"] == 8
    assert not (second / "releases").exists()
    assert SECRET not in "".join(str(pq.read_table(path).to_pylist()) for path in second.rglob("*.parquet"))
