"""What waits for a person: terms pages that may grant something, and sources whose terms, robots or lists changed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from kobunko.commands.common import HomeOption, JsonOption, settings_of
from kobunko.commands.rights import rights_app
from kobunko.crawlers import watch
from kobunko.errors import NotFound, UsageError
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.licensing.review import Terms, find_terms, terms_pages
from kobunko.licensing.vocabulary import find as find_licence
from kobunko.screen import note, out, show_json, show_table

DECISIONS = ("grant", "deny", "accept")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a person looks at: the terms page, where it was captured, and what else of the source changed."""

    source: str
    terms: Terms | None
    changed: list[dict[str, str]]
    withheld: int  # new documents that wait until the changes were read


@rights_app.command("review")
def rights_review(
    what: Annotated[str, typer.Argument(help="Source, host or URL of a terms page; none lists what waits.")] = "",
    decide: Annotated[str, typer.Option(help="grant or deny; accept: the changes are read and grant nothing.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; needed with --decide.")] = "",
    licence: Annotated[str, typer.Option("--license", help="Id that the page grants; default: as it was read.")] = "",
    phrase: Annotated[str, typer.Option(help="The granting words, where no rule found them.")] = "",
    note_: Annotated[str, typer.Option("--note", help="Why.")] = "",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """List what waits for a person, show one page with its phrases and changes, or record a decision."""
    with open_home(settings_of(home)) as place:
        if not what:
            _list(place, json_)
            return
        subject = _subject(place, what)
        if not decide:
            _show(subject, json_)
            return
        review = _review(subject, decide, by, licence, phrase, note_)
        with job(place, "review", subject.source) as current:
            if decide != "accept":
                place.catalogue.add_terms_review(review)
            review["released"] = watch.accept(place.catalogue, subject.source)
            current.summary["review"] = review | {"changed": subject.changed}
    if json_:
        show_json(review)
    else:
        freed = f", {review['released']} documents are free again" if review["released"] else ""
        note(f"{subject.source}: {decide} by {by}{freed}. `kobunko run` judges again.")


def _subject(home: Home, what: str) -> Subject:
    try:
        terms = find_terms(what, home.seeds, home.catalogue, home.settings.raw)
    except NotFound as missing:
        if what not in home.seeds:
            raise UsageError(f"no seed for {what}, and {missing}") from missing
        terms = None
    source = terms.source if terms else what
    withheld = watch.count_withheld(home.catalogue).get(source, 0)
    return Subject(source, terms, watch.unread(home.catalogue, source), withheld)


def _review(subject: Subject, decide: str, by: str, licence: str, phrase: str, why: str) -> dict[str, Any]:
    if decide not in DECISIONS:
        raise UsageError(f"{decide!r} is no decision: use --decide {', '.join(DECISIONS)}.")
    if not by:
        raise UsageError("a decision needs a name: say who decides with --by.")
    told: dict[str, Any] = {"decision": decide, "note": why, "reviewed_by": by}
    told["reviewed_at"] = f"{datetime.now(UTC):%Y-%m-%d}"
    if decide == "accept":
        return told
    if subject.terms is None:
        raise NotFound(f"no terms page of {subject.source} was captured: crawl the source, or import it with --url.")
    return told | _of_terms(subject.terms, decide, licence, phrase)


def _of_terms(terms: Terms, decide: str, licence: str, phrase: str) -> dict[str, Any]:
    """The words that a decision on a terms page rests on."""
    assert terms.reading is not None
    deciding = terms.reading.deciding
    chosen = licence or terms.reading.license
    words = phrase or (deciding.phrase if deciding and (decide == "deny" or deciding.license == chosen) else "")
    if decide == "grant":
        known = find_licence(chosen)
        if known is None or not known.grants:
            raise UsageError(f"{chosen} grants nothing: name the licence that the page grants with --license.")
        if not words or words not in terms.text:
            raise UsageError("a grant needs its words: quote them from the page with --phrase.")
    return {
        "host": terms.host,
        "sha256": terms.sha256,
        "url": terms.url,
        "license": chosen,
        "rule": deciding.rule if deciding and deciding.phrase == words else "",
        "phrase": words,
        "start": terms.text.find(words) if words else -1,
    }


def _list(home: Home, json_: bool) -> None:
    names = ("source", "url", "state", "believed", "sha256", "fetched_at")
    withheld = watch.count_withheld(home.catalogue)
    changed: dict[str, list[str]] = {}
    for page in watch.unread(home.catalogue):
        changed.setdefault(page["source"], []).append(page["kind"])
    rows = [
        {name: getattr(terms, name) for name in names}
        | {
            "read": terms.reading.license if terms.reading else "",
            "flags": list(terms.reading.flags if terms.reading else ()),
        }
        for terms in terms_pages(home.seeds, home.catalogue, home.settings.raw)
    ]
    without = sorted((changed.keys() | withheld.keys()) - {row["source"] for row in rows})
    rows += [dict.fromkeys(names, "") | {"source": source, "read": "", "flags": []} for source in without]
    for row in rows:
        row |= {"changed": changed.get(row["source"], []), "withheld": withheld.get(row["source"], 0)}
    if json_:
        show_json(rows)
        return
    wide = ("source", "state", "believed", "read", "flags", "changed", "withheld", "url")
    show_table("What waits for a person", wide, [[_cell(row[name]) for name in wide] for row in rows])


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _show(subject: Subject, json_: bool) -> None:
    terms = subject.terms
    if json_:
        facts = {"source": subject.source, "changed": subject.changed, "withheld": subject.withheld}
        show_json(facts | (_as_json(terms) if terms else {"state": "missing"}))
        return
    if terms:
        _show_terms(terms)
    for page in subject.changed:
        out.print(escape(f"changed since it was read: {page['kind']} {page['url']} (capture {page['capture_id']})"))
    if subject.withheld:
        note(f"{subject.withheld} documents of {subject.source} wait. When you have read it, decide with --decide.")


def _as_json(terms: Terms) -> dict[str, Any]:
    assert terms.reading is not None
    facts = {name: getattr(terms, name) for name in ("url", "state", "believed", "sha256", "fetched_at")}
    read = {"license": terms.reading.license, "grants": terms.reading.grants, "flags": list(terms.reading.flags)}
    return facts | {"read": read, "phrases": terms.shown(), "diff": terms.diff(), "text": terms.text}


def _show_terms(terms: Terms) -> None:
    assert terms.reading is not None
    out.print(escape(f"{terms.source}: {terms.url}"))
    out.print(escape(f"sha256 {terms.sha256}, first seen {terms.fetched_at or 'at an unknown time'}, {terms.state}"))
    out.print(escape(f"believed {terms.believed}; read as {terms.reading.license} {' '.join(terms.reading.flags)}"))
    for hit in terms.shown():
        state = "" if hit["standing"] == "affirmed" else f" ({hit['standing']} only)"
        before, after = (escape(" ".join(str(hit[name]).split())) for name in ("before", "after"))
        out.print(f"{escape(str(hit['rule']))}{state}: {before}[bold]{escape(str(hit['phrase']))}[/bold]{after}")
    if changed := terms.diff():
        out.print(escape(changed))
