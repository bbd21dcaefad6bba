"""Crash storms over whole runs, and the whole set of sample documents. Run by `make test-slow`."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from authored import write_list
from commandline import command, environment, must, release

pytestmark = pytest.mark.slow
KILLS = 20
SAMPLES = os.environ.get("KOBUNKO_SAMPLES", "")


@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_kills_in_random_places_leave_the_same_release(tmp_path: Path, seed: int) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    must(home, "import", write_list(tmp_path / "files", pages=60))
    shutil.copytree(home, twin)
    chance = random.Random(seed)
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(home, "run"),
            env=environment(KOBUNKO__RUN__FLUSH_ROWS="1"),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(1.5, 12))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    must(home, "run")
    must(twin, "run")
    assert release(home) == release(twin)


@pytest.mark.skipif(not SAMPLES, reason="KOBUNKO_SAMPLES names no folder with sample documents and import.jsonl")
def test_every_sample_document_ends_with_an_outcome(tmp_path: Path) -> None:
    listed = Path(SAMPLES) / "import.jsonl"
    home = tmp_path / "home"
    must(home, "import", listed)
    done = subprocess.run(command(home, "run"), env=environment(), check=False)
    assert done.returncode == 0
    facts = json.loads(must(home, "status", "--json"))
    assert facts["documents"] == len(listed.read_text().splitlines())
    for source, found in facts["by_source"].items():
        assert sum(found["outcomes"]["extract"].values()) == found["documents"], source
        assert not {"pending", "waiting"} & {o for counts in found["outcomes"].values() for o in counts}, source
        assert not [o for o in found["outcomes"]["extract"] if o.startswith("error:")], source
    must(home, "release", "build", "samples", "--profile", "internal")
    must(home, "release", "verify", "samples")
