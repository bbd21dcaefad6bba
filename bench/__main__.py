"""Measures speed and memory, and writes docs/performance.md from what was measured.

    python -m bench [NAME…] [--resume] [--render]

Each figure of bench/figures.toml is one command that prints a table. What it printed is kept with the command, the
date, the commit and the machine in docs/figures/performance/; the page is made from these records alone, so figures
that were not measured now keep their old record and its date. Those that need samples and have none are left out,
loudly. Run it on a machine that does nothing else.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import record

KIND = "performance"
PAGE = record.ROOT / "docs" / "performance.md"
HEAD = """# Performance

Made by `make bench` (`python -m bench`) from the records in [figures/performance](figures/performance); do not edit.
Every figure stands with its command, its date, its commit and its machine. On a machine that is shared, compare the
ratios of one run and CPU seconds, not times by the clock. `SAMPLES` is the folder that KOBUNKO_SAMPLES names.
What is not measured by a command of this repository alone stands in [measurements.md](measurements.md).
"""


@dataclass(frozen=True)
class Figure:
    name: str
    title: str
    command: str
    minutes: int

    @property
    def needs_samples(self) -> bool:
        return "{samples}" in self.command

    @property
    def shown(self) -> str:
        return self.command.format(samples="SAMPLES", scratch="FOLDER")


def figures() -> list[Figure]:
    return [Figure(**item) for item in tomllib.loads((Path(__file__).parent / "figures.toml").read_text())["figure"]]


def main() -> int:
    known = {figure.name: figure for figure in figures()}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", choices=[*known, []], help="only these")
    parser.add_argument("--resume", action="store_true", help="leave out what was measured at this very commit")
    parser.add_argument("--render", action="store_true", help="measure nothing, only write the page")
    asked = parser.parse_args()
    samples = os.environ.get("KOBUNKO_SAMPLES", "")
    failed = 0
    for figure in [] if asked.render else [known[name] for name in asked.name or known]:
        if figure.needs_samples and not samples:
            print(f"{figure.name}: skipped, KOBUNKO_SAMPLES names no folder", file=sys.stderr)
        elif asked.resume and record.is_fresh(KIND, figure.name):
            print(f"{figure.name}: measured at this commit already", file=sys.stderr)
        else:
            failed += not _measure(figure, samples)
            PAGE.write_text(page(list(known.values())), encoding="utf-8")
    PAGE.write_text(page(list(known.values())), encoding="utf-8")
    return int(failed > 0)


def _measure(figure: Figure, samples: str) -> bool:
    """Runs the command of a figure and keeps what it printed; False where it failed."""
    print(f"{figure.name}: about {figure.minutes} min ({figure.shown})", file=sys.stderr)
    facts = {"title": figure.title, "command": figure.shown, **record.circumstances()}
    with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as scratch:
        words = shlex.split(figure.command.format(samples=shlex.quote(samples), scratch=scratch))
        began = time.monotonic()
        env = os.environ | {"COLUMNS": "120"}
        done = subprocess.run([sys.executable, *words[1:]], cwd=record.ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        print(f"{figure.name} FAILED:\n{done.stderr[-2000:]}", file=sys.stderr)
        return False
    record.write(KIND, figure.name, facts | {"seconds": round(time.monotonic() - began), "output": done.stdout})
    return True


def page(known: list[Figure]) -> str:
    """The whole page, from the records of the figures."""
    parts = [HEAD]
    for figure in known:
        facts = record.read(KIND, figure.name)
        parts.append(section(facts) if facts else f"## {figure.title}\n\nNot measured yet: `{figure.shown}`\n")
    return "\n".join(parts)


def section(facts: dict[str, Any]) -> str:
    told = f"{record.told(facts)}; took {facts['seconds']} s"
    output = facts["output"].strip("\n")
    is_markdown = output.lstrip().startswith(("|", "#"))
    body = output if is_markdown else f"```text\n{output}\n```"
    return f"## {facts['title']}\n\n```\n{facts['command']}\n```\n\n{told}.\n\n{body}\n"


if __name__ == "__main__":
    sys.exit(main())
