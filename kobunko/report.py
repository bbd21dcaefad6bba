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
    worst = [
        [row["outcome"], row["stage"], row["url"] or row["doc_id"], row["detail"][:120]]
        for row in facts.get("failures", [])
    ]
    lines += _table("Documents without text, worst first", ("outcome", "stage", "document", "why"), worst)
    return "\n".join(lines).rstrip() + "\n"


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
        rows.append([name, facts["documents"], facts["already"], facts["seconds"], outcomes])
    return _table("Stages", ("stage", "done now", "done before", "seconds", "outcomes"), rows)


def _bullets(title: str, items: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {item}" for item in items), ""] if items else []


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    body = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    if not body:
        return []
    return [f"## {title}", "", f"| {' | '.join(header)} |", "|" + "---|" * len(header), *body, ""]


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
