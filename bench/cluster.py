"""A sample set on a Ray cluster of one worker, of two, and without Ray: documents a second, and the same release.

    python -m bench.cluster SAMPLES [--every N]

Takes every Nth document of SAMPLES/import.jsonl whose text needs no OCR. Nodes are started on this machine, one per
worker, so what Ray's own processes take is taken from the workers: on a machine with few cores the scaling that is
printed is a lower bound.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymupdf

BIN = Path(sys.executable).parent
PORT = 26380
FEWEST = 50  # characters of a page that has a text layer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as scratch:
        listed, count = _choose(asked.samples, Path(scratch), asked.every)
        taken: dict[str, float] = {}
        releases = set()
        for name, workers in (("processes, 2 workers", 0), ("Ray, 1 worker", 1), ("Ray, 2 workers", 2)):
            home = Path(scratch) / str(workers)
            _kobunko(home, "import", listed)
            with _nodes(workers) as options:
                began = time.monotonic()
                _kobunko(home, "run", *options)
                taken[name] = time.monotonic() - began
            _kobunko(home, "release", "build", "bench", "--profile", "internal")
            releases.add(_digest(home / "releases" / "bench"))
    print(f"{count} documents\n\n| engine | seconds by the clock | documents a second |\n|---|---:|---:|")
    for name, seconds in taken.items():
        print(f"| {name} | {seconds:.0f} | {count / seconds:.2f} |")
    print(f"\nRay, from one worker to two: {taken['Ray, 1 worker'] / taken['Ray, 2 workers']:.2f} times as fast.")
    print("The releases are the same byte for byte." if len(releases) == 1 else "THE RELEASES DIFFER.")


def _choose(samples: Path, scratch: Path, every: int) -> tuple[Path, int]:
    lines = (samples / "import.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row | {"path": str((samples / row["path"]).absolute())} for row in map(json.loads, lines)]
    chosen = [json.dumps(row) for row in rows if _has_text(Path(row["path"]))][::every]
    listed = scratch / "import.jsonl"
    listed.write_text("\n".join(chosen), encoding="utf-8")
    return listed, len(chosen)


def _has_text(path: Path) -> bool:
    if path.suffix != ".pdf":
        return path.suffix in (".xml", ".json", ".html", ".htm", ".xlsx", ".docx")
    with pymupdf.open(path) as document:
        return all(len(page.get_text()) > FEWEST for page in document)


@contextmanager
def _nodes(count: int) -> Iterator[list[str]]:
    """A cluster of nodes with a core each, and the options of `kobunko run` that use it; nothing for no node."""
    for number in range(count):
        where = [f"--address=127.0.0.1:{PORT}"] if number else ["--head", f"--port={PORT}", "--include-dashboard=false"]
        _ray("start", "--num-cpus=1", "--disable-usage-stats", *where)
    try:
        yield ["--engine", "ray", "--address", f"127.0.0.1:{PORT}"] if count else []
    finally:
        if count:
            _ray("stop", "--force")


def _ray(*arguments: str) -> None:
    subprocess.run([BIN / "ray", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _kobunko(home: Path, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "kobunko", "--home", home, *arguments]
    env = os.environ | {"KOBUNKO__RUN__WORKERS": "2"}
    done = subprocess.run(
        list(map(str, command)), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode not in (0, 3):  # 3: more documents failed than an installation would accept
        sys.exit(done.stderr)


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    main()
