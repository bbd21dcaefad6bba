"""Runs the real command line in a process of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

from commandline import Kobunko, Result, command, environment, run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def kobunko(home: Path) -> Kobunko:
    """`kobunko("run", "--json")` on the test's home; `code=` is the exit code that is expected."""

    def call(*arguments: str | Path, code: int | None = 0, at: Path = home, **extra: str) -> Result:
        result = run(command(at, *arguments), environment(**extra))
        assert code is None or result.code == code, f"exit {result.code}\n{result.out}\n{result.err}"
        return result

    return call
