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
_KEYS = pa.schema([("doc_id", pa.string()), ("signature.key_sha256", pa.string())])


def clustered(pieces: Iterable[tuple[Corpus, NDArray[np.int64]]], cluster: Cluster) -> pa.Table:
    """What `cluster` finds among documents at positions of pieces, sorted by id.

    Keys and signatures wait in files for it, because they are a large part of a home.
    """
    with tempfile.NamedTemporaryFile() as named, tempfile.TemporaryFile() as signatures:
        with pa.ipc.new_file(named.name, _KEYS) as keys:
            for piece, positions in pieces:
                chunk = piece.select(positions, _SIGNATURE)
                signed = chunk.filter(chunk["signature.minhash"].is_valid()).combine_chunks()
                keys.write(signed.select(_KEYS.names).cast(_KEYS))
                for minhash in signed["signature.minhash"].chunks:
                    signatures.write(bytes_of(minhash))
        signatures.flush()
        with pa.memory_map(named.name) as mapped:
            found = pa.ipc.open_file(mapped).read_all()
            shape = (len(found), os.fstat(signatures.fileno()).st_size // 4 // max(len(found), 1))
            matrix = np.memmap(signatures, "<u4", "r", shape=shape) if len(found) else np.zeros(shape, dtype="<u4")
            ids, sha256 = found.columns
            return _with_later(cluster(ids, sha256, matrix).combine_chunks())


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
