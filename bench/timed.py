"""Stages whose record functions note what they cost. Workers load this module, so it loads nothing else."""

import os
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any


class Timed:
    """A stage's factory that notes the CPU seconds of making its record function, and of every call."""

    def __init__(self, stage: str, make: Callable[..., Any], log: Path) -> None:
        self.stage, self.make, self.log = stage, make, log

    def __call__(self, **params: Any) -> Any:
        self.note("start", time.process_time() if is_first() else 0.0)
        began = time.process_time()
        function = self.make(**params)
        self.note("make", time.process_time() - began)
        return TimedFunction(function, self)

    def note(self, kind: str, seconds: float) -> None:
        with (self.log / str(os.getpid())).open("a") as file:
            file.write(f"{self.stage} {kind} {seconds:.6f}\n")


_started: set[int] = set()


def is_first() -> bool:
    """Whether this process has made no record function yet: what it spent until now was its start."""
    first = os.getpid() not in _started
    _started.add(os.getpid())
    return first


class TimedFunction:
    def __init__(self, function: Any, timed: Timed) -> None:
        self._function, self._timed = function, timed
        if hasattr(function, "many"):
            self.many = partial(self._call, function.many)

    def __call__(self, record: Any) -> Any:
        return self._call(self._function, record)

    def _call(self, function: Callable[[Any], Any], given: Any) -> Any:
        began = time.process_time()
        try:
            return function(given)
        finally:
            self._timed.note("work", time.process_time() - began)


def noted(log: Path) -> dict[str, dict[str, float]]:
    """CPU seconds by stage and kind."""
    total: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for path in log.iterdir():
        for line in path.read_text().splitlines():
            stage, kind, seconds = line.split()
            total[stage][kind] += float(seconds)
    return total
