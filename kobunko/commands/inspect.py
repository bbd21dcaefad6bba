"""Looking things up: provenance of a document, fitness of the machine."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.doctor import checks
from kobunko.home import open_home
from kobunko.lookup import chain, find
from kobunko.removals import notice
from kobunko.screen import out, show_json, show_table


@app.command()
def lookup(
    what: Annotated[str, typer.Argument(help="Document id, URL, or sha256 of raw bytes.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Print the whole chain from a row back to its bytes, URL, time, licence and releases."""
    with open_home(settings_of(home)) as place:
        matched, ids = find(place, what)
        removed = [told for doc_id in ids if (told := notice(place.catalogue, doc_id))]
        gone = {told["doc_id"] for told in removed}
        chains = chain(place, pipeline.corpus(place, [doc_id for doc_id in ids if doc_id not in gone]))
    if json_:
        show_json({"query": what, "matched_by": matched, "documents": chains, "removed": removed})
        return
    for told in removed:
        facts = told["removed"]
        out.print(escape(f"{told['doc_id']}: removed on {facts['bound_at'][:10]} ({facts['reason']})"))
    for found in chains:
        show_chain(found)


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
    rights.add(escape(f"redistribute: {licence.get('redistribute')}; train: {licence.get('train')}"))
    for item in licence["evidence"]:
        told = [item["level"], item["rule"], *(f"{name} {item[name]}" for name in _EVIDENCE if item.get(name))]
        rights.add(escape(", ".join(told)))
    rights.add(escape(str(licence.get("attribution"))))
    tree.add(f"releases: {', '.join(found['releases']) or 'none yet'}")
    if len(found["versions"]) > 1:
        tree.add(escape(f"versions of this work: {', '.join(found['versions'])}"))
    out.print(tree)


@app.command("doctor")
def doctor_command(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check this machine and show with what Kobunko would run."""
    settings = settings_of(home)
    with open_home(settings) as place:
        found = [*checks(place), *pipeline.model_checks(place)]
    if json_:
        show_json({"checks": [asdict(item) for item in found], "settings": settings.model_dump(mode="json")})
    else:
        rows = [["ok" if item.ok else "NO", item.name, item.detail, "" if item.ok else item.remedy] for item in found]
        show_table("Checks", ("", "what", "found", "remedy"), rows)
    if not all(item.ok for item in found):
        raise typer.Exit(1)
