"""How the tests call the real command line: each command in a process of its own.

The process is forked from one that has imported everything, because importing takes seconds and tests make hundreds of
calls. `command` is for tests that need the whole start of a program, to kill it for example.
"""

import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["COLUMNS"] = "200"  # for the process that is forked from, which asks once
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["kobunko.cli", "commandline"])


@dataclass(frozen=True)
class Result:
    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Kobunko = Callable[..., Result]


def command(home: Path, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "kobunko", "--home", str(home), *map(str, arguments)]


def environment(**extra: str) -> dict[str, str]:
    contact = {"KOBUNKO__CRAWL__CONTACT": "mailto:test@kobunko.example"}
    return os.environ | {"KOBUNKO__RUN__WORKERS": "2"} | contact | extra


def run(arguments: list[str], env: dict[str, str]) -> Result:
    """Runs `command(…)` to its end."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("out", "err")]
        process = PROCESSES.Process(target=forked, args=(arguments[2:], env, streams))
        process.start()
        process.join(300)
        assert process.exitcode is not None, f"still running: {arguments}"
        return Result(process.exitcode, *(path.read_text() for path in streams))


def forked(arguments: list[str], env: dict[str, str], streams: list[Path]) -> None:
    """The command line in a process that was forked from one that has imported it."""
    from kobunko.cli import main

    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = arguments
    main()


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
