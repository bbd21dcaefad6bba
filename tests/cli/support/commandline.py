"""How the tests call the real command line."""

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
