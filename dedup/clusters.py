"""Duplicate clusters: a fold over what the stage `signature` wrote and what the catalogue knows.

Near-identical texts make families (`bands`); a family is divided where its documents say that they are different ones
(`works`); what remains together is a cluster. Nothing is dropped: every document has a row that says what it is to the
document that stands for its cluster, which versions it follows, and in which documents it is contained.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko.dedup.bands import THRESHOLD, Labels, agreement, families, limits
from kobunko.dedup.containment import containments
from kobunko.dedup.policy import canonical
from kobunko.dedup.signature import Signatures
from kobunko.dedup.works import as_long, marks, same_work, separate, supersedes, works

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
TOO_MANY = 4000  # different documents in a family of which all pairs are compared

Facts = Mapping[str, Any]
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
Jaccard = Callable[[str, str], float]  # real similarity of two documents, by id


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
    documents = [
        {**(facts[place] if facts else {}), "doc_id": doc_ids[place], "key_sha256": key_sha256[place]}
        for place in order
    ]
    signatures = minhash[order] if order != list(range(len(order))) else minhash
    real = _by_row([doc_ids[place] for place in order], jaccard)
    return fold(documents, signatures, families(signatures, threshold, real), threshold, real)


def fold(
    documents: Sequence[Facts],
    signatures: Signatures,
    family: Labels,
    threshold: float = THRESHOLD,
    jaccard: Callable[[int, int], float] | None = None,
) -> pa.Table:
    """The rows of `SCHEMA` for documents in order of id, given the family of each."""
    members: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(family.tolist()):
        members[label].append(place)
    rows: list[dict[str, Any]] = []
    for places in members.values():
        for group in _clusters([documents[place] for place in places], signatures[places], threshold, jaccard, places):
            rows += _rows([documents[places[place]] for place in group], signatures[[places[place] for place in group]])
    rows.sort(key=lambda row: str(row["doc_id"]))
    _link(rows, documents, signatures)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _by_row(ids: Sequence[str], jaccard: Jaccard | None) -> Callable[[int, int], float] | None:
    return (lambda one, other: jaccard(ids[one], ids[other])) if jaccard else None


def _clusters(
    members: Sequence[Facts],
    signatures: Signatures,
    threshold: float,
    jaccard: Callable[[int, int], float] | None,
    places: Sequence[int],
) -> list[list[int]]:
    """The clusters of a family, as positions in it. Most families say nothing that would divide them."""
    said = {tuple(sorted(marks(member).items())) for member in members}
    if len(members) == 1 or (len(said) == 1 and as_long(members)):
        return [list(range(len(members)))]
    return separate(members, _similar(signatures, threshold, jaccard, places))


def _similar(
    signatures: Signatures, threshold: float, jaccard: Callable[[int, int], float] | None, places: Sequence[int]
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
            near = agreed[offset] >= sure or jaccard is None or jaccard(places[one], places[other]) >= threshold
            if near:
                found += [
                    (-int(agreed[offset]), a, b)
                    for a in by_signature[int(group.ravel()[one])][:8]
                    for b in by_signature[int(group.ravel()[other])][:8]
                ]
    return [(one, other) for _, one, other in sorted(found)]


def _rows(members: Sequence[Facts], signatures: Signatures) -> list[dict[str, Any]]:
    chosen, reason = canonical(members)
    at = next(place for place, member in enumerate(members) if member["doc_id"] == chosen)
    similarity = np.mean(signatures == signatures[at], axis=1)
    return [
        {
            "doc_id": member["doc_id"],
            "cluster_id": min(str(one["doc_id"]) for one in members),
            "cluster_size": len(members),
            "canonical": chosen,
            "canonical_reason": reason,
            "relation": _relation(member, members[at]),
            "similarity": float(similarity[place]),
            "work_cluster": "",
            "supersedes": [],
            "contained_in": [],
        }
        for place, member in enumerate(members)
    ]


def _relation(member: Facts, chosen: Facts) -> str:
    if member["doc_id"] == chosen["doc_id"]:
        return "none"
    if member.get("parts") and _bytes(member) == _bytes(chosen):
        return "same-bytes"
    return "same-text" if member["key_sha256"] == chosen["key_sha256"] else "near"


def _bytes(facts: Facts) -> list[str]:
    return sorted(part["sha256"] for part in facts.get("parts") or ())


def _link(rows: Sequence[dict[str, Any]], documents: Sequence[Facts], signatures: Signatures) -> None:
    """Adds the links between documents of different clusters."""
    place_of = {row["doc_id"]: place for place, row in enumerate(rows)}
    similarity = lambda one, other: agreement(signatures[one], signatures[other]) / signatures.shape[1]  # noqa: E731
    for row, first in zip(
        rows, works(documents, [place_of[row["cluster_id"]] for row in rows], similarity), strict=True
    ):
        row["work_cluster"] = rows[first]["doc_id"]
    earlier = supersedes([facts for facts in documents if facts.get("source")])
    for row in rows:
        row["supersedes"] = earlier.get(row["doc_id"], [])
    for inner, outer, _ in containments([_passages(facts) for facts in documents]):
        one, other = rows[inner], rows[outer]
        if one["cluster_id"] != other["cluster_id"] and not same_work(documents[inner], documents[outer]):
            one["contained_in"].append(other["doc_id"])


def _passages(facts: Facts) -> NDArray[np.uint64]:
    return np.frombuffer(facts.get("passages") or b"", dtype="<u8")
