"""The index: after any history it says what a rebuild would, and a crash or a removal leaves nothing wrong behind."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from kobunko.dedup.bands import families
from kobunko.dedup.index import Index
from kobunko.dedup.signature import Signatures, to_bytes


def made(chance: random.Random) -> Signatures:
    """A variant of one of a few base signatures, so that families form, chain up and break."""
    values = np.arange(128, dtype=np.uint32) + 1000 * chance.randrange(12)
    places = chance.sample(range(128), chance.choice([0, 4, 12, 20, 24, 40]))
    values[places] += np.array([chance.randrange(1, 4) * 100_000 for _ in places], dtype=np.uint32)
    return values


def rebuilt(documents: dict[str, Signatures]) -> dict[str, str]:
    ids = sorted(documents)
    labels = families(np.array([documents[name] for name in ids], dtype=np.uint32).reshape(len(ids), 128))
    return {name: ids[label] for name, label in zip(ids, labels.tolist(), strict=True)}


def among(documents: dict[str, Signatures]) -> Callable[[Sequence[str]], Signatures]:
    return lambda names: np.stack([documents[name] for name in names])


@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_nights_of_changes_give_the_families_of_a_rebuild(tmp_path: Path, seed: int) -> None:
    chance, documents = random.Random(seed), dict[str, Signatures]()
    for _ in range(20):
        for _ in range(chance.randrange(12)):
            documents[f"d{chance.randrange(10_000):05}"] = made(chance)
        for name in chance.sample(sorted(documents), min(len(documents), chance.randrange(6))):
            documents.pop(name)
        for name in chance.sample(sorted(documents), min(len(documents), chance.randrange(4))):
            documents[name] = made(chance)
        index = Index(tmp_path / "index.sqlite")
        index.sync({name: values.tobytes().hex() for name, values in documents.items()}, among(documents))
        assert index.families() == rebuilt(documents)
        index.close()
    assert len(set(rebuilt(documents).values())) < len(documents)


def test_a_removed_document_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    chance = random.Random(5)
    documents = {f"d{n}": made(chance) for n in range(30)}
    documents["secret-document"] = np.arange(128, dtype=np.uint32) * 7919
    stamps = dict.fromkeys(documents, "1")
    index = Index(path)
    index.sync(stamps, among(documents))
    secret = to_bytes(documents.pop("secret-document"))
    index.sync(dict.fromkeys(documents, "1"), among(documents))
    index.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret not in stored
    assert b"secret-document" not in stored


def test_nothing_is_done_again_for_what_is_known(tmp_path: Path) -> None:
    documents = {"a": made(random.Random(1))}
    index = Index(tmp_path / "index.sqlite")
    assert index.sync({"a": "1"}, among(documents)) == (1, 0)
    assert index.sync({"a": "1"}, lambda names: pytest.fail(f"asked for {names}")) == (0, 0)
    assert index.family("a") == ["a"]
    assert index.family("b") == []
    assert index.similar(documents["a"], 0.5) == [("a", 1.0)]


UPDATES = """
import sys, numpy as np
from pathlib import Path
from kobunko.dedup.index import Index
index = Index(Path(sys.argv[1]))
print("ready", flush=True)
for night in range(10_000):
    matrix = np.random.default_rng(night).integers(0, 99, (40, 128), dtype=np.uint32)
    index.update([f"n{night:05}-{n:02}" for n in range(40)], ["1"] * 40, matrix, [])
    print(night, flush=True)
"""


def test_kill_9_during_updates_loses_nothing_and_leaves_no_half(tmp_path: Path) -> None:
    chance = random.Random(3)
    for turn in range(3):
        path = tmp_path / f"{turn}.sqlite"
        process = subprocess.Popen([sys.executable, "-c", UPDATES, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.3, 0.9))
        os.kill(process.pid, signal.SIGKILL)
        done = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        index = Index(path)
        nights: dict[str, int] = {}
        for name in index.stamps():
            nights[name[:6]] = nights.get(name[:6], 0) + 1
        assert set(nights.values()) <= {40}
        assert len(nights) >= len(done)
        index.close()
