"""The report of a run as Markdown, from its plain facts: what changed, what failed and why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CRAWL_COLUMNS = ("requests", "captured", "revisited", "new", "changed", "unchanged", "gone", "failed", "excluded")
STAGE_COLUMNS = ("documents", "already", "left", "pages", "seconds", "cpu_seconds", "gpu_seconds")
STAGE_HEADER = ("stage", "done now", "done before", "left", "pages", "seconds", "CPU s", "GPU s", "outcomes")
WORST = ("outcome", "stage", "document", "why")


def markdown(facts: Mapping[str, Any]) -> str:
    lines = [f"# {facts['kind']} {facts['run_id']}: {facts['state']}", ""]
    if facts.get("error"):
        lines += [f"**{facts['error']}**", ""]
    lines += _bullets("Promises that do not hold", facts.get("broken", []))
    lines += _crawl(facts.get("crawl", {}))
    lines += _stages(facts.get("stages", {}))
    lines += [line for told in outcome_lines(facts) for line in (told, "")]
    lines += _table("Documents that failed, ten of each stage, errors first", WORST, worst(facts))
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


def energy(stages: Mapping[str, Mapping[str, Any]], watts_per_core: float, watts_per_gpu: float) -> dict[str, float]:
    """What the night's reading cost: CPU and GPU seconds, and an estimate of watt-hours per 1,000 pages from them."""
    cpu, gpu = (sum(facts.get(name, 0.0) for facts in stages.values()) for name in ("cpu_seconds", "gpu_seconds"))
    pages = max((facts["pages"] for facts in stages.values()), default=0)
    joules = cpu * watts_per_core + gpu * watts_per_gpu
    per_thousand = joules / 3600 / pages * 1000 if pages else 0.0
    found = {"cpu_seconds": round(cpu, 1), "gpu_seconds": round(gpu, 1), "pages": pages}
    return found | {"wh_per_1000_pages": round(per_thousand, 2)}


def crawl_rows(sources: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    return [[source, *(facts.get(name, 0) for name in CRAWL_COLUMNS)] for source, facts in sources.items()]


def crawl_failures(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Ten requests of each source that failed."""
    return [
        f"{source}: {item['url']} ({item['reason']})"
        for source, facts in sources.items()
        for item in facts["failures"][:10]
    ]


def manners(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What politeness did to the crawl: sources that were left alone before their end, requests put off."""
    told = []
    for source, facts in sources.items():
        if facts.get("stopped"):
            told.append(f"{source}: stopped ({facts['stopped']}); {facts.get('waiting', 0)} requests wait")
        if facts.get("postponed"):
            told.append(f"{source}: {facts['postponed']} requests were put off and asked again later")
    return told


def stage_rows(stages: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    rows = []
    for name, facts in stages.items():
        outcomes = ", ".join(f"{outcome} {n}" for outcome, n in facts["outcomes"].items()) or "nothing to do"
        rows.append([name, *(facts.get(column, 0) for column in STAGE_COLUMNS), outcomes])
    return rows


def worst(facts: Mapping[str, Any]) -> list[list[str]]:
    failures = facts.get("failures", [])
    return [[row["outcome"], row["stage"], row["url"] or row["doc_id"], row["detail"][:120]] for row in failures]


def _nights(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return _table("Earlier nights", tuple(rows[0]) if rows else (), cells(rows))


def cells(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [list(row.values()) for row in rows]


def outcome_lines(facts: Mapping[str, Any]) -> list[str]:
    """What a night came to beside its tables, a sentence each: energy, duplicates, release."""
    told = []
    if (cost := facts.get("energy", {})).get("pages"):
        seconds = f"{cost['cpu_seconds']} CPU seconds and {cost['gpu_seconds']} GPU seconds for {cost['pages']} pages"
        told.append(f"{seconds}, about {cost['wh_per_1000_pages']} Wh per 1,000 pages (estimate).")
    if (found := facts.get("duplicates", {})).get("documents"):
        told.append(f"{found['copies']} of {found['documents']} documents repeat another one.")
    if release := facts.get("release"):
        made = f"was built, with {release['documents']} rows" if "documents" in release else "still holds all there is"
        where = f", and went to {release['published_to']}" if "published_to" in release else ""
        told.append(f"Release {release['version']} {made}{where}.")
    return told


def _crawl(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = _table("Sources", ("source", *CRAWL_COLUMNS), crawl_rows(sources))
    lines += _bullets("Politeness", manners(sources))
    return lines + _bullets("Requests that failed", crawl_failures(sources))


def _stages(stages: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return _table("Stages", STAGE_HEADER, stage_rows(stages))


def _bullets(title: str, items: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {item}" for item in items), ""] if items else []


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    body = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    if not body:
        return []
    return [f"## {title}", "", f"| {' | '.join(header)} |", "|" + "---|" * len(header), *body, ""]


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
