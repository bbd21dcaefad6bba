"""The index: signatures, bands and families of all documents on disk, brought up to date in time for what is new.

It is one SQLite file. An update is one transaction, so that a crash leaves the state before it; what is deleted is
overwritten with zeros, so that a removed document leaves no trace. After any number of updates the families are those
that `bands.families` finds in all documents at once: adding can only join families, and a family that loses a member
is found anew from the members that remain.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kobunko.dedup.bands import BANDS, THRESHOLD, agreement, band_keys, families, limits
from kobunko.dedup.signature import PERMUTATIONS, Signatures, from_bytes, to_bytes
from kobunko.durable import make_folder

Jaccard = Callable[[str, str], float]
_AT_ONCE = 500  # SQL variables

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    row INTEGER PRIMARY KEY, doc_id TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, signature BLOB NOT NULL,
    family TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS documents_by_family ON documents (family);
CREATE TABLE IF NOT EXISTS bands (
    band INTEGER NOT NULL, key INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (band, key, row)
    ) STRICT, WITHOUT ROWID;
"""


class Index:
    """Families of documents by id. `jaccard` gives the real similarity of two, where the estimate is too close."""

    def __init__(self, path: Path, threshold: float = THRESHOLD, jaccard: Jaccard | None = None) -> None:
        make_folder(path.parent)
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=30000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)
        self._threshold = threshold
        self._jaccard = jaccard

    def close(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def stamps(self) -> dict[str, str]:
        """The stamp of every document: what its signature was made from."""
        return dict(self._connection.execute("SELECT doc_id, stamp FROM documents"))

    def families(self) -> dict[str, str]:
        """The family of every document: the smallest id in it."""
        return dict(self._connection.execute("SELECT doc_id, family FROM documents"))

    def family(self, doc_id: str) -> list[str]:
        """The members of a document's family, itself included; none if the index does not know it."""
        query = "SELECT doc_id FROM documents WHERE family = (SELECT family FROM documents WHERE doc_id = ?)"
        return sorted(row[0] for row in self._connection.execute(query, (doc_id,)))

    def similar(self, signature: Signatures, floor: float) -> list[tuple[str, float]]:
        """Documents that share a band with a signature and agree in a share of at least `floor`, closest first."""
        rows = {row for _, found in self._candidates(signature[None, :]) for row in found}
        found = [(doc_id, agreement(other, signature) / len(signature)) for doc_id, other in self._load(sorted(rows))]
        return sorted((item for item in found if item[1] >= floor), key=lambda item: (-item[1], item[0]))

    def update(self, new: Sequence[str], stamps: Sequence[str], signatures: Signatures, gone: Iterable[str]) -> None:
        """Takes documents in (those that it knows are replaced) and lets others go, all or nothing."""
        with self._transaction():
            known = self._rows_of([*new, *gone])
            self._remove(known)
            rows = self._insert(new, stamps, signatures)
            for place, doc_id in enumerate(new):
                self._join(doc_id, rows[place], signatures[place])

    def sync(self, stamps: Mapping[str, str], signature: Callable[[Sequence[str]], Signatures]) -> tuple[int, int]:
        """Makes the index hold exactly these documents; asks for the signatures of those that it does not know.

        Returns how many were taken in and how many let go.
        """
        before = self.stamps()
        new = sorted(name for name, stamp in stamps.items() if before.get(name) != stamp)
        gone = sorted(before.keys() - stamps.keys())
        if new or gone:
            matrix = signature(new) if new else np.empty((0, PERMUTATIONS), np.uint32)
            self.update(new, [stamps[name] for name in new], matrix, gone)
        return len(new), len(gone)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _rows_of(self, doc_ids: Sequence[str]) -> dict[int, str]:
        """Rows and families of those documents that the index knows."""
        query = "SELECT row, family FROM documents WHERE doc_id IN ({})"
        return dict(self._select(query, sorted(set(doc_ids))))

    def _select(self, query: str, values: Sequence[str] | Sequence[int]) -> Iterator[tuple[Any, Any]]:
        for start in range(0, len(values), _AT_ONCE):
            piece = values[start : start + _AT_ONCE]
            yield from self._connection.execute(query.format(",".join("?" * len(piece))), piece)

    def _load(self, rows: Sequence[int]) -> list[tuple[str, Signatures]]:
        query = "SELECT doc_id, signature FROM documents WHERE row IN ({}) ORDER BY row"
        return [(name, from_bytes([data], len(data) // 4)[0]) for name, data in self._select(query, rows)]

    def _remove(self, known: Mapping[int, str]) -> None:
        """Removes rows, and finds the families anew that lost a member."""
        if not known:
            return
        loaded = self._load(sorted(known))
        keys = _keys(np.stack([signature for _, signature in loaded]))
        for place, row in enumerate(sorted(known)):
            entries = [(band, keys[band][place], row) for band in range(BANDS)]
            self._connection.executemany("DELETE FROM bands WHERE band = ? AND key = ? AND row = ?", entries)
        self._connection.executemany("DELETE FROM documents WHERE row = ?", [(row,) for row in known])
        for family in sorted(set(known.values())):
            self._divide(family)

    def _divide(self, family: str) -> None:
        found = self._connection.execute("SELECT doc_id, signature FROM documents WHERE family = ?", (family,))
        members = sorted(found.fetchall())
        if not members:
            return
        ids = [name for name, _ in members]
        matrix = np.stack([from_bytes([data], len(data) // 4)[0] for _, data in members])
        jaccard = self._jaccard
        real = (lambda one, other: jaccard(ids[one], ids[other])) if jaccard else None
        labels = families(matrix, self._threshold, real)
        self._connection.executemany(
            "UPDATE documents SET family = ? WHERE doc_id = ?",
            [(ids[label], name) for name, label in zip(ids, labels.tolist(), strict=True)],
        )

    def _insert(self, new: Sequence[str], stamps: Sequence[str], signatures: Signatures) -> list[int]:
        rows = []
        for name, stamp, signature in zip(new, stamps, signatures, strict=True):
            values = (name, stamp, to_bytes(signature), name)
            query = "INSERT INTO documents (doc_id, stamp, signature, family) VALUES (?, ?, ?, ?)"
            rows.append(int(self._connection.execute(query, values).lastrowid or 0))
        keys = _keys(signatures)
        for band in range(BANDS):
            entries = sorted(zip(keys[band], rows, strict=True))
            self._connection.executemany(f"INSERT INTO bands VALUES ({band}, ?, ?)", entries)  # noqa: S608
        return rows

    def _candidates(self, signatures: Signatures) -> Iterator[tuple[int, list[int]]]:
        keys = _keys(signatures)
        for band in range(BANDS):
            for key in keys[band]:
                found = self._connection.execute("SELECT row FROM bands WHERE band = ? AND key = ?", (band, key))
                yield band, [row for (row,) in found]

    def _join(self, doc_id: str, row: int, signature: Signatures) -> None:
        """Joins the families of all documents that a new one is a pair with."""
        sure, unsure = limits(len(signature), self._threshold, self._jaccard is not None)
        rows = {other for _, found in self._candidates(signature[None, :]) for other in found} - {row}
        family_of = dict(self._select("SELECT row, family FROM documents WHERE row IN ({})", sorted(rows)))
        joined = set(self._rows_of([doc_id]).values())
        loaded = dict(zip(sorted(rows), self._load(sorted(rows)), strict=True))
        for other, family in sorted(family_of.items(), key=lambda item: (item[1], item[0])):
            if family in joined:
                continue
            name, values = loaded[other]
            same = agreement(values, signature)
            if same >= sure or (same >= unsure and self._jaccard and self._jaccard(name, doc_id) >= self._threshold):
                joined.add(family)
        if len(joined) > 1:
            first = min(joined)
            query = "UPDATE documents SET family = ? WHERE family = ?"
            self._connection.executemany(query, [(first, family) for family in joined - {first}])


def _keys(signatures: Signatures) -> list[list[int]]:
    """Band keys by band, as the signed numbers that SQLite stores."""
    return [band_keys(signatures, band).view(np.int64).tolist() for band in range(BANDS)]
