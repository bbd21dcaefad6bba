"""What one row of a release is, and how rows are made from the columns of documents and of their side-cars."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kobunko.masking import Mask
from kobunko.policy import NUMBERS_ONLY, passes_on
from kobunko.policy import Profile as Profile
from kobunko.publish import published
from kobunko.publish.abstracts import MARKS, without_abstracts
from kobunko.publish.figures import figures
from kobunko.records import PageSpan, Part, Provenance, arrow_schema, column, column_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document of a release. Every document of the corpus has a row, also one that could not be read.

    A field that is not the document's own names the column that it is taken from.
    """

    version: ClassVar[int] = 3
    id: str = column("doc_id", "source, a hyphen, 26 base32 characters; the same on any machine")
    work_id: str = column("", "shared by all versions of one work")
    source: str = column("", "name of the source")
    config: str = column("", "the part of the release that the row is in")
    source_key: str = column("", "the source's own name of the work: law id, case number, filing id, URL")
    source_version: str = column("", "the source's own name of this version of the work")
    url: str = column("", "where the document was published")
    title: str = column("text.title", "as found in the document, else as its source lists it")
    text: str | None = column("text.text", "masks applied; null where it may not be published, or could not be read")
    withheld: str = column("", "why the text is left out; empty where it is here, or where there is none")
    published: str | None = column("", "ISO date as the source gives it")
    metadata: str = column("", 'JSON: {"document": what the file says of itself, "source": what its source says of it}')
    pages: list[PageSpan] = column(
        "text.pages", "page n is text[start:end], in characters; how it was read, how surely"
    )
    structure: str | None = column(
        "text.structure", "JSON: articles, sections, facts, tables; only beside an unmasked text, or of figures alone"
    )
    language: str | None = column("text.language", "BCP-47 tag of most of the text")
    quality: str | None = column("text.quality", 'JSON: {"score": 0–1, "hits": {rule: count}}; no text is deleted')
    format: str | None = column("extract.format", "law-xml, pdf, html, …; null when it was not recognised")
    characters: int | None = column("text.characters", "length of the text, published or not")
    tokens: int | None = column("text.tokens", "morphemes: UniDic short units")
    tokens_tekken: int | None = column("tokens.tekken", "tokens of Tekken, the 131k vocabulary of Mistral models")
    ocr_confidence: float | None = column(
        "text.ocr_confidence", "0–1 by characters; null where nothing was read by OCR"
    )
    unread_pages: int | None = column("text.unread_pages", "pages that hold writing which nobody has read yet")
    license: str = column("licence.license", "SPDX id, LicenseRef-JP-… or NOASSERTION")
    rights_basis: str = column("licence.rights_basis", "licence, no-right(Art13), public-domain(term), … or unknown")
    evidence_level: str = column("licence.evidence_level", "E2 reviewed terms, E3 statute, E4 belief, E0 nothing")
    evidence: str = column("licence.evidence", "JSON list, the deciding one first")
    redistribute: str = column(
        "licence.redistribute", "allow, allow+conditions, review, metadata-only or deny: of the text"
    )
    train: str = column("licence.train", "allow, allow-30-4, review or deny")
    attribution: str = column("licence.attribution", "to be shown by whoever passes the text on")
    opt_out: str | None = column("licence.opt_out", "JSON list of signals of its site against training, as captured")
    third_party: str | None = column("third_party.spans", "JSON list of marks of other owners in the unmasked text")
    personal_data: str | None = column("privacy.counts", "JSON: how often each kind was found, kept ones included")
    data_class: str | None = column("privacy.data_class", "personal, anonymised or non-personal; of the masked text")
    contamination: str | None = column(
        "signature.contamination", "JSON: share of its 13-grams in benchmark sets, by set"
    )
    duplicate_cluster: str | None = column("", "smallest id of the rows with the same or nearly the same text")
    cluster_size: int | None = column("", "how many rows share the cluster")
    canonical: str | None = column("", "the row that stands for the cluster")
    canonical_reason: str | None = column("", "the criterion that chose it")
    relation: str | None = column("", "to that row: same-bytes, same-text, near or none")
    work_cluster: str | None = column("", "smallest id of the rows that are forms or versions of the same work")
    supersedes: list[str] | None = column("", "rows of earlier versions that it directly follows")
    contained_in: list[str] | None = column("", "longer rows that hold nearly all of it")
    outcome: str = column("", "ok, or the first stage that failed and how: extract:reject:encrypted")
    sha256: str | None = column("text.sha256", "of the text as UTF-8, published or not")
    raw_sha256: list[str] = column("", "of the files that the document was made from, in the order of parts")
    fetched_at: datetime | None = column("", "when the last of them was captured")
    parts: list[Part] = column("", "where their bytes are: URL, capture, WARC file and offset")
    stages: list[str] = column("", "name@fingerprint of every stage that has a row for the document")


RIGHTS_UNKNOWN: Mapping[str, str] = {
    "license": "NOASSERTION",
    "rights_basis": "unknown",
    "evidence_level": "E0",
    "evidence": "[]",
    "redistribute": "metadata-only",
    "train": "review",
    "attribution": "",
}

_FROM = {item.name: column_name(item) for item in dataclasses.fields(Row)}
FROM_MANIFEST = (
    "config",
    "outcome",
    "duplicate_cluster",
    "cluster_size",
    "canonical",
    "canonical_reason",
    "relation",
    "work_cluster",
    "supersedes",
    "contained_in",
)
_DERIVED = ("withheld", "raw_sha256", "fetched_at", "stages")


def columns_for(stages: Sequence[str]) -> list[str]:
    """Columns of the corpus that rows are made from; `stages` are the names of all stages in order."""
    own = [name for field, name in _FROM.items() if field not in (*FROM_MANIFEST, *_DERIVED) and name != "doc_id"]
    # The labels come first, because a chunk holds its columns in the order in which their stages are first asked for.
    return [*_label_columns(stages), *own, "title", "extract.metadata", "extract.structure", *published.COLUMNS]


def _label_columns(stages: Sequence[str]) -> list[str]:
    return [f"{name}.stage" for name in stages]


def rows_of(chunk: pa.Table, profile: Profile) -> pa.Table:
    """Rows of a release, in the order of the chunk.

    The chunk holds `columns_for(…)` beside the key, and what the manifest says of each document: `FROM_MANIFEST`.
    """
    chunk = chunk.combine_chunks()
    found = {name: _array(chunk, source) for name, source in _FROM.items() if source in chunk.column_names}
    found |= {name: pc.fill_null(found[name], value) for name, value in RIGHTS_UNKNOWN.items()}
    parts = found["parts"]
    why, masks = published.reasons(chunk, profile), published.masks(chunk, profile)
    found |= _masked(found, masks)
    allowed = pa.array([not reason for reason in why], pa.bool_())
    whole = pa.array([not reason and not mine for reason, mine in zip(why, masks, strict=True)], pa.bool_())
    found |= {
        "withheld": pc.if_else(pc.is_valid(found["text"]), pa.array(why, pa.string()), ""),
        "structure": _published_structure(chunk, whole, why, profile),
        "title": pc.coalesce(pc.if_else(pc.equal(found["title"], ""), None, found["title"]), _array(chunk, "title")),
        "text": pc.if_else(allowed, found["text"], None),
        "metadata": _merged(_array(chunk, "metadata"), _passed_on(_array(chunk, "extract.metadata"), profile)),
        "pages": pc.coalesce(found["pages"], pa.scalar([], found["pages"].type)),
        "raw_sha256": _inside(parts, "sha256"),
        "fetched_at": _latest(_inside(parts, "fetched_at")),
        "stages": _labels(chunk),
    }
    schema = arrow_schema(Row)
    return pa.Table.from_arrays([found[field.name].cast(field.type) for field in schema], schema=schema)


def _masked(found: Mapping[str, pa.Array], masks: Sequence[Sequence[Mask]]) -> dict[str, pa.Array]:
    """The columns of texts that have masks, with the masks applied."""
    names = ("text", "pages", "sha256", "characters")
    if not any(masks):
        return {}
    rows = zip(*(found[name].to_pylist() for name in names), masks, strict=True)
    done = [_with_masks(*row) for row in rows]
    return {name: pa.array([row[n] for row in done], found[name].type) for n, name in enumerate(names)}


def _with_masks(text: Any, pages: Any, sha256: Any, characters: Any, masks: Sequence[Mask]) -> tuple[Any, ...]:
    if text is None or not masks:
        return text, pages, sha256, characters
    done = published.mask(text, pages, masks)
    return done.text, done.pages, done.sha256, done.characters


def _published_structure(chunk: pa.Table, whole: pa.Array, why: Sequence[str], profile: Profile) -> pa.Array:
    """Structures beside whole texts, and the figures of texts of which only these may be published."""
    everything = _structure(chunk)
    alone = {n: figures(everything[n].as_py()) for n in np.flatnonzero([reason == NUMBERS_ONLY for reason in why])}
    kept = _passed_on(pc.if_else(whole, everything, None), profile)
    return pa.array([alone.get(n, item) for n, item in enumerate(kept.to_pylist())], kept.type) if alone else kept


def _passed_on(values: pa.Array, profile: Profile) -> pa.Array:
    """JSON as it may leave the house: what the editors of the courts' site wrote stays in."""
    if not passes_on(profile) or not pc.any(pc.match_substring_regex(values, MARKS)).as_py():
        return values
    return pa.array(map(without_abstracts, values.to_pylist()), values.type)


def _structure(chunk: pa.Table) -> pa.Array:
    """What was found in the final text, else what extraction found."""
    final, extracted = _array(chunk, "text.structure"), _array(chunk, "extract.structure")
    return pc.if_else(pc.equal(pc.fill_null(final, "{}"), "{}"), extracted, final)


def _array(chunk: pa.Table, name: str) -> pa.Array:
    """A column as one array."""
    column = chunk[name]
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])


def _merged(source: pa.Array, document: pa.Array) -> pa.Array:
    """Two columns of JSON objects as one."""
    either = [pc.if_else(pc.equal(pc.fill_null(values, ""), ""), "{}", values) for values in (document, source)]
    return pc.binary_join_element_wise('{"document":', either[0], ',"source":', either[1], "}", "")


def _inside(lists: pa.Array, name: str) -> pa.Array:
    """A field of the structs inside lists, as lists."""
    offsets = pc.subtract(lists.offsets, lists.offsets[0])
    return pa.ListArray.from_arrays(offsets, pc.struct_field(lists.flatten(), name))


def _latest(lists: pa.Array) -> pa.Array:
    """The latest moment of each list, null where there is none."""
    values = pc.fill_null(pc.cast(lists.flatten(), pa.int64()), np.iinfo(np.int64).min).to_numpy()
    latest = np.full(len(lists), np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(latest, pc.list_parent_indices(lists).to_numpy(), values)
    return pa.array(latest, pa.int64(), mask=latest == np.iinfo(np.int64).min).cast(lists.type.value_type)


def _labels(chunk: pa.Table) -> pa.Array:
    columns = [chunk[name].to_pylist() for name in chunk.column_names if name.endswith(".stage")]
    rows = zip(*columns, strict=True) if columns else [()] * chunk.num_rows
    return pa.array([[label for label in row if label] for row in rows], pa.list_(pa.string()))


def provenance_columns(stages: Sequence[str]) -> list[str]:
    """Columns of the corpus that `provenance_of` needs."""
    own = [
        item.name for item in dataclasses.fields(Provenance) if item.name not in ("doc_id", "input_sha256", "stages")
    ]
    return [*_label_columns(stages), *own]


def provenance_of(chunk: pa.Table) -> pa.Table:
    """`Provenance` of the documents of a chunk."""
    chunk = chunk.combine_chunks()
    schema = arrow_schema(Provenance)
    arrays: list[Any] = [_labels(chunk) if field.name == "stages" else _array(chunk, field.name) for field in schema]
    return pa.Table.from_arrays([a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema)
