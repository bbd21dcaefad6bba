"""The manifest: which documents a release holds and what is true of each, settled before a shard is written."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kobunko import __version__
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus, State
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex
from kobunko.publish import published
from kobunko.publish.rows import RIGHTS_UNKNOWN, Profile, Row
from kobunko.records import Provenance, arrow_schema
from kobunko.seed import Seed

Cluster = Callable[[list[str], list[str], NDArray[np.uint32]], pa.Table]
RESERVED = ("default", "provenance", "removed")  # configs that every release has
STEP = 256  # documents that are looked at together

_RIGHTS = {name: f"licence.{name}" for name in RIGHTS_UNKNOWN}
_FACTS = {
    "text_sha256": "text.sha256",
    "characters": "text.characters",
    "tokens": "text.tokens",
    "tokens_tekken": "tokens.tekken",
    "ocr_confidence": "text.ocr_confidence",
}
_OF_CLUSTER = (
    "cluster_size",
    "canonical",
    "canonical_reason",
    "relation",
    "work_cluster",
    "supersedes",
    "contained_in",
)
_SIGNATURE = ["signature.key_sha256", "signature.minhash"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a release.

    `text` says whether its text is in it, `method` how the text was read (embedded, ocr, mixed; null without a text),
    `rights_sha256` stands for everything that was decided about its rights, masks included. `text_sha256` and
    `characters` are those of the text with its masks.
    """

    version: ClassVar[int] = 3
    doc_id: str
    input_sha256: str
    source: str
    config: str
    outcome: str
    text_sha256: str | None
    characters: int | None
    tokens: int | None
    tokens_tekken: int | None
    method: str | None
    ocr_confidence: float | None
    license: str
    redistribute: str
    rights_sha256: str
    text: bool
    withheld: str
    duplicate_cluster: str | None
    cluster_size: int | None
    canonical: str | None
    canonical_reason: str | None
    relation: str | None
    work_cluster: str | None
    supersedes: list[str] | None
    contained_in: list[str] | None


@dataclass(frozen=True)
class Removed:
    """One document that was removed on request: whoever holds a copy of an older release should drop it too."""

    version: ClassVar[int] = 1
    id: str


@dataclass(frozen=True)
class Plan:
    """Entries sorted by id, the position of each in the corpus, and which documents removals keep out."""

    entries: pa.Table
    positions: NDArray[np.int64]
    removed: list[str]


def plan(
    corpus: Corpus,
    catalogue: Catalogue,
    seeds: Mapping[str, Seed],
    profile: Profile,
    cluster: Cluster,
    sources: Collection[str] = (),
) -> Plan:
    """Settles what a release of the corpus (or of some sources) holds. `cluster` finds the duplicates in it."""
    removed, source_of = catalogue.removed(), catalogue.sources_of()
    ids, kept_out = corpus.inputs["doc_id"].to_pylist(), removed | catalogue.withheld()
    kept = [n for n, name in enumerate(ids) if name not in kept_out and (not sources or source_of[name] in sources)]
    if not kept:
        raise UsageError("there is no document to release: crawl or import a source first.")
    positions = np.array(kept, dtype=np.int64)
    clusters = _clusters(corpus, positions, cluster)
    outcomes = np.array(_outcomes(corpus), dtype=object)
    tables = []
    for some in _steps(positions):
        chunk = corpus.select(some, [*_FACTS.values(), *_RIGHTS.values(), "text.pages", *published.COLUMNS])
        columns = _facts(chunk, profile) | _masked(corpus, some, chunk, profile)
        columns["source"] = pa.array([source_of[name] for name in chunk["doc_id"].to_pylist()], pa.string())
        columns["config"] = pa.array([_config(name, seeds) for name in columns["source"].to_pylist()], pa.string())
        columns["outcome"] = pa.array(outcomes[some], pa.string())
        place = pc.index_in(chunk["doc_id"], clusters["doc_id"])
        columns["duplicate_cluster"] = clusters["cluster_id"].take(place)
        columns |= {name: clusters[name].take(place) for name in _OF_CLUSTER}
        tables.append(pa.table([columns[name] for name in arrow_schema(Entry).names], schema=arrow_schema(Entry)))
    return Plan(pa.concat_tables(tables), positions, sorted(removed))


def _steps(positions: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(positions), STEP):
        yield positions[start : start + STEP]


def _facts(chunk: pa.Table, profile: Profile) -> dict[str, Any]:
    """What the side-cars say of documents."""
    columns = {name: chunk[column] for name, column in _FACTS.items()}
    rights = {name: pc.fill_null(chunk[column], RIGHTS_UNKNOWN[name]) for name, column in _RIGHTS.items()}
    why = published.reasons(chunk, profile)
    masks = map(repr, published.masks(chunk, profile))
    decided = zip(*(values.to_pylist() for values in rights.values()), why, masks, strict=True)
    present = columns["text_sha256"].is_valid().combine_chunks()
    told = pc.if_else(present, pa.array(why, pa.string()), "")
    return columns | {
        "doc_id": chunk["doc_id"],
        "input_sha256": chunk["input_sha256"],
        "method": _methods(chunk["text.pages"].combine_chunks()),
        "license": rights["license"],
        "redistribute": rights["redistribute"],
        "rights_sha256": pa.array([sha256_hex("\0".join(values).encode()) for values in decided], pa.string()),
        "text": pc.and_(present, pc.equal(told, "")),
        "withheld": told,
    }


def _masked(corpus: Corpus, positions: NDArray[np.int64], chunk: pa.Table, profile: Profile) -> dict[str, Any]:
    """Hash and length of texts that have masks; only their texts are read for it."""
    columns = {name: chunk[_FACTS[name]].to_pylist() for name in ("text_sha256", "characters")}
    found = published.masks(chunk, profile)
    touched = [row for row, masks in enumerate(found) if masks and columns["text_sha256"][row] is not None]
    for row in touched:  # one by one: a text may be large
        text = corpus.select(positions[row : row + 1], ["text.text"])["text.text"][0].as_py()
        done = published.mask(text, [], found[row])
        columns["text_sha256"][row], columns["characters"][row] = done.sha256, done.characters
    return {name: pa.array(values, arrow_schema(Entry).field(name).type) for name, values in columns.items()}


def _methods(pages: pa.Array) -> pa.Array:
    """How each document was read, from the methods of its pages that hold something."""
    pages = pa.concat_arrays(pages.chunks) if isinstance(pages, pa.ChunkedArray) else pages
    spans, owner = pages.flatten(), pc.list_parent_indices(pages).to_numpy()
    filled = pc.greater(pc.struct_field(spans, "end"), pc.struct_field(spans, "start")).to_numpy(zero_copy_only=False)
    seen = pc.equal(pc.struct_field(spans, "method"), "ocr").to_numpy(zero_copy_only=False)
    read = np.bincount(owner[filled & seen], minlength=len(pages)) > 0
    embedded = np.bincount(owner[filled & ~seen], minlength=len(pages)) > 0
    names = np.select([read & embedded, read, embedded], ["mixed", "ocr", "embedded"], "")
    return pa.array(names, pa.string(), mask=~(read | embedded))


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
    for some in _steps(positions):
        chunk = corpus.select(some, _SIGNATURE)
        signed = chunk.filter(chunk["signature.minhash"].is_valid())
        ids += signed["doc_id"].to_pylist()
        keys += signed["signature.key_sha256"].to_pylist()
        signatures += signed["signature.minhash"].to_pylist()
    matrix = np.frombuffer(b"".join(signatures), dtype="<u4").reshape(len(ids), -1 if ids else 0)
    return cluster(ids, keys, matrix).combine_chunks()


def digest(entries: pa.Table) -> str:
    """SHA-256 over the entries, one line of JSON each: independent of how Parquet stores them."""
    total = hashlib.sha256()
    for batch in entries.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            total.update(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n".encode())
    return total.hexdigest()


_COUNTED = ("characters", "tokens", "tokens_tekken")


def counts(entries: pa.Table, by: Sequence[str] = ("config",)) -> list[dict[str, Any]]:
    """Documents, texts, and characters and tokens of the texts in the release, by columns of the entries; sorted."""
    ones = pa.array(np.ones(entries.num_rows, dtype=np.int64))
    table = entries.select(list(by)).append_column("documents", ones)
    table = table.append_column("texts", pc.cast(entries["text"], pa.int64()))
    for name in _COUNTED:
        table = table.append_column(name, pc.fill_null(pc.if_else(entries["text"], entries[name], 0), 0))
    sums = [(name, "sum") for name in ("documents", "texts", *_COUNTED)]
    grouped = table.group_by(list(by)).aggregate(sums).sort_by([(name, "ascending") for name in by])
    return [{name.removesuffix("_sum"): value for name, value in row.items()} for row in grouped.to_pylist()]


def describe(planned: Plan, version: str, profile: Profile, stages: list[str]) -> dict[str, Any]:
    """The content of `manifest.json`."""
    by_config = {row.pop("config"): row for row in counts(planned.entries)}
    return {
        "version": version,
        "profile": profile,
        "software": {"kobunko": __version__, "pyarrow": pa.__version__},
        "schema": {record.__name__: record.version for record in (Row, Entry, Provenance, Removed)},
        "stages": stages,
        "documents": planned.entries.num_rows,
        "documents_sha256": digest(planned.entries),
        "removed": len(planned.removed),
        "removed_sha256": sha256_hex("\n".join(planned.removed).encode()),
        "configs": by_config,
    }
