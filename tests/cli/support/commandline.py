"""How the tests call the real command line."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Result:
    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Kobunko = Callable[..., Result]


def command(home: Path, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "kobunko", "--home", str(home), *map(str, arguments)]


def environment(**extra: str) -> dict[str, str]:
    return os.environ | {"KOBUNKO__RUN__WORKERS": "2", "COLUMNS": "200", **extra}


def run(arguments: list[str], env: dict[str, str]) -> Result:
    return Result(subprocess.run(arguments, capture_output=True, text=True, timeout=300, env=env))


def must(home: Path, *arguments: str | Path) -> str:
    """Standard output of a command that has to succeed."""
    done = run(command(home, *arguments), environment())
    assert done.code == 0, done.err
    return done.out


def release(home: Path) -> dict[str, str]:
    """Builds a release and returns the SHA-256 of each of its files."""
    must(home, "release", "build", "storm", "--profile", "internal")
    files = sorted(path for path in (home / "releases" / "storm").rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
