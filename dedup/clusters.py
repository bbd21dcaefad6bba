"""Duplicate clusters: a fold over what the stage `signature` wrote and what the catalogue knows.

Near-identical texts make families (`bands`); a family is divided where its documents say that they are different ones
(`works`); what remains together is a cluster. Nothing is dropped: every document has a row that says what it is to the
document that stands for its cluster, which versions it follows, and in which documents it is contained.

Most documents are like no other one. So what is known of documents is asked for when it is needed, for some thousands
at a time, and what is found is kept as numbers: memory does not grow with what there is to know.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko.dedup.bands import THRESHOLD, Labels, agreement, families, labels_of, limits, settle
from kobunko.dedup.containment import containments
from kobunko.dedup.policy import CRITERIA, ONLY_ONE, canonical
from kobunko.dedup.signature import Signatures
from kobunko.dedup.works import Facts, as_long, has_kin, marks, separate, supersedes, works

IDS = pa.list_(pa.field("element", pa.string(), nullable=False))
SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("cluster_id", pa.string(), nullable=False),  # smallest id in the cluster, a cluster of one included
        pa.field("cluster_size", pa.int64(), nullable=False),
        pa.field("canonical", pa.string(), nullable=False),  # id of the document that stands for the cluster
        pa.field("canonical_reason", pa.string(), nullable=False),  # the criterion that decided
        pa.field("relation", pa.string(), nullable=False),  # to the canonical one: same-bytes · same-text · near · none
        pa.field("similarity", pa.float64(), nullable=False),  # to the canonical one, estimated from the signatures
        pa.field("work_cluster", pa.string(), nullable=False),  # smallest id among the forms and versions of one work
        pa.field("supersedes", IDS, nullable=False),  # versions that it directly follows
        pa.field("contained_in", IDS, nullable=False),  # longer documents that hold nearly all of it
    ]
)
AT_ONCE = 4096  # documents of which facts are asked for
TOO_MANY = 4000  # different documents in a family of which all pairs are compared

# What a fold needs to know of a document beside its signature; a missing fact is simply not used.
FACTS = {
    "key_sha256": "signature.key_sha256",
    "shingles": "signature.shingles",
    "passages": "signature.passages",
    "designations": "signature.designations",
    "source": "source",
    "source_key": "source_key",
    "source_version": "source_version",
    "work_id": "work_id",
    "url": "url",
    "published": "published",
    "metadata": "metadata",
    "parts": "parts",
    "format": "extract.format",
    "ocr_confidence": "text.ocr_confidence",
    "characters": "text.characters",
    "redistribute": "licence.redistribute",
}
RELATIONS = ("none", "near", "same-text", "same-bytes")
REASONS = (ONLY_ONE, *CRITERIA)
_OF_WORKS = ("designations", "source", "source_key", "source_version", "url", "work_id", "published", "metadata")

Jaccard = Callable[[str, str], float]  # real similarity of two documents, by id
RowJaccard = Callable[[int, int], float]  # the same by row
Load = Callable[[Sequence[int], Sequence[str]], list[Facts]]  # named facts of documents, by row; ids are always there


def cluster(
    doc_ids: Sequence[str],
    key_sha256: Sequence[str],
    minhash: Signatures,
    threshold: float = THRESHOLD,
    *,
    facts: Sequence[Facts] = (),
    jaccard: Jaccard | None = None,
) -> pa.Table:
    """A row of `SCHEMA` for every document, sorted by id, whatever the order of the input.

    `minhash` is n × permutations; `facts` has, in the same order, what is known of each document (`FACTS`). `jaccard`
    gives the real similarity of two documents; it is asked where the estimate is too close to the threshold.
    """
    order = sorted(range(len(doc_ids)), key=lambda place: doc_ids[place])
    ids = [doc_ids[place] for place in order]
    documents = [
        {**(facts[place] if facts else {}), "doc_id": doc_ids[place], "key_sha256": key_sha256[place]}
        for place in order
    ]
    signatures = minhash[order] if order != list(range(len(order))) else minhash
    real = (lambda one, other: jaccard(ids[one], ids[other])) if jaccard else None
    load = lambda rows, _names: [documents[row] for row in rows]  # noqa: E731
    return fold(ids, signatures, families(signatures, threshold, real), load, threshold, real)


def fold(
    ids: Sequence[str],
    signatures: Signatures,
    family: Labels,
    load: Load,
    threshold: float = THRESHOLD,
    jaccard: RowJaccard | None = None,
) -> pa.Table:
    """The rows of `SCHEMA` for documents in order of id, given the family of each."""
    found = _Found(len(ids))
    for rows, members in _families(family, load):
        for group in _clusters(members, signatures[rows], threshold, jaccard, rows):
            found.add(rows[group], [members[place] for place in group], signatures)
    names = pa.array(ids, pa.string())
    work, earlier = _works(found.cluster, signatures, load)
    return pa.table(
        {
            "doc_id": names,
            "cluster_id": names.take(pa.array(found.cluster)),
            "cluster_size": found.size,
            "canonical": names.take(pa.array(found.canonical)),
            "canonical_reason": pa.array(REASONS).take(pa.array(found.reason)),
            "relation": pa.array(RELATIONS).take(pa.array(found.relation)),
            "similarity": found.similarity,
            "work_cluster": names.take(pa.array(work)),
            "supersedes": _lists(earlier, len(ids), names),
            "contained_in": _lists(_contained(work, load), len(ids), names),
        },
        SCHEMA,
    )


class _Found:
    """What is known of the cluster of every document, as numbers; at first each is alone."""

    def __init__(self, count: int) -> None:
        self.cluster, self.canonical = np.arange(count), np.arange(count)
        self.size, self.similarity = np.ones(count, np.int64), np.ones(count)
        self.reason, self.relation = np.zeros(count, np.int8), np.zeros(count, np.int8)

    def add(self, rows: NDArray[np.int64], members: Sequence[Facts], signatures: Signatures) -> None:
        chosen, reason = canonical(members)
        at = next(place for place, member in enumerate(members) if member["doc_id"] == chosen)
        self.cluster[rows], self.size[rows], self.canonical[rows] = rows.min(), len(rows), rows[at]
        self.reason[rows] = REASONS.index(reason)
        self.relation[rows] = [RELATIONS.index(_relation(member, members[at])) for member in members]
        self.similarity[rows] = np.mean(signatures[rows] == signatures[rows[at]], axis=1)


def _families(family: Labels, load: Load) -> Iterator[tuple[NDArray[np.int64], list[Facts]]]:
    """Rows and facts of the families of more than one document; facts are loaded for many families together."""
    order = np.argsort(family, kind="stable")
    bounds = np.flatnonzero(np.diff(family[order], prepend=-1, append=-1))
    many = np.diff(bounds) > 1
    waiting: list[NDArray[np.int64]] = []
    for first, last in zip(bounds[:-1][many], bounds[1:][many], strict=True):
        waiting.append(order[first:last])
        if sum(map(len, waiting)) >= AT_ONCE:
            yield from _loaded(waiting, load)
            waiting = []
    yield from _loaded(waiting, load)


def _loaded(families: Sequence[NDArray[np.int64]], load: Load) -> Iterator[tuple[NDArray[np.int64], list[Facts]]]:
    names = [name for name in FACTS if name not in ("passages", "metadata")]
    facts = iter(load([int(row) for rows in families for row in rows], names))
    for rows in families:
        yield rows, [next(facts) for _ in rows]


def _clusters(
    members: Sequence[Facts],
    signatures: Signatures,
    threshold: float,
    jaccard: RowJaccard | None,
    rows: NDArray[np.int64],
) -> list[list[int]]:
    """The clusters of a family, as positions in it. Most families say nothing that would divide them."""
    said = {tuple(sorted(marks(member).items())) for member in members}
    if len(members) == 1 or (len(said) == 1 and as_long(members)):
        return [list(range(len(members)))]
    return separate(members, _similar(signatures, threshold, jaccard, rows))


def _similar(
    signatures: Signatures, threshold: float, jaccard: RowJaccard | None, rows: NDArray[np.int64]
) -> list[tuple[int, int]]:
    """Pairs of a family whose signatures agree well enough, closest first. Equal signatures are compared once."""
    _, first, group = np.unique(signatures, axis=0, return_index=True, return_inverse=True)
    sure, unsure = limits(signatures.shape[1], threshold, jaccard is not None)
    found: list[tuple[int, int, int]] = []
    by_signature: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(group.ravel().tolist()):
        by_signature[number].append(place)
    for same in by_signature.values():
        found += [(-signatures.shape[1], same[0], other) for other in same[1:]]
        found += [(-signatures.shape[1], one, other) for one, other in pairwise(same[1:])]
    kept = np.sort(first)[:TOO_MANY]
    for number, one in enumerate(kept[:-1]):
        agreed = np.count_nonzero(signatures[kept[number + 1 :]] == signatures[one], axis=1)
        for offset in np.flatnonzero(agreed >= unsure):
            other = int(kept[number + 1 + offset])
            near = agreed[offset] >= sure or jaccard is None or jaccard(int(rows[one]), int(rows[other])) >= threshold
            if near:
                found += [
                    (-int(agreed[offset]), a, b)
                    for a in by_signature[int(group.ravel()[one])][:8]
                    for b in by_signature[int(group.ravel()[other])][:8]
                ]
    return [(one, other) for _, one, other in sorted(found)]


def _relation(member: Facts, chosen: Facts) -> str:
    if member["doc_id"] == chosen["doc_id"]:
        return "none"
    if member.get("parts") and _bytes(member) == _bytes(chosen):
        return "same-bytes"
    return "same-text" if member["key_sha256"] == chosen["key_sha256"] else "near"


def _bytes(facts: Facts) -> list[str]:
    return sorted(part["sha256"] for part in facts.get("parts") or ())


def _works(cluster: Labels, signatures: Signatures, load: Load) -> tuple[Labels, dict[int, list[int]]]:
    """For every document the first one of its work, and by document the versions that it directly follows."""
    some = _with_kin(len(cluster), load)
    documents = [
        known for start in range(0, len(some), AT_ONCE) for known in load(some[start : start + AT_ONCE], _OF_WORKS)
    ]

    def similarity(one: int, other: int) -> float:
        return agreement(signatures[some[one]], signatures[some[other]]) / signatures.shape[1]

    work = np.arange(len(cluster))
    pairs = [(int(cluster[some[one]]), int(cluster[some[other]])) for one, other in works(documents, similarity)]
    settle(work, pairs, None, THRESHOLD)
    row_of = {facts["doc_id"]: int(row) for row, facts in zip(some, documents, strict=True)}
    earlier = supersedes([facts for facts in documents if facts.get("source")])
    return labels_of(work)[cluster], {row_of[name]: [row_of[one] for one in names] for name, names in earlier.items()}


def _with_kin(count: int, load: Load) -> NDArray[np.int64]:
    """Rows of documents that may be a form or a version of another one. Names are compared by their hashes here, and
    by themselves later."""
    keys, ids = np.zeros(count, np.int64), np.zeros(count, np.int64)
    told, corrected = np.zeros(count, np.bool_), set[int]()
    for rows, documents in _steps(count, load, _OF_WORKS):
        for row, facts in zip(rows, documents, strict=True):
            ids[row] = hash(facts.get("work_id") or row)
            keys[row] = hash((facts.get("source"), facts.get("source_key")))
            told[row], other = has_kin(facts)
            corrected |= {hash((facts.get("source"), other))} if other else set()
    _, place, times = np.unique(ids, return_inverse=True, return_counts=True)
    return np.flatnonzero(told | (times[place] > 1) | np.isin(keys, list(corrected)))


def _contained(work: Labels, load: Load) -> dict[int, list[int]]:
    """By document the longer ones that hold nearly all of it and are no version of it."""
    passages = ([_passages(facts) for facts in documents] for _, documents in _steps(len(work), load, ["passages"]))
    found: dict[int, list[int]] = defaultdict(list)
    for inner, outer, _ in containments(passages, len(work)):
        if work[inner] != work[outer]:
            found[inner].append(outer)
    return found


def _steps(count: int, load: Load, names: Sequence[str]) -> Iterator[tuple[range, list[Facts]]]:
    for start in range(0, count, AT_ONCE):
        rows = range(start, min(start + AT_ONCE, count))
        yield rows, load(rows, names)


def _lists(links: Mapping[int, Sequence[int]], count: int, names: pa.Array) -> pa.Array:
    """A list of ids for every document, of which nearly all are empty."""
    sizes = np.zeros(count + 1, np.int64)
    for row, linked in links.items():
        sizes[row + 1] = len(linked)
    flat = [one for row in sorted(links) for one in sorted(links[row])]
    values = names.take(pa.array(flat, pa.int64()))
    return pa.ListArray.from_arrays(pa.array(np.cumsum(sizes), pa.int32()), values, type=IDS)


def _passages(facts: Facts) -> NDArray[np.uint64]:
    return np.frombuffer(facts.get("passages") or b"", dtype="<u8")
