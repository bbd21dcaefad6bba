"""The duplicates among the documents of a release: what the fold over all signatures finds."""

import bisect
import os
import tempfile
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kobunko.corpus import Corpus
from kobunko.publish.columns import bytes_of

Cluster = Callable[[pa.ChunkedArray, pa.ChunkedArray, NDArray[np.uint32]], pa.Table]
_SIGNATURE = ["signature.key_sha256", "signature.minhash"]


def clustered(pieces: Iterable[tuple[Corpus, NDArray[np.int64]]], cluster: Cluster) -> pa.Table:
    """What `cluster` finds among documents at positions of pieces, sorted by id.

    The signatures wait in a file for it, because they are a large part of a home.
    """
    tables = []
    with tempfile.TemporaryFile() as file:
        for piece, positions in pieces:
            chunk = piece.select(positions, _SIGNATURE)
            signed = chunk.filter(chunk["signature.minhash"].is_valid()).combine_chunks()
            tables.append(signed.select(["doc_id", "signature.key_sha256"]))
            for minhash in signed["signature.minhash"].chunks:
                file.write(bytes_of(minhash))
        file.flush()
        ids, keys = pa.concat_tables(tables).columns if tables else (pa.chunked_array([], pa.string()),) * 2
        shape = (len(ids), os.fstat(file.fileno()).st_size // 4 // max(len(ids), 1))
        matrix = np.memmap(file, "<u4", "r", shape=shape) if len(ids) else np.zeros(shape, dtype="<u4")
        return _with_later(cluster(ids, keys, matrix).combine_chunks())


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


def between(clusters: pa.Table, first: str, last: str) -> pa.Table:
    """The rows from one id to another of a table that is sorted by id."""
    ids = clusters["doc_id"]
    start = bisect.bisect_left(range(len(ids)), first, key=lambda row: ids[row].as_py())
    stop = bisect.bisect_right(range(len(ids)), last, key=lambda row: ids[row].as_py())
    return clusters.slice(start, stop - start)
