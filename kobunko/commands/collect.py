"""Bringing documents in: crawl and import."""

import itertools
from pathlib import Path
from typing import Annotated, Any

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import Busy, Interrupted, UsageError
from kobunko.home import Home, open_home
from kobunko.importing import ImportRow, import_files, rows_of_list, rows_of_path, summary_json
from kobunko.jobs import Job, job
from kobunko.screen import crawl_progress, note, show_json, show_table, stage_progress
from kobunko.seed import Seed


@app.command("crawl")
def crawl_command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Names of seeds.")],
    limit: Annotated[int, typer.Option(help="Documents per source at most; 0 is no limit.")] = 0,
    replay: Annotated[list[Path] | None, typer.Option(help="Answer requests from WARC files, not the network.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be asked of whom.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask sources for what is new, and keep every answer."""
    sources, archives = _archives(sources, replay or [])
    with open_home(settings_of(home)) as place:
        chosen = _seeds(place, sources)
        if dry_run:
            show_plans([pipeline.crawl_plan(place, seed) for seed in chosen], json_)
            return
        with job(place, "crawl", ",".join(sources), shared=True) as current, crawl_progress() as progress:
            mine = _taken(place, current, chosen)
            found = pipeline.crawl(place, current.run_id, mine, limit=limit, replay=archives, on_progress=progress)
            note_crawl(current, found)
            show_crawl(current, json_)


def _taken(home: Home, current: Job, seeds: list[Seed]) -> list[Seed]:
    """The sources that no other host of this installation crawls now; a web host is asked by one of them at a time."""
    mine = []
    for seed in seeds:
        names = [f"crawl {name}" for name in sorted({seed.source, *seed.hosts})]
        taken = list(itertools.takewhile(current.turns.take, names))
        if len(taken) == len(names):
            home.mend_raw(seed.source)
            mine.append(seed)
            continue
        for name in taken:
            current.turns.give(name)
    elsewhere = [seed.source for seed in seeds if seed not in mine]
    current.summary["elsewhere"] = elsewhere
    if elsewhere:
        note(f"left to the host that asks the same sites now: {', '.join(elsewhere)}")
    if not mine:
        raise Busy("other hosts of this installation crawl all of these sources: nothing is left to do here.")
    return mine


def show_plans(plans: list[dict[str, Any]], json_: bool) -> None:
    if json_:
        show_json(plans)
        return
    for plan in plans:
        begins = "goes on" if plan["goes_on"] else "begins anew"
        note(f"{plan['source']} {begins}: {plan['waiting']} requests wait, as {plan['user_agent']}")
        header = ("host", "seconds apart", "requests a night", "asked tonight", "hours", "not now, because")
        names = ("host", "delay_s", "requests_per_night", "requests_tonight", "hours", "objection")
        show_table("Hosts", header, [[host[name] for name in names] for host in plan["hosts"]])
        show_table("First requests", ("URL",), [[url] for url in plan["requests"]])


def _archives(words: list[str], replay: list[Path]) -> tuple[list[str], list[Path]]:
    """Sources and WARC files apart: a shell puts all but the first file of `--replay *.warc.gz` among the sources."""
    files = [word for word in words if replay and Path(word).is_file()]
    archives = [*replay, *map(Path, files)]
    for path in archives:
        if not path.is_file():
            raise UsageError(f"{path} is not a file: --replay takes WARC files.")
    return [word for word in words if word not in files], archives


def _seeds(home: Home, sources: list[str]) -> list[Seed]:
    unknown = [name for name in sources if name not in home.seeds]
    if unknown:
        raise UsageError(f"no seed for {', '.join(unknown)}: known are {', '.join(home.seeds)}.")
    closed = [home.seeds[name] for name in sources if not home.seeds[name].enabled]
    if closed:
        raise UsageError("; ".join(f"{seed.source} is not crawled: {seed.reason}" for seed in closed))
    return [home.seeds[name] for name in sources]


def note_crawl(current: Job, found: dict[str, Any]) -> None:
    current.summary["crawl"] = found
    for source, facts in found.items():
        current.broken += [f"{source}: {line}" for line in (*facts["broken_assertions"], *facts["alarms"])]
        if facts["stopped"]:
            note(f"{source}: stopped ({facts['stopped']}); the next crawl goes on from here")
    if any(facts["stopped"] == "interrupted" for facts in found.values()):
        raise Interrupted


def show_crawl(current: Job, json_: bool) -> None:
    if json_:
        show_json({"run_id": current.run_id, **current.summary, "broken": current.broken})
        return
    header = ("source", "requests", "new bodies", "same bodies", "new", "changed", "unchanged", "failed", "robots")
    names = ("requests", "captured", "revisited", "new", "changed", "unchanged", "failed", "excluded")
    rows = [[source, *(facts[name] for name in names)] for source, facts in current.summary["crawl"].items()]
    show_table("Crawl", header, rows)
    for source, facts in current.summary["crawl"].items():
        for item in facts["failures"][:10]:
            note(f"{source}: {item['url']} failed: {item['reason']}")


@app.command("import")
def import_command(
    paths: Annotated[list[Path], typer.Argument(metavar="LIST.jsonl|PATH…", help="Import lists, files or folders.")],
    source: Annotated[str, typer.Option(help="Source of files that are given by path.")] = "",
    url: Annotated[str, typer.Option(help="URL of a single file that is given by path.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring in files that you already have."""
    rows = _import_rows(paths, source, url)
    with open_home(settings_of(home)) as place, job(place, "import") as current, stage_progress() as progress:
        done = 0

        def advance(n: int) -> None:
            nonlocal done
            done += n
            progress("import", done, len(rows))

        summary = import_files(place, current.run_id, rows, advance)
        current.summary["import"] = summary_json(summary)
        current.broken += [f"{item['path']} could not be read: {item['reason']}" for item in summary.failed]
        if json_:  # before a broken promise ends the job
            show_json(current.summary["import"])
        else:
            note(f"{summary.files} files: {summary.new} new documents, {summary.unchanged} known already.")


def _import_rows(paths: list[Path], source: str, url: str) -> list[ImportRow]:
    rows: list[ImportRow] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist: give an import list (.jsonl), a file or a folder.")
        rows += rows_of_list(path) if path.suffix == ".jsonl" and not source else rows_of_path(path, source, url)
    if url and len(rows) > 1:
        raise UsageError("--url names one document: give one file with it, or use an import list.")
    if not rows:
        raise UsageError("nothing to import: the folder or list is empty.")
    return rows
