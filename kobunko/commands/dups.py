"""What is like a document: its cluster, its versions, and where two of them differ."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import KobunkoError, NotFound, Reject
from kobunko.home import Home, open_home
from kobunko.lookup import find
from kobunko.screen import note, out, show_json, show_table
from kobunko.single import read_file

LONGEST = 200  # lines of a difference on the screen


@app.command()
def dups(
    what: Annotated[str, typer.Argument(help="Document id, URL or sha256; or a file that is not in this home.")],
    diff: Annotated[bool, typer.Option("--diff", help="Show where it differs from the closest other one.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show the cluster of a document with similarities, or what a file is like."""
    with open_home(settings_of(home)) as place, place.writing():
        path = Path(what)
        own, text, members = _of_file(place, path) if path.is_file() else _of_document(place, what)
        closest = next((row for row in members if row["doc_id"] != own), None)
        changes = list(differences(text, _text(place, closest["doc_id"]))) if diff and closest else []
    if json_:
        show_json({"query": what, "documents": members, "difference": changes})
        return
    columns = ("doc_id", "similarity", "relation", "cluster_id", "canonical", "canonical_reason", "title")
    show_table(f"Like {what}", columns, [[_shown(row.get(name)) for name in columns] for row in members])
    for line in changes[:LONGEST]:
        out.print(line, markup=False, highlight=False, style={"-": "red", "+": "green"}.get(line[:1], ""))
    if len(changes) > LONGEST:
        note(f"{len(changes) - LONGEST} more lines differ: use --json for all of them.")
    if not members:
        note("Nothing here is like it.")


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value or "")


def _of_document(home: Home, what: str) -> tuple[str, str, list[dict[str, Any]]]:
    """A document's id and text, and a row for every document in its family or like it, closest first."""
    ids = find(home, what).doc_ids
    if len(ids) > 1:
        raise KobunkoError(f"{what} names {len(ids)} documents: ask for one of {', '.join(ids)}.")
    everything = pipeline.corpus(home)
    found = pipeline.duplicates(home, everything)
    rows = found.cluster_of(ids[0], home.catalogue.removed()).to_pylist()
    if not rows:
        raise NotFound(f"{ids[0]} has no signature: bring it through the stages with `kobunko run`.")
    titles = _titles(home, [row["doc_id"] for row in rows])
    for row in rows:
        row["similarity"] = found.jaccard(ids[0], row["doc_id"])
        row["title"] = titles[row["doc_id"]]
    return ids[0], _text(home, ids[0]), sorted(rows, key=lambda row: (-row["similarity"], row["doc_id"]))


def _of_file(home: Home, path: Path) -> tuple[str, str, list[dict[str, Any]]]:
    result = read_file(path, pipeline.reading_stages(home.settings.ocr))
    if result["outcome"] != "ok":
        raise KobunkoError(f"{path} cannot be read: {result['outcome']} {result['detail']}.")
    try:
        found = _similar_to(home, result["text"])
    except Reject as reject:
        raise KobunkoError(f"{path} holds no text to compare: {reject.detail}.") from reject
    titles = _titles(home, [name for name, _ in found])
    return (
        "",
        result["text"],
        [{"doc_id": name, "similarity": similarity, "title": titles[name]} for name, similarity in found],
    )


def _titles(home: Home, ids: list[str]) -> dict[str, str]:
    return {document.doc_id: document.title or document.url for document in home.catalogue.documents(ids)}


def _text(home: Home, doc_id: str) -> str:
    return str(pipeline.corpus(home, [doc_id]).select([0], ["text.text"])["text.text"][0].as_py() or "")


def differences(one: str, other: str) -> Iterator[str]:
    """What was taken out (`-`) and put in (`+`), by sentence: the layout of two formats is never the same."""
    for line in difflib.unified_diff(_sentences(one), _sentences(other), lineterm="", n=1):
        if not line.startswith(("---", "+++")):
            yield line


def _sentences(text: str) -> list[str]:
    return [line.strip() for line in re.split(r"(?<=。)|\n", text) if line and line.strip()]


def _similar_to(home: Home, text: str) -> list[tuple[str, float]]:
    """Documents of a home like a text that is not in it, closest first."""
    found = pipeline.duplicates(home, pipeline.corpus(home))
    return found.similar_to(text, home.catalogue.removed())
