"""Provenance lookup: from a document, a URL or a hash to the whole chain back to the bytes and the licence."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from kobunko import warc
from kobunko.corpus import Corpus
from kobunko.durable import TEMPORARY
from kobunko.errors import Corrupt, NotFound
from kobunko.home import Home
from kobunko.records import Document, to_row

_SHA256 = re.compile(r"[0-9a-f]{64}")


def find(home: Home, what: str) -> tuple[str, list[str]]:
    """How `what` was understood (`doc_id`, `sha256` or `url`) and which documents it names; raises `NotFound`."""
    if home.catalogue.documents([what]):
        return "doc_id", [what]
    if _SHA256.fullmatch(what.lower()):
        kind, found = "sha256", home.catalogue.document_ids(sha256=what.lower())
    else:
        kind, found = "url", home.catalogue.document_ids(url=what)
    if not found:
        raise NotFound(f"no document has the id, URL or sha256 {what!r}: `kobunko status` shows what this home holds.")
    return kind, found


def chain(home: Home, corpus: Corpus) -> list[dict[str, Any]]:
    """The whole way back of every document of a (small) corpus, as plain JSON values."""
    documents = home.catalogue.documents(corpus.inputs["doc_id"].to_pylist())
    return [_chain(home, corpus, position, document) for position, document in enumerate(documents)]


def _chain(home: Home, corpus: Corpus, position: int, document: Document) -> dict[str, Any]:
    row = to_row(document)
    stages, found = [], {}
    for name, stage in corpus.stages.items():
        written = [field for field in stage.output_schema.names if field not in ("doc_id", "input_sha256")]
        table = corpus.select([position], [f"{name}.{field}" for field in written])
        found[name] = {field: table[f"{name}.{field}"][0].as_py() for field in written}
        if found[name]["outcome"]:
            told = {"version": stage.version, "outcome": found[name]["outcome"], "detail": found[name]["detail"]}
            stages.append({"stage": found[name]["stage"], **told})
    text, licence = found.get("text", {}), found.get("licence", {})
    return {
        "doc_id": document.doc_id,
        "work_id": document.work_id,
        "versions": home.catalogue.document_ids(work_id=document.work_id),
        "source": document.source,
        "source_key": document.source_key,
        "source_version": document.source_version,
        "title": text.get("title") or document.title,
        "published": document.published,
        "metadata": json.loads(document.metadata),
        "pages": text.get("pages") or found.get("extract", {}).get("pages") or [],
        "text_sha256": text.get("sha256"),
        "stages": stages,
        "parts": [_part(home, part) for part in row["parts"]],
        "linked_from": document.linked_from,
        "anchor_text": document.anchor_text,
        "url": document.url,
        "captures": [_capture(to_row(capture)) for capture in home.catalogue.captures_of(document.url, limit=10)],
        "licence": {name: value for name, value in licence.items() if name not in ("outcome", "detail", "stage")}
        | {"evidence": json.loads(licence.get("evidence") or "[]")},
        "releases": releases_with(home.settings.releases, document.doc_id),
    }


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


def releases_with(releases: Path, doc_id: str) -> list[str]:
    """Versions whose manifest lists the document; a release that a crash left half built is none."""
    found = []
    for manifest in sorted(releases.glob("*/manifest.parquet")):
        if manifest.parent.suffix == TEMPORARY:
            continue
        if pq.read_table(manifest, columns=["doc_id"], filters=[("doc_id", "=", doc_id)]).num_rows:
            found.append(manifest.parent.name)
    return found
