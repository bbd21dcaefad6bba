"""The report of a run as Markdown, from its plain facts: what changed, what failed and why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CRAWL_COLUMNS = ("requests", "captured", "revisited", "new", "changed", "unchanged", "failed", "excluded")


def markdown(facts: Mapping[str, Any]) -> str:
    lines = [f"# {facts['kind']} {facts['run_id']}: {facts['state']}", ""]
    if facts.get("error"):
        lines += [f"**{facts['error']}**", ""]
    lines += _bullets("Promises that do not hold", facts.get("broken", []))
    lines += _crawl(facts.get("crawl", {}))
    lines += _stages(facts.get("stages", {}))
    lines += _energy(facts.get("energy", {}))
    worst = [
        [row["outcome"], row["stage"], row["url"] or row["doc_id"], row["detail"][:120]]
        for row in facts.get("failures", [])
    ]
    lines += _table("Documents without text, worst first", ("outcome", "stage", "document", "why"), worst)
    lines += _nights(facts.get("earlier", []))
    return "\n".join(lines).rstrip() + "\n"


def night_row(run: Mapping[str, Any]) -> dict[str, Any]:
    """One night on one line, to stand beside others; `run` is a run of the catalogue with its summary."""
    crawls, stages = (run["summary"].get(name, {}).values() for name in ("crawl", "stages"))
    return {
        "run_id": run["run_id"],
        "state": run["state"],
        "new": sum(facts["new"] for facts in crawls),
        "changed": sum(facts["changed"] for facts in crawls),
        "failed": sum(facts["failed"] for facts in crawls),
        "errors": sum(
            n for facts in stages for outcome, n in facts["outcomes"].items() if outcome.startswith("error:")
        ),
        "cpu_seconds": round(sum(facts.get("cpu_seconds", 0.0) for facts in stages), 1),
        "broken": len(run["summary"].get("broken", [])),
    }


def energy(stages: Mapping[str, Mapping[str, Any]], watts_per_core: float) -> dict[str, float]:
    """What the night's reading cost: CPU seconds, and an estimate of watt-hours per 1,000 pages from them."""
    cpu = sum(facts["cpu_seconds"] for facts in stages.values())
    pages = max((facts["pages"] for facts in stages.values()), default=0)
    per_thousand = cpu * watts_per_core / 3600 / pages * 1000 if pages else 0.0
    return {"cpu_seconds": round(cpu, 1), "pages": pages, "wh_per_1000_pages": round(per_thousand, 2)}


def _nights(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    header = tuple(rows[0]) if rows else ()
    return _table("Earlier nights", header, [list(row.values()) for row in rows])


def _energy(facts: Mapping[str, Any]) -> list[str]:
    if not facts.get("pages"):
        return []
    told = f"{facts['cpu_seconds']} CPU seconds for {facts['pages']} pages"
    return [f"{told}, about {facts['wh_per_1000_pages']} Wh per 1,000 pages (estimate).", ""]


def _crawl(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [[source, *(facts[name] for name in CRAWL_COLUMNS)] for source, facts in sources.items()]
    lines = _table("Sources", ("source", *CRAWL_COLUMNS), rows)
    failed = [
        f"{source}: {item['url']} ({item['reason']})"
        for source, facts in sources.items()
        for item in facts["failures"][:10]
    ]
    return lines + _bullets("Requests that failed", failed)


def _stages(stages: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = []
    for name, facts in stages.items():
        outcomes = ", ".join(f"{outcome} {n}" for outcome, n in facts["outcomes"].items()) or "nothing to do"
        done = [facts[column] for column in ("documents", "already", "left", "seconds", "cpu_seconds")]
        rows.append([name, *done, outcomes])
    header = ("stage", "done now", "done before", "left", "seconds", "CPU seconds", "outcomes")
    return _table("Stages", header, rows)


def _bullets(title: str, items: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {item}" for item in items), ""] if items else []


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    body = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    if not body:
        return []
    return [f"## {title}", "", f"| {' | '.join(header)} |", "|" + "---|" * len(header), *body, ""]


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
