"""Measures the quality of what Kobunko makes, prints it beside its floors, writes docs/quality.md, and fails where a
figure fell below its floor.

    python -m bench.quality [NAME…] [--resume] [--render] [--json]

Every module of this folder is one measurement: `measure(samples)` returns figures by name, `FLOORS` holds the bounds
that they may not cross. `samples` is the folder that `KOBUNKO_SAMPLES` names; a measurement that needs one and has
none is skipped, loudly, and keeps its last record.
"""

import argparse
import importlib
import json
import operator
import os
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

import bench.quality
from bench import record

KIND = "quality"
PAGE = record.ROOT / "docs" / "quality.md"
COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq}
HEAD = """# Quality

Made by `make eval` (`python -m bench.quality`) from the records in [figures/quality](figures/quality); do not edit.
Every figure stands beside the floor below which `make eval` fails, with its command, its date and its commit.
The samples are real documents that are no part of this project; what each measurement compares with what stands at the
top of its module in `bench/quality/`.
"""


def main() -> int:
    names = sorted(module.name for module in pkgutil.iter_modules(bench.quality.__path__) if module.name != "__main__")
    parser = argparse.ArgumentParser(description="Quality figures and their floors")
    parser.add_argument("name", nargs="*", choices=[*names, []], help=f"one of {', '.join(names)}; else all")
    parser.add_argument("--resume", action="store_true", help="leave out what was measured at this very commit")
    parser.add_argument("--render", action="store_true", help="measure nothing, only write the page")
    parser.add_argument("--json", action="store_true", help="print the figures; write nothing")
    asked = parser.parse_args()
    chosen = [] if asked.render else asked.name or names
    if asked.resume:
        chosen = [name for name in chosen if not record.is_fresh(KIND, name)]
    found = {name: facts for name in chosen if (facts := _measure(name)) is not None}
    if asked.json:
        json.dump({name: facts["figures"] for name, facts in found.items()}, sys.stdout, indent=1)
    else:
        for name, facts in found.items():
            record.write(KIND, name, facts)
        PAGE.write_text(page(names), encoding="utf-8")
        Console(width=140).print(_table(found))
    return int(any(not held(*row) for facts in found.values() for row in rows(facts)))


def _measure(name: str) -> dict[str, Any] | None:
    module = importlib.import_module(f"bench.quality.{name}")
    folder = os.environ.get("KOBUNKO_SAMPLES", "")
    if module.NEEDS_SAMPLES and not folder:
        print(f"{name}: skipped, KOBUNKO_SAMPLES names no folder", file=sys.stderr)
        return None
    facts = {"about": about(module), "command": f"python -m bench.quality {name}", **record.circumstances()}
    if module.NEEDS_SAMPLES:
        facts["command"] = f"KOBUNKO_SAMPLES=FOLDER {facts['command']}"
    began = time.monotonic()
    figures = {figure: round(float(value), 6) for figure, value in module.measure(Path(folder)).items()}
    floors = {figure: list(bound) for figure, bound in module.FLOORS.items()}
    return facts | {"seconds": round(time.monotonic() - began), "figures": figures, "floors": floors}


def about(module: ModuleType) -> str:
    """The first sentence of the module's docstring."""
    return " ".join((module.__doc__ or "").split("\n\n")[0].split())


def rows(facts: dict[str, Any]) -> list[tuple[str, float, str, float]]:
    """Figure, value, and the sign and bound of its floor; without a sign where it has none."""
    return [(name, value, *facts["floors"].get(name, ("", 0.0))) for name, value in facts["figures"].items()]


def held(_: str, value: float, sign: str, bound: float) -> bool:
    return not sign or bool(COMPARE[sign](value, bound))


def _table(found: dict[str, dict[str, Any]]) -> Table:
    table = Table("measurement", "figure", "value", "floor", "")
    for name, facts in found.items():
        for row in rows(facts):
            floor = f"{row[2]} {row[3]}" if row[2] else ""
            table.add_row(name, row[0], f"{row[1]:.4f}", floor, "ok" if held(*row) else "BROKEN")
    return table


def page(names: list[str]) -> str:
    """The whole page, from the records of the measurements."""
    known = {name: record.read(KIND, name) for name in names}
    sections = [section(name, facts) if facts else f"## {name}\n\nNot measured yet.\n" for name, facts in known.items()]
    return "\n".join([HEAD, *sections])


def section(name: str, facts: dict[str, Any]) -> str:
    lines = [f"## {name}", "", facts["about"], "", "```", facts["command"], "```", ""]
    lines += [f"{record.told(facts)}; took {facts['seconds']} s.", ""]
    lines += ["| figure | value | floor | |", "|---|---:|---|---|"]
    for row in rows(facts):
        floor = f"{row[2]} {row[3]:g}" if row[2] else ""
        lines.append(f"| {row[0]} | {row[1]:.6g} | {floor} | {'' if held(*row) else '**broken**'} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
