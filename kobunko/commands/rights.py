"""Rights: what may be done with one document, and why."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from kobunko import pipeline, removals
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.home import Home, open_home
from kobunko.licensing import answer
from kobunko.licensing.hosts import host_of
from kobunko.licensing.stage import knowledge_of
from kobunko.lookup import find
from kobunko.screen import out, show_json
from kobunko.single import read_file


class _OrDocument(TyperGroup):
    """A word that is no command names a document: `kobunko rights FILE` is short for `kobunko rights show FILE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


rights_app = typer.Typer(cls=_OrDocument, no_args_is_help=True, help="What may be done with a document, and why.")
app.add_typer(rights_app, name="rights")


@rights_app.command("show")
def rights_show(
    what: Annotated[str, typer.Argument(help="A file, a document id, a URL or a sha256.")],
    url: Annotated[str, typer.Option(help="Where the file comes from: without it nothing can be granted.")] = "",
    source: Annotated[str, typer.Option(help="Source of the file; known from --url where a seed has that host.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Print the rights of one document with their evidence."""
    with open_home(settings_of(home)) as place:
        if Path(what).is_file():
            found = [_rights_of_file(place, Path(what), url=url, source=source)]
        else:
            found = _rights_of_documents(place, find(place, what).doc_ids)
    if json_:
        show_json(found[0] if len(found) == 1 else found)
        return
    for rights in found:
        _show(rights)


def _show(rights: dict[str, Any]) -> None:
    out.print(escape(f"licence: {rights['license']} ({rights['rights_basis']})"))
    out.print(escape(f"redistribute: {rights['redistribute']}; train: {rights['train']}"))
    for item in rights["evidence"]:
        told = [f"{name} {item[name]}" for name in ("phrase", "url", "fetched_at", "sha256") if item[name]]
        out.print(escape(f"  {item['level']} {item['rule']}: {', '.join(told)}"))
    for item in rights["opt_out"]:
        out.print(escape(f"  opt-out: {item['signal']} {item['value']} ({item['where']})"))
    for part in rights["third_party"]:
        out.print(escape(f"  third party, page {part['page']}: {part['kind']} 「{part['phrase']}」 ({part['effect']})"))
    personal = rights["personal_data"]
    out.print(escape(f"personal data: {personal['action']}, {personal['data_class']} {json.dumps(personal['counts'])}"))
    out.print(escape(rights["attribution"]))


def _rights_of_documents(home: Home, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rights of documents as the stages found them; a stage that did not run yet leaves its part empty. Of several
    each says which it is."""
    everything = pipeline.corpus(home, ids)
    names = [f"{stage}.{name}" for stage, wanted in answer.COLUMNS.items() for name in wanted]
    table = everything.select(range(len(everything)), names)
    rows = table.to_pylist()
    found = []
    for row in rows:
        rights = answer.of_row(row)
        if notice := removals.notice(home.catalogue, row["doc_id"]):
            rights = answer.of_removed(rights, notice["removed"]["reason"], notice["removed"]["bound_at"])
        found.append(({"doc_id": row["doc_id"]} if len(rows) > 1 else {}) | rights)
    return found


def _rights_of_file(home: Home, path: Path, *, url: str = "", source: str = "") -> dict[str, Any]:
    """Rights of one file that is in no home: read, searched and judged now, nothing stored."""
    host = host_of(url)
    of_host = (seed.source for seed in home.seeds.values() if host and host in {host_of(seed.homepage), *seed.hosts})
    source = source or next(of_host, "import")
    seed = home.seeds.get(source)
    found = read_file(path, pipeline.reading_stages(home.settings.ocr), source=source, url=url)
    known, publisher = knowledge_of(**pipeline.rights_facts(home)), seed.publisher if seed else ""
    role = seed.role_of(url) if seed else "file"
    return answer.of_text(known, found["text"], found["pages"], found["title"], source, url, role, publisher)
