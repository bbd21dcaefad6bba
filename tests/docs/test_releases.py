"""docs/releases.md and docs/faults-hub.md: examples run, tests exist."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kobunko.cli import app

ROOT = Path(__file__).parents[2]
RELEASES = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^kobunko (.+)$", RELEASES, re.MULTILINE)


def test_every_fault_has_its_test() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| (`test_.*) \|$", (ROOT / "docs" / "faults-hub.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 28))
    code = "".join(path.read_text() for path in (ROOT / "tests" / "hub").glob("test_*.py"))
    written = set(re.findall(r"^def (test_\d\d_\w+)", code, re.MULTILINE))
    named = {name for _, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert written <= named
    assert all(f"def {name}(" in code for name in named)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_exists_with_its_options(line: str) -> None:
    words = line.split()
    result = CliRunner().invoke(app, [*words[: 2 if words[0] == "release" else 1], "--help"])
    assert result.exit_code == 0, result.output
    for option in [word for word in words if word.startswith("--")]:
        assert option in result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of two invented pages, made by the command line."""
    home = tmp_path_factory.mktemp("home")
    pages = []
    for number in range(2):
        path = home / f"{number}.html"
        path.write_text(f"<html lang=ja><title>告示{number}</title><p>第{number}号の観測所を置く。</p></html>")
        pages.append(f'{{"path": "{path}", "source": "tides", "url": "https://www.tides.example/{number}"}}')
    (home / "list.jsonl").write_text("\n".join(pages))
    environment = {"KOBUNKO_HOME": str(home), "KOBUNKO__RUN__ENGINE": "inline"}
    for command in (["import", str(home / "list.jsonl")], ["run"], ["release", "build", "1", "--profile", "internal"]):
        result = CliRunner().invoke(app, command, env=environment)
        assert result.exit_code == 0, (result.output, result.exception)
    shutil.copytree(home / "releases" / "1", home / "RELEASE")
    return home


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", RELEASES, re.DOTALL))
def test_every_example_runs(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    found: dict[str, Any] = {}
    exec(code, found)
    if "rows" in found:
        assert len(list(found["rows"])) == 2
