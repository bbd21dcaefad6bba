"""The manifest: which documents a release holds and what is true of each, settled before a shard is written."""

import bisect
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko import __version__, durable
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus, State
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex, source_of
from kobunko.masking import Mask
from kobunko.publish import published
from kobunko.publish.draft import Draft
from kobunko.publish.published import MaskedText
from kobunko.publish.rows import RIGHTS_UNKNOWN, Profile, Row, draft_of, short_columns
from kobunko.publish.shards import places, runs, sizes_of
from kobunko.publish.totals import Totals
from kobunko.records import Provenance, arrow_schema
from kobunko.seed import Seed

Cluster = Callable[[pa.ChunkedArray, pa.ChunkedArray, NDArray[np.uint32]], pa.Table]
RESERVED = ("default", "provenance", "removed")  # configs that every release has
PIECE = 10_000  # documents that are looked at together
GROUP = 2_000  # in a row group of the manifest: lookup asks every release for one document
MASKED_BYTES = 8_000_000  # of texts that are masked together
OPTIONS: Mapping[str, Any] = {"compression": "zstd"}

_RIGHTS = {name: f"licence.{name}" for name in RIGHTS_UNKNOWN}
_FACTS = {
    "text_sha256": "text.sha256",
    "characters": "text.characters",
    "tokens": "text.tokens",
    "tokens_tekken": "tokens.tekken",
    "ocr_confidence": "text.ocr_confidence",
}
_OF_TEXT = {"text_sha256": "text.sha256", "characters": "text.characters", "pages": "text.pages"}  # with its masks
_OF_CLUSTER = (
    "cluster_size",
    "canonical",
    "canonical_reason",
    "relation",
    "work_cluster",
    "supersedes",
    "superseded_by",
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

    version: ClassVar[int] = 4
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
    superseded_by: list[str] | None
    contained_in: list[str] | None


@dataclass(frozen=True)
class Removed:
    """One document that was removed on request: whoever holds a copy of an older release should drop it too."""

    version: ClassVar[int] = 1
    id: str


@dataclass(frozen=True)
class Plan:
    """What a release holds: the entries sorted by id in a file, and of each document only what places it in a shard."""

    path: Path
    draft: Draft
    digest: str
    figures: Totals
    sources: set[str]
    configs: list[str]
    config: NDArray[np.int16]  # of each entry, as a place in `configs`
    places: NDArray[np.uint64]  # of each entry among the hashes
    sizes: NDArray[np.int64]  # of each row, about
    removed: list[str]  # documents that removals keep out

    def __len__(self) -> int:
        return len(self.places)


def plan(
    path: Path,
    corpus: Corpus,
    catalogue: Catalogue,
    seeds: Mapping[str, Seed],
    profile: Profile,
    cluster: Cluster,
    sources: Collection[str] = (),
) -> Plan:
    """Settles what a release of the corpus (or of some sources) holds, and writes the entries to a file.

    `cluster` finds the duplicates in it.
    """
    removed = catalogue.removed()
    kept_out = removed | catalogue.withheld()
    clusters = _clusters(corpus, kept_out, sources, cluster)
    total, figures, found, configs = hashlib.sha256(), Totals(), set[str](), dict[str, int]()
    config, where, sizes = [], [], []
    draft = Draft(path.with_name("draft.arrow"))
    with durable.writing(path) as temporary, pq.ParquetWriter(temporary, arrow_schema(Entry), **OPTIONS) as writer:
        for piece, positions in _pieces(corpus, kept_out, sources):
            entries, drafted = _entries(piece, positions, seeds, profile, clusters)
            writer.write_table(entries, row_group_size=GROUP)
            draft.add(drafted)
            total.update(lines(entries))
            figures.add(entries)
            found |= set(entries["source"].unique().to_pylist())
            names = entries["config"].combine_chunks().dictionary_encode()
            numbers = [configs.setdefault(name, len(configs)) for name in names.dictionary.to_pylist()]
            config.append(np.array(numbers, dtype=np.int16)[names.indices.to_numpy()])
            where.append(places(entries["doc_id"].to_pylist()))
            sizes.append(sizes_of(entries["characters"]))
    if not where:
        raise UsageError("there is no document to release: crawl or import a source first.")
    draft.complete()
    return Plan(
        path=path,
        draft=draft,
        digest=total.hexdigest(),
        figures=figures,
        sources=found,
        configs=list(configs),
        config=np.concatenate(config),
        places=np.concatenate(where),
        sizes=np.concatenate(sizes),
        removed=sorted(removed),
    )


def _pieces(
    corpus: Corpus, kept_out: Collection[str], sources: Collection[str]
) -> Iterator[tuple[Corpus, NDArray[np.int64]]]:
    """The corpus in pieces that fit into memory, with the positions of the documents that the release holds."""
    for piece in corpus.pieces(PIECE):
        names = piece.inputs["doc_id"].to_pylist()
        kept = [name not in kept_out and (not sources or source_of(name) in sources) for name in names]
        if any(kept):
            yield piece, np.flatnonzero(kept)


def _entries(
    corpus: Corpus, positions: NDArray[np.int64], seeds: Mapping[str, Seed], profile: Profile, clusters: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """The entries of documents of a piece of the corpus, and the draft of their rows."""
    needed = [*_FACTS.values(), *_RIGHTS.values(), *published.COLUMNS, *short_columns()]
    chunk = corpus.select(positions, needed).combine_chunks()
    masks = published.masks(chunk, profile)
    columns = _facts(chunk, profile, masks) | _masked(corpus, positions, chunk, masks)
    pages = columns.pop("pages")
    sources = chunk["source"].combine_chunks().dictionary_encode()
    columns["source"] = chunk["source"]
    config = [_config(source, seeds) for source in sources.dictionary.to_pylist()]
    columns["config"] = pa.array(config, pa.string()).take(sources.indices)
    columns["outcome"] = _outcomes(corpus, positions)
    near = _between(clusters, chunk["doc_id"][0].as_py(), chunk["doc_id"][-1].as_py())
    place = pc.index_in(chunk["doc_id"], near["doc_id"])
    columns["duplicate_cluster"] = near["cluster_id"].take(place)
    columns |= {name: near[name].take(place) for name in _OF_CLUSTER}
    entries = pa.table([columns[name] for name in arrow_schema(Entry).names], schema=arrow_schema(Entry))
    chunk = chunk.set_column(chunk.column_names.index("text.pages"), "text.pages", pages)
    return entries, draft_of(corpus, positions, chunk, entries, masks)


def _between(clusters: pa.Table, first: str, last: str) -> pa.Table:
    """The rows from one id to another of a table that is sorted by id."""
    ids = clusters["doc_id"]
    start = bisect.bisect_left(range(len(ids)), first, key=lambda row: ids[row].as_py())
    stop = bisect.bisect_right(range(len(ids)), last, key=lambda row: ids[row].as_py())
    return clusters.slice(start, stop - start)


def _facts(chunk: pa.Table, profile: Profile, masks: Mapping[int, Sequence[Mask]]) -> dict[str, Any]:
    """What the side-cars say of documents."""
    columns = {name: chunk[column] for name, column in _FACTS.items()}
    rights = {
        name: pc.fill_null(chunk[column].combine_chunks(), RIGHTS_UNKNOWN[name]) for name, column in _RIGHTS.items()
    }
    why = published.reasons(chunk, profile)
    hidden = pa.array([repr(masks.get(row, [])) for row in range(chunk.num_rows)], pa.string())
    decided = pc.binary_join_element_wise(*rights.values(), why, hidden, "\0")
    present = columns["text_sha256"].is_valid().combine_chunks()
    told = pc.if_else(present, why, "")
    return columns | {
        "doc_id": chunk["doc_id"],
        "input_sha256": chunk["input_sha256"],
        "method": _methods(chunk["text.pages"].combine_chunks()),
        "license": rights["license"],
        "redistribute": rights["redistribute"],
        "rights_sha256": pa.array([sha256_hex(text.encode()) for text in decided.to_pylist()], pa.string()),
        "text": pc.and_(present, pc.equal(told, "")),
        "withheld": told,
    }


def _masked(
    corpus: Corpus, positions: NDArray[np.int64], chunk: pa.Table, masks: Mapping[int, Sequence[Mask]]
) -> dict[str, Any]:
    """Hash, length and pages of texts with their masks; only texts that have any are read for it."""
    columns = {name: chunk[column].combine_chunks() for name, column in _OF_TEXT.items()}
    present = columns["text_sha256"].is_valid().to_numpy(zero_copy_only=False)
    touched = np.array([row for row in masks if present[row]], dtype=np.int64)
    done: list[MaskedText] = []
    for cut in runs(sizes_of(chunk["text.characters"])[touched], MASKED_BYTES):
        texts = corpus.select(positions[touched[cut]], ["text.text"])["text.text"]
        found = zip(texts, columns["pages"].take(pa.array(touched[cut])), touched[cut].tolist(), strict=True)
        done += [published.mask(text.as_py(), pages.as_py(), masks[row]) for text, pages, row in found]
    if not done:
        return columns
    place = np.arange(len(present))
    place[touched] = len(present) + np.arange(len(touched))
    new = {name: pa.array([getattr(text, name) for text in done], columns[name].type) for name in columns}
    return {name: pa.concat_arrays([columns[name], new[name]]).take(pa.array(place)) for name in columns}


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


def _outcomes(corpus: Corpus, positions: NDArray[np.int64]) -> pa.Array:
    """For documents `ok`, or the first stage that has no good result and why."""
    result = np.full(len(corpus), "ok", dtype=object)
    for name in reversed(corpus.stages):
        states = corpus.states(name)
        failed = np.flatnonzero(states == State.FAILED)
        result[failed] = [f"{name}:{why}" for why in corpus.places(name)["outcome"].take(pa.array(failed)).to_pylist()]
        result[states == State.PENDING] = f"{name}:pending"
    return pa.array(result[positions], pa.string())


def _clusters(corpus: Corpus, kept_out: Collection[str], sources: Collection[str], cluster: Cluster) -> pa.Table:
    """What the fold over all signatures finds. They wait in a file for it, because they are a large part of a home."""
    tables = []
    with tempfile.TemporaryFile() as file:
        for piece, positions in _pieces(corpus, kept_out, sources):
            chunk = piece.select(positions, _SIGNATURE)
            signed = chunk.filter(chunk["signature.minhash"].is_valid()).combine_chunks()
            tables.append(signed.select(["doc_id", "signature.key_sha256"]))
            for minhash in signed["signature.minhash"].chunks:
                file.write(_bytes(minhash))
        file.flush()
        ids, keys = pa.concat_tables(tables).columns if tables else (pa.chunked_array([], pa.string()),) * 2
        shape = (len(ids), os.fstat(file.fileno()).st_size // 4 // max(len(ids), 1))
        matrix = np.memmap(file, "<u4", "r", shape=shape) if len(ids) else np.zeros(shape, dtype="<u4")
        return _with_later(cluster(ids, keys, matrix).combine_chunks())


def _bytes(values: pa.Array) -> memoryview:
    """The bytes of strings, one after the other."""
    if not len(values):
        return memoryview(b"")
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int32)[[values.offset, values.offset + len(values)]]
    return memoryview(data or b"")[slice(*ends)]


def _with_later(clusters: pa.Table) -> pa.Table:
    """Beside the versions that a document follows those that follow it."""
    lists = clusters["supersedes"].combine_chunks()
    later = clusters["doc_id"].take(pc.list_parent_indices(lists))
    pairs = pa.table({"earlier": lists.flatten(), "later": later}).sort_by(
        [("earlier", "ascending"), ("later", "ascending")]
    )
    found = pairs.group_by("earlier", use_threads=False).aggregate([("later", "list")])
    place = pc.index_in(clusters["doc_id"], found["earlier"])
    column = pc.coalesce(found["later_list"].take(place), pa.scalar([], found.schema.field("later_list").type))
    return clusters.append_column("superseded_by", column.cast(pa.list_(pa.string())))


def lines(entries: pa.Table) -> bytes:
    """Entries as text, one line each: what is hashed does not depend on how Parquet stores them."""
    columns = [
        pc.binary_join(values.cast(pa.list_(pa.string())), " ")
        if pa.types.is_list(values.type)
        else pc.cast(values, pa.string())
        for values in entries.columns
    ]
    options: dict[str, Any] = {"null_handling": "replace", "null_replacement": "\0"}
    joined = pc.binary_join_element_wise(*columns, "\x1f", **options)
    ended = pc.binary_join_element_wise(joined, "", "\n")
    return b"".join(map(_bytes, ended.chunks))


def digest(path: Path) -> str:
    """SHA-256 over the `lines` of a list of entries."""
    total = hashlib.sha256()
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=PIECE):
            total.update(lines(pa.Table.from_batches([batch])))
    return total.hexdigest()


def describe(planned: Plan, version: str, profile: Profile, stages: list[str]) -> dict[str, Any]:
    """The content of `manifest.json`."""
    by_config = {row.pop("config"): row for row in planned.figures.counts()}
    return {
        "version": version,
        "profile": profile,
        "software": {"kobunko": __version__, "pyarrow": pa.__version__},
        "schema": {record.__name__: record.version for record in (Row, Entry, Provenance, Removed)},
        "stages": stages,
        "documents": len(planned),
        "documents_sha256": planned.digest,
        "removed": len(planned.removed),
        "removed_sha256": sha256_hex("\n".join(planned.removed).encode()),
        "configs": by_config,
    }
