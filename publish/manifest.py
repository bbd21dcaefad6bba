"""The manifest: which documents a release holds and what is true of each, settled before a shard is written."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko import __version__
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus, State
from kobunko.errors import UsageError
from kobunko.ids import canonical_json
from kobunko.publish.rows import RIGHTS_UNKNOWN, Profile, Row, may_publish
from kobunko.records import Provenance, arrow_schema
from kobunko.seed import Seed

Cluster = Callable[[list[str], list[str], NDArray[np.uint32]], pa.Table]
RESERVED = ("default", "provenance")  # configs that every release has

_FACTS = {
    "text_sha256": "text.sha256",
    "characters": "text.characters",
    "tokens": "text.tokens",
    "license": "licence.license",
    "redistribute": "licence.redistribute",
}
_SIGNATURE = ["signature.key_sha256", "signature.minhash"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a release. `text` says whether its text is in it."""

    version: ClassVar[int] = 1
    doc_id: str
    input_sha256: str
    source: str
    config: str
    outcome: str
    text_sha256: str | None
    characters: int | None
    tokens: int | None
    license: str
    redistribute: str
    text: bool
    duplicate_cluster: str | None
    cluster_size: int | None


@dataclass(frozen=True)
class Plan:
    """Entries sorted by id, the position of each in the corpus, and how many documents a removal keeps out."""

    entries: pa.Table
    positions: NDArray[np.int64]
    removed: int


def plan(corpus: Corpus, catalogue: Catalogue, seeds: Mapping[str, Seed], profile: Profile, cluster: Cluster) -> Plan:
    """Settles what a release of the corpus holds. `cluster` is the fold that finds duplicates among its documents."""
    ids, removed = corpus.inputs["doc_id"].to_pylist(), catalogue.removed()
    kept = sorted((number for number in range(len(ids)) if ids[number] not in removed), key=ids.__getitem__)
    positions = np.array(kept, dtype=np.int64)
    if not kept:
        raise UsageError("there is no document to release: crawl or import a source first.")
    sources, outcomes = catalogue.sources_of(), _outcomes(corpus)
    clusters = {row["doc_id"]: row for row in _clusters(corpus, positions, cluster).to_pylist()}
    found = (row for chunk in corpus.chunks(positions, list(_FACTS.values())) for row in chunk.to_pylist())
    rows = []
    for position, facts in zip(kept, found, strict=True):
        name = facts["doc_id"]
        mine = clusters.get(name, {})
        rows.append(
            _entry(facts, profile)
            | {"source": sources[name], "config": _config(sources[name], seeds), "outcome": outcomes[position]}
            | {"duplicate_cluster": mine.get("cluster_id"), "cluster_size": mine.get("cluster_size")}
        )
    return Plan(pa.Table.from_pylist(rows, schema=arrow_schema(Entry)), positions, len(ids) - len(kept))


def _entry(facts: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """What the side-cars say of a document."""
    row = {name: facts[column] for name, column in _FACTS.items()}
    row |= {name: RIGHTS_UNKNOWN[name] for name in ("license", "redistribute") if row[name] is None}
    present = row["text_sha256"] is not None and may_publish(row["redistribute"], profile)
    return row | {"doc_id": facts["doc_id"], "input_sha256": facts["input_sha256"], "text": present}


def _config(source: str, seeds: Mapping[str, Seed]) -> str:
    config = seeds[source].config if source in seeds else source
    if config in RESERVED:
        raise UsageError(f"config {config!r} of {source} is a name that every release uses: choose another one.")
    return config


def _outcomes(corpus: Corpus) -> list[str]:
    """For every document `ok`, or the first stage that has no good result and why."""
    result = ["ok"] * len(corpus)
    for name in reversed(corpus.stages):
        states, found = corpus.states(name), corpus.outcomes(name)
        for position in np.flatnonzero(states == State.FAILED):
            result[position] = f"{name}:{found[position]}"
        for position in np.flatnonzero(states == State.PENDING):
            result[position] = f"{name}:pending"
    return result


def _clusters(corpus: Corpus, positions: NDArray[np.int64], cluster: Cluster) -> pa.Table:
    ids: list[str] = []
    keys: list[str] = []
    signatures: list[bytes] = []
    for chunk in corpus.chunks(positions, _SIGNATURE):
        signed = chunk.filter(chunk["signature.minhash"].is_valid())
        ids += signed["doc_id"].to_pylist()
        keys += signed["signature.key_sha256"].to_pylist()
        signatures += signed["signature.minhash"].to_pylist()
    matrix = np.frombuffer(b"".join(signatures), dtype="<u4").reshape(len(ids), -1 if ids else 0)
    return cluster(ids, keys, matrix)


def digest(entries: pa.Table) -> str:
    """SHA-256 over the entries, one line of canonical JSON each: independent of how Parquet stores them."""
    total = hashlib.sha256()
    for batch in entries.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            total.update(canonical_json(row) + b"\n")
    return total.hexdigest()


def counts(entries: pa.Table) -> dict[str, dict[str, int]]:
    """Documents, texts and characters of text by config, as they are in the release."""
    result: dict[str, dict[str, int]] = {}
    for row in entries.select(["config", "text", "characters", "tokens"]).to_pylist():
        mine = result.setdefault(row["config"], {"documents": 0, "texts": 0, "characters": 0, "tokens": 0})
        mine["documents"] += 1
        if row["text"]:
            mine["texts"] += 1
            mine["characters"] += row["characters"]
            mine["tokens"] += row["tokens"]
    return dict(sorted(result.items()))


def describe(planned: Plan, version: str, profile: Profile, stages: list[str]) -> dict[str, Any]:
    """The content of `manifest.json`."""
    return {
        "version": version,
        "profile": profile,
        "software": f"kobunko {__version__}",
        "schema": {record.__name__: record.version for record in (Row, Entry, Provenance)},
        "stages": stages,
        "documents": planned.entries.num_rows,
        "documents_sha256": digest(planned.entries),
        "removed": planned.removed,
        "configs": counts(planned.entries),
    }
