"""Sources and hosts: what is crawled and how, and what was asked of whom."""

from typing import Any
from urllib.parse import urlsplit

import typer

from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.crawlers import absences, hosts, watch
from kobunko.home import Home, open_home
from kobunko.screen import note, show_json, show_table

report_app = typer.Typer(no_args_is_help=True, help="Reports over what was done.")
app.add_typer(report_app, name="report")
RUNS = 400  # how far back the last success is looked for


@app.command("sources")
def sources_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the sources with their policy, their last finished crawl and their counts."""
    with open_home(settings_of(home)) as place:
        found = _sources(place)
    if json_:
        show_json(found)
        return
    names = (
        "source",
        "spider",
        "hosts",
        "delay_s",
        "requests_per_night",
        "hours",
        "last_success",
        "documents",
        "state",
    )
    show_table("Sources", names, [[_cell(row[name]) for name in names] for row in found])


def _sources(home: Home) -> list[dict[str, Any]]:
    finished = _last_finished(home)
    withheld = watch.count_withheld(home.catalogue)
    gone = [row["source"] for row in absences.events(home.catalogue)]
    rows = []
    for seed in home.seeds.values():
        crawl = seed.crawl
        unread = watch.unread(home.catalogue, seed.source)
        state = "not crawled" if not seed.enabled else "terms or robots.txt changed" if unread else "enabled"
        rows.append(
            {
                "source": seed.source,
                "title": seed.title,
                "spider": seed.spider,
                "hosts": sorted({urlsplit(url).netloc for url in crawl.start}),
                "delay_s": crawl.delay_s,
                "requests_per_night": crawl.requests_per_night,
                "bytes_per_night": crawl.bytes_per_night,
                "hours": crawl.hours,
                "robots": crawl.robots.policy,
                "state": state,
                "reason": seed.reason or crawl.robots.reason,
                "last_success": finished.get(seed.source, ""),
                "documents": len(home.catalogue.inputs(seed.source)),
                "withheld": withheld.get(seed.source, 0),
                "gone": gone.count(seed.source),
            }
        )
    return rows


def _last_finished(home: Home) -> dict[str, str]:
    """When each source was last crawled to the end."""
    found: dict[str, str] = {}
    for run in home.catalogue.runs(limit=RUNS):
        for source, facts in (run["summary"].get("crawl") or {}).items():
            if facts.get("finished") and run["finished_at"]:
                found.setdefault(source, run["finished_at"].isoformat(timespec="seconds"))
    return found


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


@report_app.command("politeness")
def politeness_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show what was asked of each host in each night, and who wants to be left alone until when."""
    with open_home(settings_of(home)) as place:
        nights = hosts.nights(place.catalogue)
        overrides = [
            {"source": seed.source, **other.model_dump(exclude_none=True)}
            for seed in place.seeds.values()
            for other in seed.crawl.hosts
        ]
        ignored = [
            {"source": seed.source, "policy": seed.crawl.robots.policy, "reason": seed.crawl.robots.reason}
            for seed in place.seeds.values()
            if seed.crawl.robots.policy != "obey"
        ]
    if json_:
        show_json({"nights": nights, "overrides": overrides, "robots_set_aside": ignored})
        return
    names = ("night", "host", "requests", "bytes", "refused", "not_before", "reason")
    show_table("What was asked of each host", names, [[row[name] or "" for name in names] for row in nights])
    for row in overrides:
        note(f"{row['source']}: other manners for {row['host']}: {row['reason']}")
    for row in ignored:
        note(f"{row['source']}: robots.txt is set aside: {row['reason']}")
