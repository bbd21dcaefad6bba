"""Figures of the last job of each kind for Prometheus, as a file that node_exporter's textfile collector reads."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from kobunko import durable

CHANGES = ("new", "changed", "unchanged", "failed")


def write_metrics(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes `kobunko-<kind>.prom` from the facts of a finished job."""
    registry = CollectorRegistry()

    def gauge(name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"kobunko_batch_{name}", told, ["kind", *labels], registry=registry)

    kind = facts["kind"]
    gauge("end_timestamp_seconds", "When the last job ended").labels(kind).set(time.time())
    gauge("done", "1 where the last job ended by itself").labels(kind).set(facts["state"] == "done")
    gauge("broken_promises", "Assertions that do not hold").labels(kind).set(len(facts["broken"]))
    documents = gauge("source_documents", "Documents of a crawl by what became of them", "source", "change")
    for source, crawl in facts.get("crawl", {}).items():
        for change in CHANGES:
            documents.labels(kind, source, change).set(crawl[change])
    outcomes = gauge("stage_documents", "Documents of a stage by outcome", "stage", "outcome")
    cpu = gauge("stage_cpu_seconds", "CPU seconds of a stage", "stage")
    for stage, done in facts.get("stages", {}).items():
        cpu.labels(kind, stage).set(done["cpu_seconds"])
        for outcome, count in done["outcomes"].items():
            outcomes.labels(kind, stage, outcome).set(count)
    durable.make_folder(folder)
    write_to_textfile(str(folder / f"kobunko-{kind}.prom"), registry)
