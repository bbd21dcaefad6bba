"""Bringing documents through the stages: run, retry, prune, status, and one file alone."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import UsageError
from kobunko.home import Home, open_home
from kobunko.jobs import Job, job
from kobunko.removals import settle
from kobunko.running import StageSummary, failed_positions, over_quarantine_limit
from kobunko.screen import note, show_json, show_table, stage_progress
from kobunko.single import read_file
from kobunko.status import failures, status


@app.command("run")
def run_command(
    stage: Annotated[list[str] | None, typer.Option(help="Only this stage (may be repeated).")] = None,
    engine: Annotated[str, typer.Option(help="processes, inline or ray; else as in the settings.")] = "",
    address: Annotated[str, typer.Option(help="host:port of a running Ray cluster.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring every document through the stages: only what has no result yet."""
    flags = {name: value for name, value in (("engine", engine), ("address", address)) if value}
    with (
        open_home(settings_of(home, run=flags)) as place,
        job(place, "run", ",".join(stage or []), shared=True) as current,
    ):
        _check_stages(place, stage or [])
        with stage_progress() as progress:
            note_stages(place, current, pipeline.run(place, stage or (), progress, turns=current.turns))
        show_stages(current, json_)


def _check_stages(home: Home, names: list[str]) -> None:
    known = [item.name for item in pipeline.stages(home)]
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"no stage {', '.join(unknown)}: there are {', '.join(known)}.")


def note_stages(home: Home, current: Job, done: dict[str, StageSummary]) -> None:
    current.summary["stages"] = {name: summary.as_json() for name, summary in done.items()}
    current.summary["failures"] = failures(pipeline.corpus(home))
    current.broken += settle(home.catalogue, pipeline.corpus(home))
    current.broken += over_quarantine_limit(done, home.settings.run.quarantine_share)


def show_stages(current: Job, json_: bool) -> None:
    if json_:
        show_json({"run_id": current.run_id, **current.summary, "broken": current.broken})
        return
    rows = []
    for name, facts in current.summary["stages"].items():
        outcomes = ", ".join(f"{outcome} {n}" for outcome, n in facts["outcomes"].items())
        rows.append([name, facts["documents"], facts["already"], facts["seconds"], outcomes or "nothing to do"])
    show_table("Stages", ("stage", "done now", "done before", "seconds", "outcomes"), rows)
    if not any(facts["documents"] for facts in current.summary["stages"].values()):
        note("Nothing was new: no document was done again.")


@app.command()
def retry(
    stage: Annotated[list[str] | None, typer.Option(help="Only this stage (may be repeated).")] = None,
    outcome: Annotated[str, typer.Option(help="Only this outcome, e.g. error:Timeout or reject:encrypted.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Do documents that ended in an error once more."""
    with open_home(settings_of(home)) as place, job(place, "retry", outcome) as current:
        _check_stages(place, stage or [])
        corpus = pipeline.corpus(place)
        for name in stage or list(corpus.stages):
            corpus.postpone(name, failed_positions(corpus, name, outcome))
        with stage_progress() as progress:
            note_stages(place, current, pipeline.run(place, progress=progress))
        show_stages(current, json_)


@app.command()
def prune(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Remove results of stage versions that the pipeline no longer has."""
    with open_home(settings_of(home)) as place, job(place, "prune") as current:
        removed = [path.name for path in pipeline.prune_stages(place)]
        current.summary["removed"] = removed
    if json_:
        show_json(removed)
    else:
        note(f"removed: {', '.join(removed) or 'nothing'}")


@app.command("status")
def status_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """What this home holds, and how far its documents have come."""
    with open_home(settings_of(home)) as place:
        facts = status(place, pipeline.corpus(place))
    if json_:
        show_json(facts)
        return
    rows = [
        [source, found["documents"], stage, ", ".join(f"{outcome} {n}" for outcome, n in outcomes.items())]
        for source, found in facts["by_source"].items()
        for stage, outcomes in (found["outcomes"] or {"—": {}}).items()
    ]
    show_table(f"{facts['documents']} documents, {facts['captures']} captures", _STATUS, rows)
    rows = [[run["run_id"], run["kind"], run["subject"], run["state"]] for run in facts["runs"]]
    show_table("Runs", ("run", "kind", "subject", "state"), rows)


_STATUS = ("source", "documents", "stage", "outcomes")


@app.command("extract")
def extract_command(
    file: Annotated[Path, typer.Argument(help="One document of any kind.")],
    source: Annotated[str, typer.Option(help="Source to treat it as.")] = "import",
    url: Annotated[str, typer.Option(help="URL that it came from.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Read one file and print its text, without storing anything."""
    settings = settings_of(home)
    result = read_file(file, pipeline.reading_stages(settings.ocr), source=source, url=url)
    if json_:
        show_json(result)
    else:
        sys.stdout.write(result["text"] + ("\n" if result["text"] else ""))
    if result["outcome"] != "ok":
        note(f"{file}: {result['outcome']} {result['detail']}")
        raise typer.Exit(1)
