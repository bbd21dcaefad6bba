import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kobunko.dedup.clusters import SCHEMA, cluster
from kobunko.dedup.signature import from_bytes
from kobunko.dedup.stage import SignatureInput, sign

ARTICLE = "第{n}条　雲海庁の長は、前条の届出があったときは、遅滞なく第{n}号様式により台帳に記載する。"
LAW = "".join(ARTICLE.format(n=n) for n in range(60))
AMENDED = LAW.replace("第7条", "第七条の二")
OTHER = "".join(f"潮汐省令{n}号は、灯台の塗色を{n}色に分け、その配列を別表に定める。" for n in range(60))


def clusters_of(texts: dict[str, str], threshold: float = 0.8) -> pa.Table:
    signed = [sign(SignatureInput(text)) for text in texts.values()]
    matrix = from_bytes([signature.minhash for signature in signed])
    return cluster(list(texts), [signature.key_sha256 for signature in signed], matrix, threshold)


def test_exact_near_and_different_documents() -> None:
    table = clusters_of({"d": OTHER, "c": LAW.replace("、", "、\n"), "b": AMENDED, "a": LAW})
    assert table.schema == SCHEMA
    assert table.to_pylist() == [
        {"doc_id": "a", "cluster_id": "a", "cluster_size": 3, "exact": True},
        {"doc_id": "b", "cluster_id": "a", "cluster_size": 3, "exact": False},
        {"doc_id": "c", "cluster_id": "a", "cluster_size": 3, "exact": True},
        {"doc_id": "d", "cluster_id": "d", "cluster_size": 1, "exact": False},
    ]


def test_candidates_below_the_threshold_do_not_join() -> None:
    table = clusters_of({"a": LAW, "b": AMENDED}, threshold=1.0)
    assert table["cluster_id"].to_pylist() == ["a", "b"]


def test_similarity_is_passed_on_within_a_cluster() -> None:
    """a–b and b–c agree in 0.9 of their places, a–c in 0.8 only: one cluster all the same."""
    matrix = np.tile(np.arange(128, dtype=np.uint32), (3, 1))
    matrix[1, 115:] += 1000
    matrix[2, 115:] += 1000
    matrix[2, :13] += 1000
    assert cluster(["a", "b", "c"], ["x", "y", "z"], matrix, 0.85)["cluster_id"].to_pylist() == ["a", "a", "a"]


def test_no_documents() -> None:
    assert cluster([], [], np.empty((0, 128), np.uint32)).num_rows == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=12), st.randoms())
def test_the_order_of_the_input_does_not_matter(made: Sequence[tuple[int, int]], shuffle: random.Random) -> None:
    """Documents are variants of a few base signatures with some places changed."""
    rows = []
    for number, (base, changed) in enumerate(made):
        values = np.arange(128, dtype=np.uint32) + 1000 * base
        values[:changed] += 500
        rows.append((f"d{number:02}", f"{base}-{changed}", values))
    expected = cluster(*_columns(rows))
    shuffle.shuffle(rows)
    assert cluster(*_columns(rows)) == expected
    sizes = {row["cluster_id"]: row["cluster_size"] for row in expected.to_pylist()}
    assert sum(sizes.values()) == len(rows)


def _columns(rows: Sequence[tuple[str, str, np.ndarray]]) -> tuple[list[str], list[str], np.ndarray]:
    ids, keys, values = zip(*rows, strict=True)
    return list(ids), list(keys), np.stack(values)
