"""The fold from released rows to the passage index: adds what is new, drops what has left, merges small segments."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kobunko.passages.fingerprints import gram_hashes, winnow
from kobunko.passages.key import key_of
from kobunko.passages.store import Changes, Entry, Postings, Segment, Store

SEGMENT_POSTINGS = 1 << 25  # at most, in memory while a segment is made: 256 MB
SMALL = 1 << 22  # postings of a segment that is merged with its like
MANY_SMALL = 8
_BATCH = 1 << 18  # characters that are fingerprinted at once
_PLACE = np.uint64(0xFFFFFFFF)


@dataclass
class FoldSummary:
    added: int = 0
    removed: int = 0
    characters: int = 0  # of what was added
    documents: int = 0  # in the index now


class Released(Protocol):
    """Rows of a release. `keys` are the row keys by document id; `read` gives the rows of some.

    `base` names the release and its content; `changes` tells what is not as in another, None where that cannot be told.
    """

    version: str
    base: str

    def keys(self) -> Mapping[str, str]: ...

    def changes(self, base: str) -> Changes | None: ...

    def read(self, wanted: Mapping[str, str]) -> Iterable[Entry]: ...


def update(
    store: Store,
    released: Released,
    removed: Set[str] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> FoldSummary:
    """Makes the index hold exactly the rows of a release, those of `removed` documents left out.

    Crash-safe and resumable: each segment is one transaction, and what the index holds is not read again. Where the
    release that the index was made from is still there, only what changed since is looked at.
    """
    store.sweep()
    new, stale = _difference(store, released, removed)
    summary = FoldSummary(removed=len(stale - new.keys()))
    if new or stale:
        with store.transaction() as connection:
            store.note(connection, "base", "")  # until all is done, the index is none of a whole release
            store.delete(connection, sorted(stale))
        builder = _Builder(store)
        for entry in released.read(new):
            builder.add(entry)
            summary.added += 1
            summary.characters += len(entry.text)
            if progress:
                progress(summary.added, len(new))
        builder.flush()
        merge(store)
    with store.transaction() as connection:
        store.note(connection, "release", released.version)
        store.note(connection, "base", released.base)
    (summary.documents,) = store.rows("SELECT count(*) FROM documents")[0]
    return summary


def _difference(store: Store, released: Released, removed: Set[str]) -> tuple[dict[str, str], set[str]]:
    """Row keys of the documents that the index lacks, and the documents that have to leave it (to come back or not)."""
    base = store.fact("base")
    since = released.changes(base) if base else None
    if since is None:
        wanted, held = dict(released.keys()), store.keys()
        stale = {doc_id for doc_id, key in held.items() if wanted.get(doc_id) != key}
    else:
        wanted, held = dict(since.changed), store.keys([*since.changed, *since.left, *removed])
        stale = held.keys() - {doc_id for doc_id, key in wanted.items() if held.get(doc_id) == key}
    new = {doc_id: key for doc_id, key in wanted.items() if held.get(doc_id) != key and doc_id not in removed}
    return new, stale | (held.keys() & removed)


class _Builder:
    """Collects documents until they make a segment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reset()

    def _reset(self) -> None:
        self._documents: list[Entry] = []
        self._starts: list[int] = []
        self._postings: list[Postings] = []
        self._count = self._length = 0
        self._waiting: list[str] = []  # texts that are not fingerprinted yet
        self._waiting_from = 0

    def add(self, document: Entry) -> None:
        self._documents.append(document)
        self._starts.append(self._length)
        self._waiting.append(document.text)
        self._length += len(document.text) + 1
        if self._length - self._waiting_from >= _BATCH:
            self._fingerprint()
        if self._count >= SEGMENT_POSTINGS:
            self.flush()

    def _fingerprint(self) -> None:
        """Fingerprints what waits, all at once: a call per short document would cost more than its characters."""
        line = "\x00".join(self._waiting)
        for begin in range(0, len(line), _BATCH):
            found = postings_of(line[begin : begin + _BATCH], self._waiting_from + begin)
            self._postings.append(found)
            self._count += len(found)
        self._waiting, self._waiting_from = [], self._length

    def flush(self) -> None:
        if not self._documents:
            return
        self._fingerprint()
        number = 1 + max((segment.number for segment in self._store.segments()), default=0)
        postings = np.concatenate(self._postings)
        postings.sort()
        self._store.write_postings(number, postings)
        with self._store.transaction() as connection:
            _add_segment(connection, Segment(number, len(postings), self._length))
            for document, start in zip(self._documents, self._starts, strict=True):
                self._store.add(connection, document, number, start)
        self._reset()


def postings_of(text: str, start: int) -> Postings:
    """Unsorted postings of a text that begins at `start` of its segment's line."""
    key = key_of(text)
    hashes = gram_hashes(key.codes)
    kept = winnow(hashes)
    return (hashes[kept] << np.uint64(32)) | (key.offsets[kept] + start).astype(np.uint64)


def _add_segment(connection: sqlite3.Connection, segment: Segment) -> None:
    connection.execute("INSERT INTO segments VALUES (?,?,?)", (segment.number, segment.postings, segment.length))


def merge(store: Store) -> bool:
    """Makes one segment of the small ones when there are many, without the postings of documents that have left."""
    small = [segment for segment in store.segments() if segment.postings < SMALL]
    if len(small) < MANY_SMALL:
        return False
    number = 1 + max(segment.number for segment in store.segments())
    postings = np.concatenate([_shifted(store, segment, start) for segment, start in _laid_out(small)])
    postings.sort()
    store.write_postings(number, postings)
    with store.transaction() as connection:
        _add_segment(connection, Segment(number, len(postings), sum(segment.length for segment in small)))
        for segment, start in _laid_out(small):
            moved = "UPDATE documents SET segment = ?, start = start + ? WHERE segment = ?"
            connection.execute(moved, (number, start, segment.number))
            connection.execute("DELETE FROM segments WHERE number = ?", (segment.number,))
    store.sweep()
    return True


def _laid_out(segments: list[Segment]) -> Iterator[tuple[Segment, int]]:
    start = 0
    for segment in segments:
        yield segment, start
        start += segment.length


def _shifted(store: Store, segment: Segment, by: int) -> Postings:
    """Postings of a segment's living documents, moved along the line."""
    rows = store.rows("SELECT start, start + length FROM documents WHERE segment = ? ORDER BY start", (segment.number,))
    if not rows:
        return np.empty(0, dtype=np.uint64)
    starts, ends = np.array(rows, dtype=np.int64).T
    postings = store.postings(segment.number)
    places = (postings & _PLACE).astype(np.int64)
    owner = np.searchsorted(starts, places, side="right") - 1
    living = (owner >= 0) & (places < ends[np.maximum(owner, 0)])
    moved: Postings = postings[living] + np.uint64(by)
    return moved
