"""docs/performance.md and docs/quality.md say what the records of the measurements say, and nothing else."""

import json
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from bench import record
from bench.__main__ import PAGE as PERFORMANCE
from bench.__main__ import figures
from bench.__main__ import section as of_speed

ROOT = Path(__file__).parents[2]
quality = import_module("bench.quality.__main__")


@pytest.mark.parametrize(
    "path", sorted(record.FIGURES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_record_is_told_on_its_page(path: Path) -> None:
    facts = json.loads(path.read_text())
    if path.parent.name == "quality":
        assert quality.section(path.stem, facts) in quality.PAGE.read_text()
    else:
        assert of_speed(facts) in PERFORMANCE.read_text()


def test_every_figure_has_a_script() -> None:
    for figure in figures():
        words = shlex.split(figure.command)
        script = f"{words[2].replace('.', '/')}.py" if words[1] == "-m" else words[1]
        assert (ROOT / script).is_file(), figure.name
