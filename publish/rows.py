"""What one row of a release is, and how rows are made from the columns of documents and of their side-cars."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kobunko.corpus import Corpus
from kobunko.masking import Mask, masked
from kobunko.policy import NUMBERS_ONLY, passes_on
from kobunko.policy import Profile as Profile
from kobunko.publish.abstracts import MARKS, without_abstracts
from kobunko.publish.columns import whole
from kobunko.publish.figures import figures
from kobunko.records import PageSpan, Part, Provenance, arrow_schema, arrow_type, column, column_name, to_row
from kobunko.stage import KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document of a release. Every document of the corpus has a row, also one that could not be read.

    A field is taken from the column of the draft that it names, or that has its own name.
    """

    version: ClassVar[int] = 4
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
    published: str | None = column("text.published", "ISO date as its source lists it, else as the document states it")
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
    characters: int | None = column("", "length of the text, published or not")
    tokens: int | None = column("", "morphemes: UniDic short units")
    tokens_tekken: int | None = column("", "tokens of Tekken, the 131k vocabulary of Mistral models")
    ocr_confidence: float | None = column("", "0–1 by characters; null where nothing was read by OCR")
    unread_pages: int | None = column("text.unread_pages", "pages that hold writing which nobody has read yet")
    license: str = column("", "SPDX id, LicenseRef-JP-… or NOASSERTION")
    rights_basis: str = column("licence.rights_basis", "licence, no-right(Art13), public-domain(term), … or unknown")
    evidence_level: str = column("licence.evidence_level", "E2 reviewed terms, E3 statute, E4 belief, E0 nothing")
    evidence: str = column("licence.evidence", "JSON list, the deciding one first")
    redistribute: str = column("", "allow, allow+conditions, review, metadata-only or deny: of the text")
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
    superseded_by: list[str] | None = column("", "rows of later versions that directly follow it; empty for the newest")
    contained_in: list[str] | None = column("", "longer rows that hold nearly all of it")
    outcome: str = column("", "ok, or the first stage that failed and how: extract:reject:encrypted")
    sha256: str | None = column("text_sha256", "of the text as UTF-8, published or not")
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
_LONG = ("text.text", "text.structure", "extract.structure", "extract.metadata")  # columns that a draft leaves out
_TRACED = [item.name for item in dataclasses.fields(Provenance)]
_MASKS = arrow_type(list[Mask])


def short_columns() -> list[str]:
    """Columns of the corpus that a draft is made from, beside the entries of the manifest."""
    own = [name for name in _TRACED if name not in (*KEY, "stages")]
    return [*own, *(name for name in _FROM.values() if "." in name and name not in _LONG)]


def draft_of(
    corpus: Corpus,
    positions: NDArray[np.int64],
    chunk: pa.Table,
    entries: pa.Table,
    masks: Mapping[int, Sequence[Mask]],
) -> pa.Table:
    """The draft of documents of a corpus: a chunk of `short_columns()`, their entries and masks, and where the rest is.

    The pages of the chunk are those of the masked texts.
    """
    columns = {name: chunk[name] for name in short_columns()}
    columns |= {name: entries[name] for name in entries.column_names if name not in columns}
    columns["stages"] = _labels(corpus, positions)
    columns["masks"] = pa.array(
        [[to_row(mask) for mask in masks[row]] if row in masks else None for row in range(len(chunk))], _MASKS
    )
    for stage in dict.fromkeys(name.split(".")[0] for name in _LONG):
        places = corpus.places(stage).take(pa.array(positions))
        columns |= {f"{stage}.{name}": places[name] for name in ("part", "row")}
    return pa.table(columns)


def _labels(corpus: Corpus, positions: NDArray[np.int64]) -> pa.Array:
    """The labels of every stage that has a row for the document."""
    found = [corpus.places(name)["outcome"].is_valid().to_numpy()[positions] for name in corpus.stages]
    present = np.stack(found, axis=1)
    labels = pa.array([stage.label for stage in corpus.stages.values()])
    offsets = pa.array(np.cumsum([0, *present.sum(axis=1)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, labels.take(pa.array(np.nonzero(present)[1])))


def provenance_of(draft: pa.Table) -> pa.Table:
    """`Provenance` of the documents of a draft."""
    return draft.select(_TRACED).cast(arrow_schema(Provenance))


def with_long(corpus: Corpus, draft: pa.Table) -> pa.Table:
    """A draft with the columns that it left out. What is not published is not read."""
    kept = {"text.text": draft["text"]}
    kept |= dict.fromkeys(("text.structure", "extract.structure"), pc.or_(_unmasked(draft), _of_figures(draft)))
    for name in _LONG:
        stage, _, column = name.partition(".")
        places = {place: draft[f"{stage}.{place}"] for place in ("part", "row")}
        if name in kept:
            places["part"] = pc.if_else(kept[name], places["part"], None)
        draft = draft.append_column(name, corpus.sidecars[stage].take(pa.table(places), [column])[column])
    return draft


def _unmasked(draft: pa.Table) -> pa.ChunkedArray:
    """Which rows have their text, and no mask in it."""
    return pc.and_(draft["text"], draft["masks"].is_null())


def _of_figures(draft: pa.Table) -> pa.ChunkedArray:
    return pc.equal(draft["withheld"], NUMBERS_ONLY)


def rows_of(chunk: pa.Table, profile: Profile) -> pa.Table:
    """Rows of a release from a draft `with_long`, in its order."""
    chunk = chunk.combine_chunks()
    found = {name: whole(chunk[source]) for name, source in _FROM.items() if source in chunk.column_names}
    found |= {name: pc.fill_null(found[name], value) for name, value in RIGHTS_UNKNOWN.items()}
    parts = found["parts"]
    found |= {
        "structure": _published_structure(chunk, profile),
        "title": pc.coalesce(pc.if_else(pc.equal(found["title"], ""), None, found["title"]), whole(chunk["title"])),
        "published": pc.coalesce(whole(chunk["published"]), found["published"]),
        "text": _masked(found["text"], whole(chunk["masks"])),
        "metadata": _merged(whole(chunk["metadata"]), _passed_on(whole(chunk["extract.metadata"]), profile)),
        "pages": pc.coalesce(found["pages"], pa.scalar([], found["pages"].type)),
        "raw_sha256": _inside(parts, "sha256"),
        "fetched_at": _latest(_inside(parts, "fetched_at")),
    }
    schema = arrow_schema(Row)
    return pa.Table.from_arrays([found[field.name].cast(field.type) for field in schema], schema=schema)


def _masked(texts: pa.Array, masks: pa.Array) -> pa.Array:
    """Texts with their masks applied."""
    touched = pc.and_(texts.is_valid(), masks.is_valid())
    rows = pc.indices_nonzero(touched).to_pylist()
    found = [[Mask(**item) for item in masks[row].as_py()] for row in rows]
    new = [masked(texts[row].as_py(), some) for row, some in zip(rows, found, strict=True)]
    return _replaced(texts, touched, new)


def _published_structure(chunk: pa.Table, profile: Profile) -> pa.Array:
    """Structures beside whole texts, and the figures of texts of which only these may be published."""
    final, extracted = whole(chunk["text.structure"]), whole(chunk["extract.structure"])
    found = pc.if_else(pc.equal(pc.fill_null(final, "{}"), "{}"), extracted, final)
    alone = _of_figures(chunk).combine_chunks()
    kept = _passed_on(pc.if_else(alone, None, found), profile)
    return _replaced(kept, alone, [figures(text) for text in found.filter(alone).to_pylist()])


def _passed_on(values: pa.Array, profile: Profile) -> pa.Array:
    """JSON as it may leave the house: what the editors of the courts' site wrote stays in."""
    if not passes_on(profile):
        return values
    marked = pc.fill_null(pc.match_substring_regex(values, MARKS), False)
    return _replaced(values, marked, [without_abstracts(text) for text in values.filter(marked).to_pylist()])


def _replaced(values: pa.Array, where: pa.Array, new: Sequence[str | None]) -> pa.Array:
    return pc.replace_with_mask(values, where, pa.array(new, values.type)) if new else values


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
