"""What is kept of a measurement: its figures, the command that made them, when, at which commit and on which machine.

Records are JSON files in `docs/figures/`; the documents with figures are made from them alone.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"


def circumstances() -> dict[str, Any]:
    """Date, commit and machine; `load` is what else ran when it began, in busy cores."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
    }


def commit() -> str:
    """The commit that is checked out; with a plus where the working tree differs from it."""
    asked = ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--match="]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def machine() -> str:
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = int(_lines("/proc/meminfo")[0].split()[1]) / 2**20
    cores = len(os.sched_getaffinity(0))
    return f"{cpu or platform.machine()}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def write(folder: str, name: str, facts: Mapping[str, Any]) -> None:
    path = FIGURES / folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(folder: str, name: str) -> dict[str, Any] | None:
    path = FIGURES / folder / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found


def is_fresh(folder: str, name: str) -> bool:
    """Whether a measurement was made at the commit that is checked out, with nothing changed since."""
    known = read(folder, name)
    return bool(known and known["commit"] == commit() and not known["commit"].endswith("+"))


def told(facts: Mapping[str, Any]) -> str:
    """The circumstances in one line."""
    return f"{facts['date']}, commit {facts['commit']}, {facts['machine']}; load before: {facts['load']}"
