"""Rights: what may be done with one document and why, and the decisions of people on terms pages."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import UsageError
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.licensing import answer
from kobunko.licensing.hosts import host_of
from kobunko.licensing.review import Terms, find_terms, terms_pages
from kobunko.licensing.stage import knowledge_of
from kobunko.licensing.vocabulary import find as find_licence
from kobunko.lookup import find
from kobunko.screen import note, out, show_json, show_table
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


@rights_app.command("review")
def rights_review(
    what: Annotated[str, typer.Argument(help="Source, host or URL of a terms page; none lists what waits.")] = "",
    decide: Annotated[str, typer.Option(help="grant or deny.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; needed with --decide.")] = "",
    licence: Annotated[str, typer.Option("--license", help="Id that the page grants; default: as it was read.")] = "",
    phrase: Annotated[str, typer.Option(help="The granting words, where no rule found them.")] = "",
    note_: Annotated[str, typer.Option("--note", help="Why.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """List terms pages that wait for a person, show one with its phrases and changes, or record a decision."""
    with open_home(settings_of(home)) as place:
        if not what:
            _list(list(terms_pages(place.seeds, place.catalogue, place.settings.raw)), json_)
            return
        terms = find_terms(what, place.seeds, place.catalogue, place.settings.raw)
        if not decide:
            _show_terms(terms, json_)
            return
        review = _review(terms, decide, by, licence, phrase, note_)
        with job(place, "review", terms.url) as current:
            place.catalogue.add_terms_review(review)
            current.summary["review"] = review
    if json_:
        show_json(review)
    else:
        note(f"{review['decision']}: {terms.url} ({terms.sha256[:12]}…) by {by}. `kobunko run` judges again.")


def _review(terms: Terms, decide: str, by: str, licence: str, phrase: str, why: str) -> dict[str, Any]:
    if decide not in ("grant", "deny"):
        raise UsageError(f"{decide!r} is no decision: use --decide grant or --decide deny.")
    if not by:
        raise UsageError("a decision needs a name: say who decides with --by.")
    assert terms.reading is not None
    deciding = terms.reading.deciding
    chosen = licence or terms.reading.license
    known = find_licence(chosen)
    if decide == "grant":
        if known is None or not known.grants:
            raise UsageError(f"{chosen} grants nothing: name the licence that the page grants with --license.")
        words = phrase or (deciding.phrase if deciding and deciding.license == chosen else "")
        if not words or words not in terms.text:
            raise UsageError("a grant needs its words: quote them from the page with --phrase.")
    else:
        words = phrase or (deciding.phrase if deciding else "")
    return {
        "host": terms.host,
        "sha256": terms.sha256,
        "url": terms.url,
        "decision": decide,
        "license": chosen,
        "rule": deciding.rule if deciding and deciding.phrase == words else "",
        "phrase": words,
        "start": terms.text.find(words) if words else -1,
        "note": why,
        "reviewed_by": by,
        "reviewed_at": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _list(pages: list[Terms], json_: bool) -> None:
    names = ("source", "url", "state", "believed", "sha256", "fetched_at")
    rows = [
        {name: getattr(terms, name) for name in names}
        | {
            "read": terms.reading.license if terms.reading else "",
            "flags": list(terms.reading.flags if terms.reading else ()),
        }
        for terms in pages
    ]
    if json_:
        show_json(rows)
        return
    wide = ("source", "state", "believed", "read", "flags", "url")
    show_table("Terms pages", wide, [[row[name] for name in wide] for row in rows])


def _show_terms(terms: Terms, json_: bool) -> None:
    assert terms.reading is not None
    if json_:
        facts = {name: getattr(terms, name) for name in ("source", "url", "state", "believed", "sha256", "fetched_at")}
        read = {"license": terms.reading.license, "grants": terms.reading.grants, "flags": list(terms.reading.flags)}
        show_json(facts | {"read": read, "phrases": terms.shown(), "diff": terms.diff(), "text": terms.text})
        return
    out.print(escape(f"{terms.source}: {terms.url}"))
    out.print(escape(f"sha256 {terms.sha256}, first seen {terms.fetched_at or 'at an unknown time'}, {terms.state}"))
    out.print(escape(f"believed {terms.believed}; read as {terms.reading.license} {' '.join(terms.reading.flags)}"))
    for hit in terms.shown():
        state = "" if hit["standing"] == "affirmed" else f" ({hit['standing']} only)"
        before, after = (escape(" ".join(str(hit[name]).split())) for name in ("before", "after"))
        out.print(f"{escape(str(hit['rule']))}{state}: {before}[bold]{escape(str(hit['phrase']))}[/bold]{after}")
    if changed := terms.diff():
        out.print(escape(changed))


def _rights_of_documents(home: Home, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rights of documents as the stages found them; a stage that did not run yet leaves its part empty."""
    everything = pipeline.corpus(home, ids)
    names = [f"{stage}.{name}" for stage, wanted in answer.COLUMNS.items() for name in wanted]
    table = everything.select(range(len(everything)), names)
    return [answer.of_row(row) for row in table.to_pylist()]


def _rights_of_file(home: Home, path: Path, *, url: str = "", source: str = "") -> dict[str, Any]:
    """Rights of one file that is in no home: read, searched and judged now, nothing stored."""
    source = source or next(
        (s.source for s in home.seeds.values() if host_of(s.homepage) == host_of(url) != ""), "import"
    )
    seed = home.seeds.get(source)
    found = read_file(path, pipeline.reading_stages(home.settings.ocr), source=source, url=url)
    known, publisher = knowledge_of(**pipeline.rights_facts(home)), seed.publisher if seed else ""
    role = seed.role_of(url) if seed else "file"
    return answer.of_text(known, found["text"], found["pages"], found["title"], source, url, role, publisher)
