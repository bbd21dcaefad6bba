"""Keeping what was collected: backup, restore and rebuild of the catalogue, and the audit of the whole home."""

from collections import Counter
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kobunko import pipeline
from kobunko.audit import audit
from kobunko.backup import back_up, restore
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.commands.releases import preview
from kobunko.home import open_home
from kobunko.jobs import job
from kobunko.rebuild import rebuild
from kobunko.screen import note, show_json, show_table, stage_progress


@app.command("backup")
def backup_command(
    folder: Annotated[Path, typer.Argument(help="New folder for the backup.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Copy the catalogue into Parquet files, as it is at one moment."""
    with open_home(settings_of(home)) as place:
        rows = back_up(place.catalogue, folder)
    if json_:
        show_json({"folder": str(folder), "rows": rows})
    else:
        note(f"{sum(rows.values())} rows are in {folder}. Copy raw/, stages/ and releases/ with any tool.")


@app.command("restore")
def restore_command(
    folder: Annotated[Path, typer.Argument(help="Folder that `kobunko backup` made.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Fill an empty catalogue from a backup, be it of SQLite or of PostgreSQL."""
    with open_home(settings_of(home)) as place, place.writing():
        rows = restore(place.catalogue, folder)
    if json_:
        show_json({"folder": str(folder), "rows": rows})
    else:
        note(f"{sum(rows.values())} rows of {len(rows)} tables are restored; check them with `kobunko audit`.")


@app.command("rebuild")
def rebuild_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Fill an empty catalogue from raw/ and releases/ alone, where there is no backup."""
    from kobunko.crawlers.recapture import captures

    with open_home(settings_of(home)) as place, job(place, "rebuild") as current:
        with stage_progress() as progress:
            found = rebuild(
                place.catalogue,
                current.run_id,
                partial(captures, place.settings.raw),
                pipeline.listed_releases(place),
                progress,
            )
        current.summary.update(asdict(found))
    if json_:
        show_json(asdict(found))
        return
    note(f"{found.captures} captures, {found.documents} documents and {found.releases} releases are back.")
    note("Removals but for their ids, reviews of terms and the politeness ledger come back from a backup only.")
    for source, count in found.unclaimed.items():
        note(
            f"{count} answers of {source} belong to no released document: `kobunko crawl {source} --replay` its files."
        )


@app.command("audit")
def audit_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Compare raw files, catalogue, side-cars, releases and where they were published; name every disagreement."""

    def published(version: str, to: str) -> tuple[list[str], list[str]]:
        changes = preview(place, version, to)
        return changes.add, changes.replace

    with open_home(settings_of(home)) as place, job(place, "audit") as current:
        with stage_progress() as progress:
            damaged = partial(pipeline.damaged_files, place)
            found = list(audit(place, pipeline.corpus(place), damaged, published, progress))
        current.summary["disagreements"] = dict(Counter(item.kind for item in found))
        current.broken += [f"{item.kind}: {item.where} ({item.detail})" for item in found]
        if json_:
            show_json({"disagreements": [asdict(item) for item in found]})
        elif found:
            show_table("Disagreements", ("kind", "where", "detail"), [list(asdict(item).values()) for item in found])
        else:
            note("Raw files, catalogue, side-cars, releases and what was published agree.")
