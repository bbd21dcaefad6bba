"""Looking things up: provenance of a document or a passage, the index for it, fitness of the machine."""

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.doctor import checks
from kobunko.errors import UsageError
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.lookup import chain, find
from kobunko.lookup.hits import described
from kobunko.lookup.prov import prov
from kobunko.lookup.versions import in_force
from kobunko.ocr.checks import model_checks
from kobunko.passages.fold import update
from kobunko.passages.released import Release, default_release
from kobunko.passages.store import Store, open_store
from kobunko.passages.trace import trace
from kobunko.removals import notice
from kobunko.running import Progress
from kobunko.screen import note, out, show_json, show_table, stage_progress

_LONGEST_FILE = 8 << 20  # bytes of a passage


@app.command()
def lookup(
    what: Annotated[
        str, typer.Argument(help="Document id, URL, sha256 of raw bytes, law or case number, filing id, release row.")
    ] = "",
    text: Annotated[str, typer.Option(help="A passage: find the documents that hold it, exactly or nearly.")] = "",
    file: Annotated[Path | None, typer.Option(help="A file with a passage.", exists=True, dir_okay=False)] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Laws as in force on this day.")] = None,
    as_prov: Annotated[bool, typer.Option("--prov", help="Print W3C PROV-JSON.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Documents that are shown for a passage.")] = 10,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Print the whole chain from a row back to its bytes, URL, time, licence and releases."""
    passage = text or _passage_of(file)
    if bool(what) == bool(passage):
        raise UsageError("give either one id, URL, hash or number, or a passage with --text or --file.")
    with open_home(settings_of(home)) as place:
        place.fetch()
        store = open_store(place.settings.index)
        if passage:
            _show_trace(place, passage, limit, json_=json_)
            return
        match = find(place, what, store)
        ids = in_force(place, store, match.doc_ids, as_of.date()) if as_of else match.doc_ids
        removed = [told for doc_id in ids if (told := notice(place.catalogue, doc_id))]
        gone = {told["doc_id"] for told in removed}
        chains = chain(place, pipeline.stages(place), [doc_id for doc_id in ids if doc_id not in gone], store)
    if as_prov:
        show_json(prov(chains))
    elif json_:
        show_json({"query": what, "matched_by": match.kind, "documents": chains, "removed": removed})
    else:
        for told in removed:
            facts = told["removed"]
            out.print(escape(f"{told['doc_id']}: removed on {facts['bound_at'][:10]} ({facts['reason']})"))
        for found in chains:
            show_chain(found)


def _passage_of(file: Path | None) -> str:
    if file is None:
        return ""
    if file.stat().st_size > _LONGEST_FILE:
        raise UsageError(f"{file} is larger than {_LONGEST_FILE >> 20} MB: give the passage that you look for.")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text: read it with `kobunko extract` first.") from error


def _show_trace(place: Home, passage: str, limit: int, *, json_: bool) -> None:
    store = Store(place.settings.index)
    rows = described(place, store, trace(store, passage, limit, place.catalogue.removed))
    if json_:
        show_json({"release": store.fact("release"), "hits": rows})
        return
    header = ("likeness", "document", "page", "characters", "title", "URL", "copies", "versions")
    cells = [
        [
            f"{row['likeness']:.3f}",
            row["doc_id"],
            row["page"],
            f"{row['start']}–{row['end']}",
            row["title"],
            row["url"],
            *(" ".join(row[name]) for name in ("duplicates", "versions")),
        ]
        for row in rows
    ]
    show_table(f"Documents that hold the passage (release {store.fact('release')})", header, cells)
    if not rows:
        note("No released document holds this passage.")
        raise typer.Exit(1)


@app.command("index")
def index_command(
    release: Annotated[str, typer.Option(help="Release to index; the newest open one if none is named.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring the passage index up to date with a release: add what is new, drop what has left."""
    with open_home(settings_of(home)) as place, job(place, "index", release) as current, stage_progress() as progress:
        facts = update_index(place, release, progress)
        current.summary["index"] = facts
    if json_:
        show_json(facts)
    else:
        note(f"release {facts['release']}: {facts['added']} documents added, {facts['removed']} dropped")


def update_index(place: Home, version: str = "", progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Makes the passage index hold exactly a release, the newest open one if none is named."""
    releases = place.settings.releases
    chosen = Release(releases / version) if version else default_release(releases)
    with closing(Store(place.settings.index, create=True)) as store:
        removed = place.catalogue.removed()
        summary = update(store, chosen, removed, lambda done, total: progress("index", done, total))
    return {"release": chosen.version, **asdict(summary)}


def is_indexed(place: Home, version: str) -> bool:
    """Whether the passage index holds this very release."""
    if (store := open_store(place.settings.index)) is None:
        return False
    with closing(store):
        return store.fact("release") == version


_EVIDENCE = ("phrase", "url", "fetched_at", "sha256")


def show_chain(found: dict[str, Any]) -> None:
    """The chain as a tree, from the row down to the bytes and up to the releases."""
    tree = Tree(f"[bold]{escape(found['doc_id'])}[/bold]  {escape(found['title'])}")
    pages = tree.add(f"pages: {len(found['pages'])}")
    for page in found["pages"][:5]:
        sure = "" if page["confidence"] is None else f", confidence {page['confidence']:.3f}"
        pages.add(f"{page['number']}: {page['method']} ({page['reason']}), {page['writing']}{sure}")
    stages = tree.add("stages")
    for stage in found["stages"]:
        stages.add(escape(f"{stage['stage']}: {stage['outcome']} {stage['detail'][:100]}"))
    parts = tree.add("bytes")
    for part in found["parts"]:
        state = "intact" if part["intact"] else "[red]NOT INTACT[/red]"
        place = parts.add(f"{part['role']}: {part['size']} bytes, sha256 {part['sha256']} ({state})")
        place.add(escape(f"{part['warc_file']} at {part['warc_offset']}, record {part['capture_id']}"))
        place.add(escape(f"{part['url']}  fetched {part['fetched_at'] or 'at an unknown time'}"))
    if found["linked_from"]:
        tree.add(escape(f"linked from {found['linked_from']} as 「{found['anchor_text']}」"))
    licence = found["licence"]
    rights = tree.add(escape(f"licence: {licence.get('license')} ({licence.get('evidence_level')})"))
    part = f" ({licence['part']} may go out)" if licence.get("part") else ""
    rights.add(escape(f"redistribute: {licence.get('redistribute')}{part}; train: {licence.get('train')}"))
    for item in licence["evidence"]:
        told = [item["level"], item["rule"], *(f"{name} {item[name]}" for name in _EVIDENCE if item.get(name))]
        rights.add(escape(", ".join(told)))
    rights.add(escape(str(licence.get("attribution"))))
    tree.add(f"releases: {', '.join(found['releases']) or 'none yet'}")
    if len(found["versions"]) > 1:
        versions = tree.add("versions of this work")
        for version in found["versions"]:
            since = version["in_force_from"] or version["published"] or "no date"
            versions.add(escape(f"{version['doc_id']}  {version['source_version']}  {since}"))
    if found["duplicates"]:
        tree.add(escape(f"the same or nearly the same text: {', '.join(found['duplicates'])}"))
    if found["removed"]:
        tree.add("[red]removed: it is in no later release[/red]")
    out.print(tree)


@app.command("doctor")
def doctor_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check this machine and show with what Kobunko would run."""
    settings = settings_of(home)
    found = [*checks(settings), *model_checks(settings.ocr)]
    if json_:
        show_json({"checks": [asdict(item) for item in found], "settings": settings.model_dump(mode="json")})
    else:
        rows = [["ok" if item.ok else "NO", item.name, item.detail, "" if item.ok else item.remedy] for item in found]
        show_table("Checks", ("", "what", "found", "remedy"), rows)
    if not all(item.ok for item in found):
        raise typer.Exit(1)
