"""A real Ray cluster of two nodes on this machine: the same release, also when a node goes away in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from authored import write_list
from commandline import command, environment, must, release

from kobunko.dedup.bands import families
from kobunko.dedup.partitions import families_of_parts
from kobunko.executors import Processes, read_part

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
RAY = Path(sys.executable).parent / "ray"
PORT = 26379


def start(*arguments: str) -> None:
    started = [RAY, "start", "--num-cpus=1", "--disable-usage-stats", *arguments]
    subprocess.run(started, check=True, stdout=subprocess.DEVNULL)


def raylets() -> list[int]:
    """Process ids of the nodes' daemons, oldest first."""
    listed = subprocess.run(["pgrep", "-f", "raylet/raylet"], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


@pytest.fixture
def two_nodes() -> Iterator[str]:
    assert not raylets(), "another Ray runs on this machine"
    start("--head", f"--port={PORT}", "--include-dashboard=false")
    start(f"--address=127.0.0.1:{PORT}")
    assert len(raylets()) == 2
    yield f"127.0.0.1:{PORT}"
    subprocess.run([RAY, "stop", "--force"], stdout=subprocess.DEVNULL)


def test_a_cluster_that_loses_a_node_makes_the_same_release(two_nodes: str, tmp_path: Path) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    listed = write_list(tmp_path / "files", pages=80)
    must(home, "import", listed)
    must(twin, "import", listed)
    env = environment(KOBUNKO__RUN__FLUSH_ROWS="1")
    run = subprocess.Popen(command(home, "run", "--engine", "ray", "--address", two_nodes), env=env)
    while not list((home / "stages").rglob("part-*.parquet")):
        assert run.poll() is None
        time.sleep(0.2)
    os.kill(raylets()[-1], signal.SIGKILL)
    assert run.wait(600) == 0
    must(twin, "run")
    assert release(home) == release(twin)


def test_processes_and_a_cluster_find_the_families_of_the_whole(two_nodes: str, tmp_path: Path) -> None:
    from kobunko.cluster import cluster

    chance = np.random.default_rng(5)
    matrix = chance.integers(0, 1 << 32, (300, 128), dtype=np.uint32)[chance.integers(0, 300, 2000)]
    matrix[chance.random(matrix.shape) < 0.07] += 1
    np.save(tmp_path / "signatures.npy", matrix)
    expected, read = families(matrix), partial(read_part, tmp_path)
    assert len(np.unique(expected)) < len(matrix)
    with closing(Processes(read, workers=2)) as processes, cluster(two_nodes, read) as machines:
        for engine in (processes, machines):
            found = families_of_parts(tmp_path / "signatures.npy", tmp_path, engine, part=700, ranges=2)
            assert np.array_equal(found, expected)
