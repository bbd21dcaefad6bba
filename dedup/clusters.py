"""Duplicate clusters: a fold over all signatures.

Documents with the same matching key are exact duplicates. Of each such group one document stands for all in the
search for near duplicates: bands of the signature give candidates, the signatures themselves decide, and what is
connected is one cluster. The result does not depend on the order of the input.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from datasketch import MinHash, MinHashLSH
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kobunko.dedup.signature import PERMUTATIONS, SCHEME, SEED, Signatures

THRESHOLD = 0.8  # estimated Jaccard similarity of the shingle sets
BANDS, ROWS = 16, 8  # finds 94 % of the pairs at the threshold, and more of the closer ones

SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("cluster_id", pa.string(), nullable=False),
        pa.field("cluster_size", pa.int64(), nullable=False),
        pa.field("exact", pa.bool_(), nullable=False),
    ]
)


def cluster(
    doc_ids: Sequence[str], key_sha256: Sequence[str], minhash: Signatures, threshold: float = THRESHOLD
) -> pa.Table:
    """`doc_id, cluster_id, cluster_size, exact` of every document, sorted by id.

    `minhash` is n × 128. `cluster_id` is the smallest id in the cluster, a cluster of one included; `exact` says that
    another document has the same matching key.
    """
    ids = np.asarray(doc_ids, dtype=object)
    order = np.argsort(ids, kind="stable")
    ids, keys, signatures = ids[order], np.asarray(key_sha256, dtype=object)[order], minhash[order]
    _, first, group, copies = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    component = _components(signatures[first], threshold)[group]
    _, smallest, member, size = np.unique(component, return_index=True, return_inverse=True, return_counts=True)
    columns = [ids, ids[smallest[member]], size[member], copies[group] > 1]
    return pa.table([pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _components(signatures: Signatures, threshold: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Label of the connected component of every signature."""
    count = len(signatures)
    pairs = np.array(list(_similar_pairs(signatures, threshold)), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels)


def _similar_pairs(signatures: Signatures, threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs that share a band and whose signatures agree in at least `threshold` of their places."""
    index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    for number, values in enumerate(signatures):
        signature = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme=SCHEME, hashvalues=values)
        for other in index.query(signature):
            if np.mean(values == signatures[other]) >= threshold:
                yield other, number
        index.insert(number, signature)
