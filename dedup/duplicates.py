"""The duplicates of a corpus: the index kept up to date with its documents, and the fold over what is known of them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kobunko.corpus import CHUNK, Corpus
from kobunko.dedup.bands import Labels
from kobunko.dedup.clusters import FACTS, fold
from kobunko.dedup.index import Index
from kobunko.dedup.signature import Signatures, from_bytes
from kobunko.dedup.stage import SignatureInput, shingles
from kobunko.records import PageSpan, from_row


class Duplicates:
    """Finds the duplicates among documents of a corpus; the index in `folder` is what earlier nights found."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self._corpus = corpus
        self._stage = corpus.stages["signature"]
        self._position = {name: place for place, name in enumerate(corpus.inputs["doc_id"].to_pylist())}
        self._path = folder / f"{self._stage.label}.sqlite"
        self._shingles = lru_cache(maxsize=64)(self._read_shingles)
        for old in folder.glob("signature@*.sqlite*"):
            if not old.name.startswith(self._path.name):
                old.unlink()  # of an earlier version of the stage: nothing would ever read it again

    def __call__(self, doc_ids: pa.ChunkedArray, key_sha256: pa.ChunkedArray, minhash: Signatures) -> pa.Table:
        """Rows of `clusters.SCHEMA` for these documents, which the index then holds, and no others."""
        stamps = dict(zip(doc_ids.to_pylist(), key_sha256.to_pylist(), strict=True))
        place_of = {name: place for place, name in enumerate(stamps)}
        with closing(self._index()) as index:
            index.sync(stamps, lambda names: minhash[[place_of[name] for name in names]])
            found = index.families()
        ids = sorted(stamps)
        row_of = {name: row for row, name in enumerate(ids)}
        labels = np.array([row_of[found[name]] for name in ids], dtype=np.int64)
        order = [place_of[name] for name in ids]
        matrix = minhash if order == list(range(len(ids))) else minhash[order]
        return self._folded(ids, matrix, labels)

    def count(self, removed: set[str]) -> dict[str, int]:
        """How many documents there are, and how many of them repeat another one; the index then holds them."""
        with closing(self._index()) as index:
            index.sync(self._stamps(removed), self._signatures)
            found = index.families()
        families = len(set(found.values()))
        return {"documents": len(found), "families": families, "copies": len(found) - families}

    def cluster_of(self, doc_id: str, removed: set[str]) -> pa.Table:
        """The rows of a document's family and of all that nearly match it: what a person wants to see of it."""
        with closing(self._index()) as index:
            index.sync(self._stamps(removed), self._signatures)
            names = index.family(doc_id)
            if names:
                close = index.similar(self._signatures([doc_id])[0], 0.5)
                names = sorted({member for name, _ in close for member in index.family(name)} | {*names})
            found = index.families()
        row_of = {name: row for row, name in enumerate(names)}
        labels = np.array([row_of[found[name]] for name in names], dtype=np.int64)
        return self._folded(names, self._signatures(names), labels)

    def similar_to(self, text: str, removed: set[str], floor: float = 0.3) -> list[tuple[str, float]]:
        """Documents like a text that is not in the corpus, closest first, with the estimated similarity."""
        signature = self._stage.make(**self._stage.params)(SignatureInput(text, []))
        with closing(self._index()) as index:
            index.sync(self._stamps(removed), self._signatures)
            return index.similar(from_bytes([signature.minhash])[0], floor)

    def jaccard(self, one: str, other: str) -> float:
        """The real similarity of two documents: shingles in common, of all shingles."""
        a, b = self._shingles(one), self._shingles(other)
        return len(a & b) / max(len(a | b), 1)

    def _index(self) -> Index:
        return Index(self._path, jaccard=self.jaccard)

    def _read_shingles(self, doc_id: str) -> frozenset[str]:
        (row,) = self._rows([doc_id], ["text.text", "text.pages"])
        pages = [from_row(PageSpan, page) for page in row["text.pages"] or []]
        return shingles(
            row["text.text"] or "", pages, "words" if self._stage.params["unit"] == "words" else "characters"
        )

    def _stamps(self, removed: set[str]) -> dict[str, str]:
        names = [name for name in self._position if name not in removed]
        rows = self._rows(names, ["signature.key_sha256"])
        return {row["doc_id"]: row["signature.key_sha256"] for row in rows if row["signature.key_sha256"]}

    def _signatures(self, names: Sequence[str]) -> Signatures:
        return from_bytes([row["signature.minhash"] for row in self._rows(names, ["signature.minhash"])])

    def _folded(self, names: Sequence[str], signatures: Signatures, labels: Labels) -> pa.Table:
        here = {name: column for name, column in FACTS.items() if self._has(column)}

        def load(rows: Sequence[int], wanted: Sequence[str]) -> list[dict[str, Any]]:
            columns = {name: here[name] for name in wanted if name in here}
            found = self._rows([names[row] for row in rows], [*columns.values()])
            return [
                {"doc_id": row["doc_id"]} | {name: row[column] for name, column in columns.items()} for row in found
            ]

        return fold(names, signatures, labels, load, jaccard=lambda a, b: self.jaccard(names[a], names[b]))

    def _has(self, column: str) -> bool:
        stage, _, name = column.rpartition(".")
        return not stage or (stage in self._corpus.stages and name in self._corpus.stages[stage].output_schema.names)

    def _rows(self, names: Sequence[str], columns: Sequence[str]) -> list[Mapping[str, Any]]:
        """Columns of documents, in the order of `names`."""
        places = np.array([self._position[name] for name in names], dtype=np.int64)
        tables = [self._corpus.select(places[at : at + 8 * CHUNK], columns) for at in range(0, len(places), 8 * CHUNK)]
        return [row for table in tables for row in table.to_pylist()]
