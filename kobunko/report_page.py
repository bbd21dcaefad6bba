"""The report of a run as one page of HTML that stands alone: the tables of the Markdown, and plots beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kobunko import report
from kobunko.web.plots import bars

_templates = Environment(
    loader=PackageLoader("kobunko"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(facts: Mapping[str, Any]) -> str:
    crawl, stages, earlier = (facts.get(name) or {} for name in ("crawl", "stages", "earlier"))
    given = {
        "facts": facts,
        "report": report,
        "crawl": crawl,
        "stages": stages,
        "earlier": earlier,
        "plots": [*_crawl_plots(crawl), *_stage_plots(stages), *_night_plots(facts, list(earlier))],
    }
    return _templates.get_template("run.html").render(given)


def _crawl_plots(crawl: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    if not crawl:
        return []
    series = {name: [facts[name] for facts in crawl.values()] for name in ("new", "changed", "failed", "unchanged")}
    return [_plot("Documents of each source", list(crawl), series)]


def _stage_plots(stages: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    if not any(facts["documents"] for facts in stages.values()):
        return []
    kinds = ("ok", "reject", "error")
    outcomes = {kind: [_of_kind(facts, kind) for facts in stages.values()] for kind in kinds}
    seconds = {"CPU": [facts["cpu_seconds"] for facts in stages.values()]}
    return [
        _plot("Outcomes of each stage", list(stages), outcomes),
        _plot("CPU seconds of each stage", list(stages), seconds),
    ]


def _of_kind(facts: Mapping[str, Any], kind: str) -> int:
    return sum(n for outcome, n in facts["outcomes"].items() if outcome.split(":")[0] == kind)


def _night_plots(facts: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    """This night beside those before it, oldest first."""
    if not earlier:
        return []
    nights = [*reversed(earlier), report.night_row({**facts, "summary": facts})]
    names = [f"{night['run_id'][4:6]}-{night['run_id'][6:8]}" for night in nights]
    changes = {name: [night[name] for night in nights] for name in ("new", "changed", "failed")}
    seconds = {"CPU": [night["cpu_seconds"] for night in nights]}
    return [_plot("Documents by night", names, changes), _plot("CPU seconds by night", names, seconds)]


def _plot(title: str, names: Sequence[str], series: Mapping[str, Sequence[float]]) -> tuple[str, Markup]:
    return title, bars(title, names, series)
