"""A job: one command that changes a home. It holds the lock, has a run in the catalogue, a log and a report."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kobunko import durable
from kobunko.errors import BrokenAssertion, Interrupted
from kobunko.home import Home
from kobunko.logs import get_logger, run_log
from kobunko.metrics import write_metrics
from kobunko.report import markdown
from kobunko.turns import Turns

log = get_logger(__name__)


@dataclass
class Job:
    """What the command found out: `summary` is plain JSON, `broken` are promises that do not hold (exit code 3)."""

    run_id: str
    kind: str
    turns: Turns
    summary: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


@contextmanager
def job(home: Home, kind: str, subject: str = "", *, shared: bool = False) -> Iterator[Job]:
    """Runs the body as a job. However it ends, the run is closed in the catalogue and its report is written.

    `shared` jobs leave room for those of other hosts of the same installation.
    """
    with home.writing(shared=shared) as turns:
        current = Job(home.catalogue.start_run(kind, subject), kind, turns)
        with run_log(home.settings.logs, current.run_id):
            log.info("started", kind=kind, subject=subject)
            state = "failed"
            try:
                yield current
                state = "done"
            except (Interrupted, KeyboardInterrupt):
                state = "interrupted"
                raise
            except Exception as error:
                current.summary["error"] = f"{type(error).__name__}: {error}"
                raise
            finally:
                facts = current.summary | {"broken": current.broken}
                home.catalogue.finish_run(current.run_id, state, facts)
                _write_report(home, current, state, facts)
                log.info("finished", kind=kind, state=state)
    if current.broken:
        raise BrokenAssertion("; ".join(current.broken))


def _write_report(home: Home, current: Job, state: str, facts: dict[str, Any]) -> None:
    from kobunko.report_page import page  # brings the templates along, which only the end of a job needs

    whole = {"run_id": current.run_id, "kind": current.kind, "state": state, **facts}
    path = home.settings.reports / f"{current.run_id}.json"
    durable.write_bytes(path, json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True).encode())
    durable.write_bytes(path.with_suffix(".md"), markdown(whole).encode())
    durable.write_bytes(path.with_suffix(".html"), page(whole).encode())
    write_metrics(home.settings.metrics, whole)
