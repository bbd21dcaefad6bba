"""Crawls by the command line, each in a process of its own that was forked from one that has imported everything."""

import errno
import itertools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from commandline import PROCESSES, command, environment, forked

PROCESSES.set_forkserver_preload(["kobunko.cli", "commandline", "kobunko.crawlers.spiders.site"])


def _nothing() -> None:
    pass


class Crawl:
    """A crawl of the source `storm`; `prepare` is called in its process before it begins."""

    def __init__(self, home: Path, prepare: Callable[[], None] = _nothing) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="crawl-"))
        streams = [self._folder / name for name in ("out", "err")]
        arguments = command(home, "crawl", "storm", "--json")[2:]
        self.process = PROCESSES.Process(target=_begin, args=(prepare, arguments, environment(), streams))
        self.process.start()

    def is_over(self) -> bool:
        return self.process.exitcode is not None

    def end(self, seconds: float = 300) -> tuple[int, str]:
        """Exit code and what was said."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "still running"
        said = self._folder / "err"
        return self.process.exitcode, said.read_text() if said.exists() else ""

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def _begin(prepare: Callable[[], None], arguments: list[str], env: dict[str, str], streams: list[Path]) -> None:
    prepare()
    forked(arguments, env, streams)


def fsync_fails_from(first: int) -> None:
    """From the n-th call on, as after an error of the disk."""
    real, calls = os.fsync, itertools.count(1)

    def fsync(handle: int) -> None:
        if next(calls) >= first:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    os.fsync = fsync  # type: ignore[assignment]
