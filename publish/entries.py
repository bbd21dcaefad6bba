"""What is true of each document of a release: its entry in the manifest, from what the side-cars say of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kobunko.corpus import Corpus, State
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex
from kobunko.masking import Mask, masked, moved
from kobunko.publish import published
from kobunko.publish.clusters import between
from kobunko.publish.columns import whole
from kobunko.publish.manifest import GROUP, Entry
from kobunko.publish.rows import RIGHTS_UNKNOWN, Profile, draft_of, short_columns
from kobunko.publish.shards import runs, sizes_of
from kobunko.records import arrow_schema
from kobunko.seed import Seed

RESERVED = ("default", "provenance", "removed")  # configs that every release has
MASKED_BYTES = 8_000_000  # of texts that are masked together
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


@dataclass(frozen=True)
class Look:
    """Documents of a piece of the corpus, with what is short of them."""

    corpus: Corpus
    positions: NDArray[np.int64]
    outcomes: pa.Array
    chunk: pa.Table
    masks: Mapping[int, list[Mask]]  # by row of the chunk


def looked_at(pieces: Iterable[tuple[Corpus, NDArray[np.int64]]], profile: Profile) -> Iterator[Look]:
    """Documents at positions of pieces, as many at a time as a row group of the manifest holds."""
    needed = [*_FACTS.values(), *_RIGHTS.values(), *published.COLUMNS, *short_columns()]
    for corpus, positions in pieces:
        outcomes = _outcomes(corpus)
        for start in range(0, len(positions), GROUP):
            some = positions[start : start + GROUP]
            chunk = corpus.select(some, needed).combine_chunks()
            yield Look(corpus, some, outcomes.take(pa.array(some)), chunk, published.masks(chunk, profile))


def masked_texts(look: Look) -> dict[str, pa.Array]:
    """Hash, length and pages of texts with their masks."""
    columns = {name: whole(look.chunk[column]) for name, column in _OF_TEXT.items()}
    touched = [row for row in look.masks if columns["text_sha256"][row].is_valid]
    if not touched:
        return columns
    masks = [look.masks[row] for row in touched]
    lengths, pages = (columns[name].take(pa.array(touched)).to_pylist() for name in ("characters", "pages"))
    new = {
        "text_sha256": _hashes(look, touched),
        "characters": [moved([length], some)[0] for length, some in zip(lengths, masks, strict=True)],
        "pages": [published.moved_pages(places, some) for places, some in zip(pages, masks, strict=True)],
    }
    place = np.arange(len(look.chunk))
    place[touched] = len(place) + np.arange(len(touched))
    both = {name: pa.concat_arrays([values, pa.array(new[name], values.type)]) for name, values in columns.items()}
    return {name: values.take(pa.array(place)) for name, values in both.items()}


def _hashes(look: Look, rows: Sequence[int]) -> list[str]:
    """Hashes of the texts of rows with their masks. Those with masks of personal data alone were kept by the stage
    that found it; only other texts are read."""
    known = look.chunk["privacy.masked_sha256"].take(pa.array(rows)).to_pylist()
    found: dict[int, str] = dict(zip(rows, known, strict=True))
    unknown = np.array([row for row in rows if not published.are_personal(look.masks[row])], dtype=np.int64)
    for cut in runs(sizes_of(look.chunk["text.characters"])[unknown], MASKED_BYTES):
        texts = look.corpus.select(look.positions[unknown[cut]], ["text.text"])["text.text"]
        for row, text in zip(unknown[cut].tolist(), texts, strict=True):
            found[row] = sha256_hex(masked(text.as_py(), look.masks[row]).encode())
    return list(found.values())


def entries_of(
    look: Look, texts: Mapping[str, pa.Array], seeds: Mapping[str, Seed], profile: Profile, clusters: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """The entries of documents, and the draft of their rows."""
    chunk = look.chunk
    sources = whole(chunk["source"]).dictionary_encode()
    config = pa.array([_config(source, seeds) for source in sources.dictionary.to_pylist()], pa.string())
    near = between(clusters, chunk["doc_id"][0].as_py(), chunk["doc_id"][-1].as_py())
    place = pc.index_in(chunk["doc_id"], near["doc_id"])
    columns = _facts(look, profile) | {name: values for name, values in texts.items() if name != "pages"}
    columns |= {"source": chunk["source"], "config": config.take(sources.indices), "outcome": look.outcomes}
    columns |= {"duplicate_cluster": near["cluster_id"].take(place)}
    columns |= {name: near[name].take(place) for name in _OF_CLUSTER}
    entries = pa.table([columns[name] for name in arrow_schema(Entry).names], schema=arrow_schema(Entry))
    chunk = chunk.set_column(chunk.column_names.index("text.pages"), "text.pages", texts["pages"])
    return entries, draft_of(look.corpus, look.positions, chunk, entries, look.masks)


def _facts(look: Look, profile: Profile) -> dict[str, Any]:
    """What the side-cars say of documents."""
    chunk = look.chunk
    columns = {name: chunk[column] for name, column in _FACTS.items()}
    rights = {name: pc.fill_null(whole(chunk[column]), RIGHTS_UNKNOWN[name]) for name, column in _RIGHTS.items()}
    why = published.reasons(chunk, profile)
    hidden = pa.array([repr(look.masks[row]) if row in look.masks else "[]" for row in range(chunk.num_rows)])
    decided = pc.binary_join_element_wise(*rights.values(), why, hidden, "\0").dictionary_encode()
    hashes = pa.array([sha256_hex(text.encode()) for text in decided.dictionary.to_pylist()], pa.string())
    present = whole(columns["text_sha256"].is_valid())
    told = pc.if_else(present, why, "")
    return columns | {
        "doc_id": chunk["doc_id"],
        "input_sha256": chunk["input_sha256"],
        "method": _methods(whole(chunk["text.pages"])),
        "license": rights["license"],
        "redistribute": rights["redistribute"],
        "rights_sha256": hashes.take(decided.indices),
        "text": pc.and_(present, pc.equal(told, "")),
        "withheld": told,
    }


def _methods(pages: pa.Array) -> pa.Array:
    """How each document was read, from the methods of its pages that hold something."""
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


def _outcomes(corpus: Corpus) -> pa.Array:
    """For every document `ok`, or the first stage that has no good result and why."""
    result = np.full(len(corpus), "ok", dtype=object)
    for name, states in reversed(corpus.all_states().items()):
        failed = np.flatnonzero(states == State.FAILED)
        result[failed] = [f"{name}:{why}" for why in corpus.places(name)["outcome"].take(pa.array(failed)).to_pylist()]
        result[states == State.PENDING] = f"{name}:pending"
    return pa.array(result, pa.string())
