"""Removals: take documents out, keep them out, and erase their bytes."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from kobunko import pipeline, removals
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import UsageError
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.purge import purge
from kobunko.screen import note, show_json, show_table, stage_progress

remove_app = typer.Typer(no_args_is_help=True, help="Take documents out, keep them out, erase their bytes.")
app.add_typer(remove_app, name="remove")


@remove_app.command("add")
def remove_add(
    what: Annotated[str, typer.Argument(help="Document id, URL, or sha256 of raw bytes.")] = "",
    passage: Annotated[str, typer.Option(help="Words that the text holds, at least 10 characters of them.")] = "",
    reason: Annotated[str, typer.Option(help=", ".join(removals.REASONS))] = "preference",
    note_: Annotated[str, typer.Option("--note", help="For the operator; never in the public log.")] = "",
    deadline: Annotated[str, typer.Option(help="ISO date by which the bytes must be erased.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Record a removal: no stage and no release uses the documents from now on."""
    if bool(what) == bool(passage):
        raise UsageError("name one thing: a document id, a URL or a sha256, or --passage with the words.")
    with open_home(settings_of(home)) as place, job(place, "remove", reason) as current:
        target = removals.passage(pipeline.corpus(place), passage) if passage else _named(place, what)
        request_id = removals.add(place.catalogue, target, reason, note_, _day(deadline))
        newly = removals.apply(place.catalogue, pipeline.corpus(place))
        bound = sorted({*target.doc_ids, *(doc_id for ids in newly.values() for doc_id in ids)})
        current.summary["request_id"] = request_id
    if json_:
        show_json({"request_id": request_id, "documents": bound})
    else:
        note(f"{request_id} binds {len(bound)} documents. `kobunko remove purge` erases their bytes.")


def _named(home: Home, what: str) -> removals.Target:
    if "://" in what:
        return removals.named(home.catalogue, "url", what)
    is_hash = len(what) == 64 and all(char in "0123456789abcdef" for char in what.lower())
    return removals.named(home.catalogue, "sha256" if is_hash else "document", what)


def _day(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: write it as 2026-11-30.") from error


@remove_app.command("list")
def remove_list(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Every request with what it binds, for the operator."""
    with open_home(settings_of(home)) as place:
        found = removals.listing(place.catalogue)
    if json_:
        show_json(found)
        return
    rows = [
        [
            row["request_id"],
            row["reason"],
            row["kind"],
            len(row["documents"]),
            row["deadline"],
            row["purged_at"] or "no",
        ]
        for row in found
    ]
    show_table("Removals", ("request", "class", "named", "documents", "deadline", "erased"), rows)


@remove_app.command("apply")
def remove_apply(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Bind versions and copies that came since; `kobunko run` does the same."""
    with open_home(settings_of(home)) as place, job(place, "remove") as current:
        newly = removals.apply(place.catalogue, pipeline.corpus(place))
        current.summary["bound"] = newly
    if json_:
        show_json(newly)
    else:
        note(f"newly bound: {sum(map(len, newly.values()))} documents")


@remove_app.command("log")
def remove_log(home: HomeOption = None, json_: JsonOption = False) -> None:
    """The public log: what was removed when and why, without anything of the content."""
    with open_home(settings_of(home)) as place:
        found = removals.public_log(place.catalogue)
    if json_:
        show_json(found)
    else:
        names = ("request_id", "reason", "requested_at", "deadline", "purged_at", "documents")
        show_table("Removals", names, [[row[name] or "—" for name in names] for row in found])


@remove_app.command("purge")
def remove_purge(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Erase the bytes of everything that is removed: WARC, side-cars, caches, local releases, catalogue."""
    with open_home(settings_of(home)) as place, job(place, "remove", "purge") as current:
        removals.apply(place.catalogue, pipeline.corpus(place))
        with stage_progress() as progress:
            summary = asdict(purge(place, progress))
        current.summary["purge"] = {name: value for name, value in summary.items() if name != "elsewhere"}
    if json_:
        show_json(summary)
        return
    note(
        f"erased {summary['warc_records']} WARC records, {summary['sidecar_rows']} side-car rows, "
        f"{summary['cache_files']} cached files and {len(summary['releases'])} releases "
        f"of {summary['documents']} documents."
    )
    for entry in summary["elsewhere"]:
        note(f"release {entry['release']} is still at {entry['destination']}. To erase it there:")
        for line in entry["commands"]:
            note(f"  {line}")
