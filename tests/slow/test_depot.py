"""Hosts that share a database and a bucket, with what takes longer: Ray, and a bucket that does not answer."""

import importlib.resources
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from authored import write_list
from commandline import command, environment, must, run

from kobunko.demo.server import DemoServer

pytestmark = pytest.mark.slow
RAY = Path(sys.executable).parent / "ray"
PORT = 26380


@pytest.fixture
def shared(new_database: Callable[[], str], bucket: Any) -> dict[str, str]:
    return environment(KOBUNKO__CATALOGUE=new_database(), KOBUNKO__DEPOT="s3://kobunko-tides/home")


@pytest.fixture
def ray_node(bucket: Any) -> Iterator[str]:
    pytest.importorskip("ray")
    start = [RAY, "start", "--head", f"--port={PORT}", "--num-cpus=2", "--include-dashboard=false"]
    subprocess.run([*start, "--disable-usage-stats"], check=True, stdout=subprocess.DEVNULL)
    yield f"127.0.0.1:{PORT}"
    subprocess.run([RAY, "stop", "--force"], stdout=subprocess.DEVNULL)


def extracted(home: Path) -> list[str]:
    rows = [row for path in (home / "stages").glob("extract@*/*.parquet") for row in pq.read_table(path).to_pylist()]
    return sorted(map(str, rows))


def test_the_workers_of_a_cluster_read_by_the_url(
    shared: dict[str, str], ray_node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No raw file lies on any disk: what a worker reads, it has from the bucket."""
    home, twin = tmp_path / "home", tmp_path / "twin"
    listed = write_list(tmp_path / "files", pages=1)
    must(twin, "import", listed)
    must(twin, "run", "--stage", "extract", "--engine", "inline")
    for name in ("KOBUNKO__CATALOGUE", "KOBUNKO__DEPOT"):
        monkeypatch.setenv(name, shared[name])
    must(home, "import", listed)
    shutil.rmtree(home)
    must(home, "run", "--stage", "extract", "--engine", "ray", "--address", ray_node)
    assert not list(home.rglob("*.warc.gz*"))
    assert extracted(home) == extracted(twin) != []


def test_a_bucket_that_does_not_answer_ends_a_command_and_harms_nothing(shared: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(command(home, "import", write_list(tmp_path / "files", pages=1)), shared).code == 0
    done = run(command(home, "run"), shared | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert done.code == 1
    assert "see to credentials and network" in done.err
    assert run(command(home, "run", "--stage", "extract"), shared).code == 0
    assert run(command(home, "audit"), shared).code == 0


def test_a_night_is_taken_up_by_another_host_and_its_catalogue_can_be_lost(
    shared: dict[str, str], new_database: Callable[[], str], tmp_path: Path
) -> None:
    """Each command runs on a machine that has nothing of the home but its settings."""
    seeds = importlib.resources.files("kobunko.demo") / "seeds"
    env = shared | {"KOBUNKO__SEEDS": str(seeds), "KOBUNKO__RUN__ENGINE": "inline"}
    with DemoServer() as server:
        night = run(
            command(tmp_path / "a", "nightly", "--release", "--json"), env | {"KOBUNKO__CRAWL__PROXY": server.url}
        )
    assert night.code == 0, night.err
    version = night.json["release"]["version"]
    shutil.rmtree(tmp_path / "a")

    for arguments in (["audit"], ["publish", version, "--to", tmp_path / "hub"], ["release", "verify", version]):
        done = run(command(tmp_path / arguments[0], *arguments), env)
        assert done.code == 0, done.err
    published = shards(tmp_path / "hub" / version)
    assert published

    lost = env | {"KOBUNKO__CATALOGUE": new_database()}
    done = run(command(tmp_path / "b", "rebuild", "--json"), lost)
    assert done.code == 0, done.err
    assert run(command(tmp_path / "b", "run"), lost).code == 0
    again = run(command(tmp_path / "c", "release", "build", "again"), lost)
    assert again.code == 0, again.err
    assert shards(tmp_path / "c" / "releases" / "again") == published


def shards(release: Path) -> dict[str, bytes]:
    return {str(path.relative_to(release)): path.read_bytes() for path in (release / "data").rglob("*.parquet")}
