"""From a passage to the documents that hold it, exactly or nearly, with the place and how like it is.

All n-grams of the passage are looked up among the fingerprints of the corpus, rare ones first. Where many stand close
together a candidate is, and the alignment of the passage with the text there decides.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from kobunko.distinct import distinct
from kobunko.errors import UsageError
from kobunko.passages.fingerprints import GRAM, WINDOW, Places, gram_hashes
from kobunko.passages.key import Key, key_of
from kobunko.passages.store import Indexed, Store

SHORTEST = GRAM + WINDOW - 1  # characters of the key: shorter passages may have no fingerprint
LIKE = 0.8  # least likeness that counts as found
STRETCH = 300  # characters of the key that are looked for at once; a longer passage is cut
STRETCHES = 12  # of a long passage, spread evenly
CANDIDATES = 48
FAINT = 0.2  # of the weight of the best candidate: what has less is not looked at
_BUCKET = 8  # bits: places that are counted together
_POSTINGS = 60_000  # looked at per segment; the rest are n-grams that stand everywhere

Removed = Callable[[Sequence[str]], Set[str]]  # which of some documents were removed


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that holds the passage: `text[start:end]` of the document. `likeness` is 0–1; 1 is the same key."""

    doc_id: str
    likeness: float
    start: int
    end: int
    page: int
    text: str
    cluster: str


def trace(store: Store, passage: str, limit: int = 10, removed: Removed = lambda _: frozenset()) -> list[Hit]:
    """The best place in each document that holds the passage, most alike first, then by id.

    Documents that `removed` tells of are left out. Raises `UsageError` for a passage that is too short.
    """
    key = key_of(passage)
    if len(key.codes) < SHORTEST:
        raise UsageError(f"the passage is too short to be traced: give at least {SHORTEST} characters.")
    stretches = list(_stretches(str(key)))
    try:
        best = _best(store, stretches)
    except FileNotFoundError:  # a merge has just put another segment in the place of some
        best = _best(store, stretches)
    gone = removed(list(best))
    hits = [_joined(parts) for doc_id, parts in best.items() if doc_id not in gone]
    found = [hit for hit in hits if hit.likeness >= LIKE]
    return sorted(found, key=lambda hit: (-hit.likeness, hit.doc_id))[:limit]


def _best(store: Store, stretches: list[str]) -> dict[str, list[Hit | None]]:
    """The best place for each stretch, by document."""
    best: dict[str, list[Hit | None]] = {}
    with store.snapshot():
        for number, stretch in enumerate(stretches):
            for hit in _find(store, stretch):
                mine = best.setdefault(hit.doc_id, [None] * len(stretches))
                before = mine[number]
                if before is None or hit.likeness > before.likeness:
                    mine[number] = hit
    return best


def _stretches(key: str) -> Iterator[str]:
    if len(key) <= STRETCH * 3 // 2:
        yield key
        return
    count = min(STRETCHES, len(key) // STRETCH)
    for start in np.linspace(0, len(key) - STRETCH, count).astype(int):
        yield key[start : start + STRETCH]


def _joined(parts: list[Hit | None]) -> Hit:
    """One hit for a passage that was cut: its likeness is the mean over all stretches, its place that of the best."""
    found = [part for part in parts if part is not None]
    best = max(found, key=lambda hit: (hit.likeness, -hit.start))
    likeness = sum(part.likeness for part in found) / len(parts)
    return Hit(best.doc_id, likeness, best.start, best.end, best.page, best.text, best.cluster)


def _find(store: Store, stretch: str) -> Iterator[Hit]:
    hashes = distinct(gram_hashes(key_of(stretch).codes))
    candidates = [
        (weight, segment.number, places)
        for segment in store.segments()
        for weight, places in _candidates(store.postings(segment.number), hashes)
    ]
    candidates.sort(key=lambda item: (-item[0], item[1], int(item[2][0])))
    least = FAINT * candidates[0][0] if candidates else 0.0
    seen: set[tuple[str, int]] = set()
    for weight, segment_number, places in candidates[:CANDIDATES]:
        if weight < least:
            break
        for document, offset in _owners(store, segment_number, places):
            if (document.doc_id, offset >> _BUCKET) not in seen:
                seen.add((document.doc_id, offset >> _BUCKET))
                if hit := _aligned(store, document, offset, stretch):
                    yield hit


def _candidates(postings: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> Iterator[tuple[float, Places]]:
    """The parts of a segment's line where most of the n-grams stand: their weight, and the places of the n-grams."""
    first = np.searchsorted(postings, hashes << np.uint64(32))
    last = np.searchsorted(postings, (hashes + np.uint64(1)) << np.uint64(32))
    counts = last - first
    rare = np.argsort(counts, kind="stable")
    rare = rare[counts[rare] > 0]
    rare = rare[: max(1, int(np.searchsorted(np.cumsum(counts[rare]), _POSTINGS)))]
    if not len(rare):
        return
    places = np.concatenate([postings[first[n] : last[n]] & np.uint64(0xFFFFFFFF) for n in rare]).astype(np.int64)
    bucket, gram = places >> _BUCKET, np.repeat(rare, counts[rare])
    # Window n holds the buckets n - 1 and n; an n-gram counts once in a window, however often a clause is repeated.
    pairs = distinct(np.concatenate([bucket, bucket + 1]) * len(hashes) + np.tile(gram, 2))
    window = pairs // len(hashes)
    starts = np.flatnonzero(np.diff(window, prepend=-1))
    window = window[starts]
    score = np.add.reduceat(np.log2(2 + len(postings) / counts[pairs % len(hashes)]), starts)
    peaks = _peaks(window, score)
    places.sort()
    for peak in peaks[np.argsort(-score[peaks], kind="stable")[:CANDIDATES]].tolist():
        first_place, last_place = (int(window[peak]) - 1) << _BUCKET, (int(window[peak]) + 1) << _BUCKET
        yield float(score[peak]), places[slice(*np.searchsorted(places, (first_place, last_place)))]


def _peaks(window: Places, score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Windows that weigh more than those beside them. Neighbours see the same passage, so of windows in a row that
    weigh the same (short copies of one text, for example) every second one stands for all."""
    follows = np.diff(window, prepend=-2) == 1
    before = np.where(follows, np.append(0.0, score[:-1]), 0.0)
    after = np.where(np.append(follows[1:], False), np.append(score[1:], 0.0), 0.0)
    first = np.flatnonzero(before != score)
    row = np.cumsum(before != score) - 1
    last = np.append(first[1:], len(score)) - 1
    higher = (score[first] > before[first]) & (score[last] > after[last])
    return np.flatnonzero(higher[row] & ((np.arange(len(score)) - first[row]) % 2 == 0))


def _owners(store: Store, segment: int, places: Places) -> Iterator[tuple[Indexed, int]]:
    """Documents that stand at places of a segment's line, with the first of the places in each."""
    end = -1
    for place in places.tolist():
        if place >= end and (document := store.at(segment, place)):
            end = document.start + document.length
            yield document, place - document.start


def _aligned(store: Store, document: Indexed, offset: int, stretch: str) -> Hit | None:
    """The place around an offset that is most like the stretch, where it is like enough to be looked at."""
    start = max(0, offset - 2 * len(stretch))
    text = store.text(document, start, offset + (2 << _BUCKET) + 3 * len(stretch))
    key = key_of(text)
    found = fuzz.partial_ratio_alignment(stretch, str(key), score_cutoff=100 * LIKE / 2)
    if found is None or found.dest_end <= found.dest_start:
        return None
    begin, end = _span(key, found.dest_start, found.dest_end)
    likeness = found.score / 100
    if len(key.codes) < len(stretch):  # a document that is shorter than the passage holds only a part of it
        likeness *= len(key.codes) / len(stretch)
    page = next((number for number, first, last in document.pages if first <= start + begin < last), 1)
    return Hit(document.doc_id, likeness, start + begin, start + end, page, text[begin:end], document.cluster)


def _span(key: Key, first: int, last: int) -> tuple[int, int]:
    """Characters of the text behind `key[first:last]`."""
    return int(key.offsets[first]), int(key.offsets[last - 1]) + 1
