"""Structured logs: JSON lines in the home, with run id, source, stage and document bound; short lines on stderr.

Standard output is for data alone.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from kobunko import durable

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def get_logger(name: str) -> Any:
    return structlog.stdlib.get_logger(name)


def configure(*, verbose: bool = False) -> None:
    """Sets up logging for a process: warnings (or, when verbose, everything) go to stderr."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.INFO if verbose else logging.WARNING)
    console.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)))
    root = logging.getLogger()
    root.handlers[:] = [console]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)


@contextmanager
def run_log(folder: Path, run_id: str) -> Iterator[Path]:
    """Keeps the log of one run in `logs/<run_id>.jsonl`, with the run id on every line."""
    durable.make_folder(folder)
    path = folder / f"{run_id}.jsonl"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(ensure_ascii=False)))
    logging.getLogger().addHandler(handler)
    try:
        with structlog.contextvars.bound_contextvars(run_id=run_id):
            yield path
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _formatter(renderer: Any) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
