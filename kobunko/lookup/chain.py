"""The whole way back of a document: row → pages → stages → bytes → URL, time, hash → licence → releases."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kobunko import warc
from kobunko.durable import TEMPORARY
from kobunko.errors import Corrupt
from kobunko.home import Home
from kobunko.lookup.rows import holds, results
from kobunko.lookup.versions import begin_of, versions_of
from kobunko.passages.store import Store
from kobunko.records import Document, to_row
from kobunko.stage import Stage

CAPTURES = 10  # of a document's URL, newest first
_PAGE = ("number", "method", "reason", "confidence", "writing", "part", "part_page")
_PAGES = [f"pages.list.element.{name}" for name in _PAGE]
_OWN = ("outcome", "detail", "stage", "doc_id", "input_sha256")
Chain = dict[str, Any]


def chain(
    home: Home, stages: Sequence[Stage[Any, Any]], doc_ids: Sequence[str], store: Store | None = None
) -> list[Chain]:
    """Plain JSON values for each document. `store` is the passage index, from which the duplicates come."""
    return [chain_of(home, stages, document, store) for document in home.catalogue.documents(doc_ids)]


def chain_of(home: Home, stages: Sequence[Stage[Any, Any]], document: Document, store: Store | None) -> Chain:
    wanted = {stage.name: stage.output_schema.names for stage in stages if stage.name == "licence"}
    wanted["text"] = ["title", "pages", "sha256"]
    row, found = to_row(document), results(home.settings.stages, stages, document, wanted)
    text, licence = found.get("text", {}), found.get("licence", {})
    if (pages := text.get("pages")) is None:  # where a document has no text, its pages say why
        pages = results(home.settings.stages, stages[:1], document, {"extract": _PAGES}).get("extract", {}).get("pages")
    return {
        "doc_id": document.doc_id,
        "work_id": document.work_id,
        "source": document.source,
        "source_key": document.source_key,
        "source_version": document.source_version,
        "title": text.get("title") or document.title,
        "published": document.published,
        "url": document.url,
        "linked_from": document.linked_from,
        "anchor_text": document.anchor_text,
        "metadata": json.loads(document.metadata),
        "pages": _pages(pages or []),
        "text_sha256": text.get("sha256"),
        "stages": [
            {name: result[name] for name in ("stage", "version", "outcome", "detail")} for result in found.values()
        ],
        "parts": [_part(home, part) for part in row["parts"]],
        "captures": [_capture(to_row(item)) for item in home.catalogue.captures_of(document.url, limit=CAPTURES)],
        "licence": {name: value for name, value in licence.items() if name not in (*_OWN, "version")}
        | {"evidence": json.loads(licence.get("evidence") or "[]")},
        "versions": [_version(other) for other in versions_of(home, store, document)],
        "duplicates": duplicates(home, store, document.doc_id),
        "releases": releases_with(home.settings.releases, document.doc_id),
        "removed": bool(home.catalogue.removed([document.doc_id])),
    }


def _pages(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: page[name] for name in (*_PAGE, "start", "end") if name in page} for page in pages]


def _part(home: Home, part: dict[str, Any]) -> dict[str, Any]:
    """A part with its bytes checked: `intact` is False where the raw store no longer has what the catalogue says."""
    try:
        warc.read_body(home.settings.raw, part["warc_file"], part["warc_offset"], part["sha256"])
        intact = True
    except (Corrupt, OSError):
        intact = False
    return part | {"fetched_at": _iso(part["fetched_at"]), "intact": intact}


def _capture(capture: dict[str, Any]) -> dict[str, Any]:
    wanted = ("capture_id", "record_type", "status", "url", "sha256", "warc_file", "warc_offset")
    return {name: capture[name] for name in wanted} | {"fetched_at": _iso(capture["fetched_at"])}


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _version(document: Document) -> dict[str, Any]:
    begin = begin_of(document)
    told = {"doc_id": document.doc_id, "source_version": document.source_version, "published": document.published}
    return told | {"in_force_from": begin.isoformat() if begin else None}


def duplicates(home: Home, store: Store | None, doc_id: str) -> list[str]:
    """Other documents of the same duplicate cluster, as of the indexed release."""
    others = [other for other in store.cluster_of(doc_id) if other != doc_id] if store else []
    gone = home.catalogue.removed(others) if others else ()
    return [other for other in others if other not in gone]


def releases_with(releases: Path, doc_id: str) -> list[str]:
    """Versions whose manifest lists the document; a release that a crash left half built is none."""
    manifests = [path for path in sorted(releases.glob("*/manifest.parquet")) if path.parent.suffix != TEMPORARY]
    return [path.parent.name for path in manifests if holds(path, doc_id)]
