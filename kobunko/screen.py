"""What people see: progress and messages on stderr, tables on stdout. JSON output goes through `show_json` alone."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

_WIDE = 160  # where the output is no terminal and nobody said how wide it is
_width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE

out = Console(width=_width)
err = Console(stderr=True, soft_wrap=True)


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    out.print(table)


def note(message: str) -> None:
    err.print(message, highlight=False, markup=False)


@contextmanager
def stage_progress() -> Iterator[Any]:
    """A bar per stage on a terminal; one line per stage elsewhere."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, disable=not err.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield update


@contextmanager
def byte_progress() -> Iterator[Any]:
    """A bar per step that counts bytes, on a terminal."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, disable=not err.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def update(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield update


@contextmanager
def crawl_progress() -> Iterator[Any]:
    """A bar per source with what is done and what waits, how many answers each host gave, and what came of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counts]}"))
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def update(source: str, counts: Mapping[str, int], hosts: Mapping[str, int]) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task(source, total=None, counts="")
            came = {name: counts[name] for name in ("new", "changed", "failed")}
            shown = ", ".join(f"{name} {count}" for name, count in (*hosts.items(), *came.items()))
            done = counts.get("requests", 0)
            bars.update(tasks[source], completed=done, total=done + counts.get("waiting", 0), counts=shown)

        yield update
