"""Measures the quality of what Kobunko makes, prints it beside its floors, and fails where it fell below one.

    python -m bench.quality [NAME…] [--json]

Every module of this folder is one measurement: `measure(samples)` returns figures by name, `FLOORS` holds the bounds
that they may not cross. `samples` is the folder that `KOBUNKO_SAMPLES` names; a measurement that needs one and has
none is skipped, loudly.
"""

import argparse
import importlib
import json
import operator
import os
import pkgutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

import bench.quality

COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq}


def main() -> int:
    names = sorted(module.name for module in pkgutil.iter_modules(bench.quality.__path__) if module.name != "__main__")
    parser = argparse.ArgumentParser(description="Quality figures and their floors")
    parser.add_argument(
        "name", nargs="*", choices=[*names, []], help=f"one of {', '.join(names)}; all if none is named"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    folder = os.environ.get("KOBUNKO_SAMPLES", "")
    found: dict[str, Mapping[str, float]] = {}
    broken = 0
    table = Table("measurement", "figure", "value", "floor", "")
    for name in asked.name or names:
        module = importlib.import_module(f"bench.quality.{name}")
        if module.NEEDS_SAMPLES and not folder:
            table.add_row(name, "skipped: KOBUNKO_SAMPLES names no folder", "", "", "—")
            continue
        found[name] = module.measure(Path(folder))
        for figure, value in found[name].items():
            sign, bound = module.FLOORS.get(figure, ("", 0.0))
            held = not sign or COMPARE[sign](value, bound)
            broken += not held
            table.add_row(name, figure, f"{value:.4f}", f"{sign} {bound}" if sign else "", "ok" if held else "BROKEN")
    if asked.json:
        json.dump(found, sys.stdout, indent=1)
    else:
        Console(width=140).print(table)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
