"""The night: crawl everything that is enabled, run every stage, and release what is new when asked to."""

import json
import math
import shutil
import time
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markdown import Markdown

from kobunko import depot, pipeline
from kobunko.commands.collect import note_crawl
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.commands.inspect import is_indexed, update_index
from kobunko.commands.process import note_stages, show_stages
from kobunko.commands.releases import remember_destination
from kobunko.errors import KobunkoError
from kobunko.home import Home, open_home
from kobunko.jobs import Job, job
from kobunko.notify import notify
from kobunko.report import energy, night_row
from kobunko.screen import crawl_progress, note, out, stage_progress

NIGHTS_SHOWN = 7
CRAWL_SHARE = 0.5  # of the time budget at most; the rest is for reading what came


@app.command()
def nightly(
    hours: Annotated[float, typer.Option(min=0, help="Time budget; what is left goes to the next night. 0: none.")] = 0,
    release: Annotated[bool, typer.Option(help="Build a release when anything is new.")] = False,
    profile: Annotated[pipeline.Profile, typer.Option(help="Of that release.")] = "open",
    to: Annotated[str, typer.Option(help="Where to publish that release.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Crawl every enabled source, run every stage, report; release and publish when asked."""
    started = time.monotonic()
    with open_home(settings_of(home)) as place:
        current = None
        try:
            with job(place, "nightly") as current:
                current.summary["earlier"] = _earlier(place, current)
                _collect(place, current, started + 3600 * hours * CRAWL_SHARE if hours else math.inf)
                _read(place, current, started + 3600 * hours if hours else math.inf)
                if release or to:
                    _release(place, current, profile, to)
                if json_:
                    show_stages(current, json_)
        finally:
            if current is not None:
                _tell(place, current, json_)


def _tell(place: Home, current: Job, json_: bool) -> None:
    """Shows the report that the job has written, and gives it to those who are to be told."""
    report = place.settings.reports / f"{current.run_id}.json"
    if report.is_file():
        if not json_:
            out.print(Markdown(report.with_suffix(".md").read_text(encoding="utf-8")))
        notify(place.settings.notify, json.loads(report.read_bytes()))


def _collect(place: Home, current: Job, deadline: float) -> None:
    enabled = [seed for seed in place.seeds.values() if seed.enabled]
    with crawl_progress() as progress:
        note_crawl(current, pipeline.crawl(place, current.run_id, enabled, on_progress=progress, deadline=deadline))


def _read(place: Home, current: Job, deadline: float) -> None:
    with stage_progress() as bars:
        note_stages(place, current, pipeline.run(place, progress=bars, deadline=deadline))
    kept_out = place.catalogue.removed() | place.catalogue.withheld()
    current.summary["duplicates"] = pipeline.duplicates(place, pipeline.corpus(place)).count(kept_out)
    run = place.settings.run
    current.summary["energy"] = energy(current.summary["stages"], run.watts_per_core, run.watts_per_gpu)


def _earlier(place: Home, current: Job) -> list[dict[str, Any]]:
    """The nights before this one, newest first, to compare with."""
    runs = place.catalogue.runs(limit=NIGHTS_SHOWN + 1, kind="nightly")
    return [night_row(run) for run in runs if run["run_id"] != current.run_id]


def _release(place: Home, current: Job, profile: pipeline.Profile, to: str) -> None:
    """A release named by the day, unless the newest one still holds all there is; and what the newest one still lacks,
    because an earlier night did not come so far."""
    newest = _newest(place)
    is_new = newest is None or not pipeline.is_current(place, newest["version"])
    if is_new:
        _build(place, profile)
        newest = _newest(place)
    assert newest is not None
    version = newest["version"]
    current.summary["release"] = facts = {"version": version, "new": is_new}
    if is_new:
        facts["documents"] = newest["documents"]
    if not newest["verified"]:
        if problems := pipeline.verify_release(place, version):
            raise KobunkoError(f"release {version} does not keep its promises: {problems[0]}.")
        place.catalogue.update_release(version, verified=True)
    if newest["profile"] == "open" and not is_indexed(place, version):  # what the index holds, everybody can read
        current.summary["index"] = update_index(place, version)
    if to and to not in newest["published_to"]:
        pipeline.publish(place, version, to)
        remember_destination(place, version, to)
        facts["published_to"] = to
    note(f"release {version}: {newest['documents']} rows")


def _newest(place: Home) -> dict[str, Any] | None:
    return max(place.catalogue.releases(), key=lambda row: row["built_at"], default=None)


def _build(place: Home, profile: pipeline.Profile) -> None:
    version = _next_version([row["version"] for row in place.catalogue.releases()])
    # A folder that no catalogue knows was left by a crash, or was built before the catalogue was lost.
    depot.forget(place.settings.releases / version)
    shutil.rmtree(place.settings.releases / version, ignore_errors=True)
    pipeline.build_release(place, version, profile)


def _next_version(known: list[str]) -> str:
    """Today's date, and a number where the day has a release already."""
    today = f"{datetime.now():%Y.%m.%d}"
    taken = sum(version == today or version.startswith(f"{today}.") for version in known)
    return f"{today}.{taken + 1}" if taken else today
