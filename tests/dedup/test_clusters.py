import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kobunko.dedup.bands import families
from kobunko.dedup.clusters import SCHEMA, cluster
from kobunko.dedup.signature import from_bytes
from kobunko.dedup.stage import SignatureInput, Signer

ARTICLE = "第{n}条　雲海庁の長は、前条の届出があったときは、遅滞なく第{n}号様式により台帳に記載する。"
LAW = "".join(ARTICLE.format(n=n) for n in range(60))
AMENDED = LAW.replace("第7条", "第七条の二")
OTHER = "".join(f"潮汐省令{n}号は、灯台の塗色を{n}色に分け、その配列を別表に定める。" for n in range(60))
ORDER = (
    "令和{y}年(ク)第{n}号\n主文\n本件抗告を棄却する。\n理由\n" + "抗告人の主張は、架空法所定の事由に当たらない。" * 4
)


def clusters_of(texts: Mapping[str, str], threshold: float = 0.8, **facts: Mapping[str, Any]) -> dict[str, Any]:
    signed = [Signer()(SignatureInput(text, [])) for text in texts.values()]
    known = [
        {
            "passages": item.passages,
            "designations": item.designations,
            "shingles": item.shingles,
            **facts.get(name, {}),
        }
        for name, item in zip(texts, signed, strict=True)
    ]
    keys, matrix = [item.key_sha256 for item in signed], from_bytes([item.minhash for item in signed])
    table = cluster(list(texts), keys, matrix, threshold, facts=known)
    assert table.schema == SCHEMA
    assert table["doc_id"].to_pylist() == sorted(texts)
    return {row["doc_id"]: row for row in table.to_pylist()}


def groups(rows: Mapping[str, Any]) -> dict[str, str]:
    return {name: row["cluster_id"] for name, row in rows.items()}


def test_the_same_the_near_and_the_different() -> None:
    rows = clusters_of({"d": OTHER, "c": LAW.replace("、", "、\n"), "b": AMENDED, "a": LAW})
    assert groups(rows) == {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert [rows[name]["relation"] for name in "abcd"] in (["none", "near", "same-text", "none"],)
    assert [rows[name]["cluster_size"] for name in "abcd"] == [3, 3, 3, 1]
    assert rows["d"]["canonical_reason"] == "only one"
    assert 0.8 < rows["b"]["similarity"] < rows["c"]["similarity"] == 1


def test_candidates_below_the_threshold_do_not_join() -> None:
    assert groups(clusters_of({"a": LAW, "b": AMENDED}, threshold=1.0)) == {"a": "a", "b": "b"}


def test_texts_decide_where_the_estimate_is_too_close() -> None:
    signed = [Signer()(SignatureInput(text, [])) for text in (LAW, AMENDED)]
    keys, matrix = [item.key_sha256 for item in signed], from_bytes([item.minhash for item in signed])
    estimate = float(np.mean(matrix[0] == matrix[1]))
    for real, expected in ((estimate + 0.01, ["a", "a"]), (estimate - 0.01, ["a", "b"])):
        table = cluster(["a", "b"], keys, matrix, estimate, jaccard=lambda _one, _other, real=real: real)
        assert table["cluster_id"].to_pylist() == expected


def test_decisions_from_one_template_stay_apart_and_a_copy_of_one_joins_it() -> None:
    texts = {f"o{n}": ORDER.format(y=n, n=100 + n) for n in range(1, 4)}
    texts["copy"] = texts["o2"].replace("主文", "主　文") + "\n(以上)"
    assert groups(clusters_of(texts)) == {"o1": "o1", "o2": "copy", "copy": "copy", "o3": "o3"}


def test_revisions_of_a_law_are_linked_and_not_merged_and_its_formats_are_merged() -> None:
    url = "https://laws.e-gov.go.jp/api/2/law_file/{}/415AC0000000999_{}_000000000000000"
    facts = {
        "x1": {"source": "egov_laws", "source_key": url.format("xml", "20200101"), "format": "law-xml"},
        "j1": {"source": "egov_laws", "source_key": url.format("json", "20200101"), "format": "json"},
        "x2": {"source": "egov_laws", "source_key": url.format("xml", "20240401"), "format": "law-xml"},
    }
    rows = clusters_of({"x1": LAW, "j1": LAW, "x2": AMENDED}, **facts)
    assert groups(rows) == {"x1": "j1", "j1": "j1", "x2": "x2"}
    assert rows["j1"]["canonical"] == "x1"
    assert rows["j1"]["canonical_reason"] == "format"
    assert rows["x2"]["supersedes"] == ["j1", "x1"]
    assert rows["x1"]["supersedes"] == []


def test_the_forms_of_a_law_are_one_work_and_what_cites_it_is_not() -> None:
    """XML of two revisions, JSON that does not say which one it is, an old page that has only the law's number."""
    named = "雲海庁法\n（令和二年法律第九十九号）\n" + LAW
    url = "https://laws.e-gov.go.jp/"
    facts = {
        "a-xml": {"source": "egov", "source_key": url + "law_file/xml/415AC0000000999_20200101_000000000000000"},
        "b-xml": {"source": "egov", "source_key": url + "law_file/xml/415AC0000000999_20240401_000000000000000"},
        "c-json": {"source": "egov", "source_key": url + "law_data/415AC0000000999"},
        "d-html": {"source": "other", "source_key": "https://old.example/H15.html"},
        "e-notice": {"source": "other", "source_key": "https://notice.example/1.html"},
    }
    texts = {
        "a-xml": named,
        "b-xml": named.replace("第7条", "第七条の二"),
        "c-json": named.replace("第8条", "第八条の二"),
        "d-html": named[: len(named) // 2],
        "e-notice": "雲海庁法（令和二年法律第九十九号）第三条の規定に基づき" + OTHER,
    }
    rows = clusters_of(texts, **facts)
    assert groups(rows) == {name: name for name in texts}
    assert {name: row["work_cluster"] for name, row in rows.items()} == {
        **dict.fromkeys(["a-xml", "b-xml", "c-json", "d-html"], "a-xml"),
        "e-notice": "e-notice",
    }


def test_a_page_that_does_not_say_which_revision_it_is_joins_the_one_with_its_text() -> None:
    url = "https://laws.e-gov.go.jp/law_file/xml/415AC0000000999_{}_000000000000000"
    facts = {"a": {"url": url.format("20200101")}, "b": {"url": url.format("20240401")}}
    assert groups(clusters_of({"a": LAW, "b": AMENDED, "c": AMENDED}, **facts)) == {"a": "a", "b": "b", "c": "b"}


def test_a_comparison_of_two_editions_is_a_copy_of_neither() -> None:
    """It says most things twice, and so is similar enough to both editions to join them."""
    old = "".join(ARTICLE.format(n=n) for n in range(8, 80))
    new = "".join(ARTICLE.format(n=n) for n in range(0, 72))
    rows = clusters_of({"new": new, "old": old, "new and old": old + new})
    assert groups(rows) == {"new": "new", "new and old": "new and old", "old": "old"}


def test_a_corrected_filing_supersedes_the_first_one() -> None:
    facts = {
        "a": {"source": "edinet", "source_key": "S1", "work_id": "w1", "metadata": "{}"},
        "b": {"source": "edinet", "source_key": "S2", "work_id": "w2", "metadata": '{"parentDocID": "S1"}'},
    }
    assert clusters_of({"a": OTHER, "b": OTHER + "訂正"}, **facts)["b"]["supersedes"] == ["a"]


def test_the_same_bytes_at_two_places_and_the_official_one_first() -> None:
    parts = [{"sha256": "1"}]
    facts = {
        "a": {"source": "x", "source_key": "1", "parts": parts, "url": "https://mirror.example/1"},
        "b": {"source": "x", "source_key": "2", "parts": parts, "url": "https://www.kaiun.go.jp/1"},
    }
    rows = clusters_of({"a": OTHER, "b": OTHER}, **facts)
    assert (rows["a"]["canonical"], rows["a"]["canonical_reason"]) == ("b", "official host")
    assert rows["a"]["relation"] == "same-bytes"


def test_a_quoted_law_is_contained_and_boilerplate_is_not() -> None:
    rows = clusters_of({"law": LAW, "book": OTHER + LAW + OTHER[::-1], "other": OTHER[::-1] + "別の文書である"})
    assert rows["law"]["contained_in"] == ["book"]
    assert rows["book"]["contained_in"] == []


def test_similarity_is_passed_on_within_a_cluster() -> None:
    """a–b and b–c agree in 0.9 of their places, a–c in 0.8 only: one cluster all the same."""
    matrix = np.tile(np.arange(128, dtype=np.uint32), (3, 1))
    matrix[1, 115:] += 1000
    matrix[2, 115:] += 1000
    matrix[2, :13] += 1000
    assert cluster(["a", "b", "c"], ["x", "y", "z"], matrix, 0.85)["cluster_id"].to_pylist() == ["a", "a", "a"]


def test_no_documents() -> None:
    assert cluster([], [], np.empty((0, 128), np.uint32)).num_rows == 0


def test_ten_thousand_copies_take_no_time_in_pairs() -> None:
    assert not families(np.tile(np.arange(128, dtype=np.uint32), (200_000, 1))).any()


Made = Sequence[tuple[int, int, int]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 2)), max_size=14), st.randoms())
def test_the_order_of_the_input_does_not_matter(made: Made, shuffle: random.Random) -> None:
    """Documents are variants of a few base signatures, some of which say that they are another case."""
    rows = []
    for number, (base, changed, case) in enumerate(made):
        values = np.arange(128, dtype=np.uint32) + 1000 * base
        values[:changed] += 500
        facts = {"designations": [f"case:{case}"] if case else []}
        rows.append((f"d{number:02}", f"{base}-{changed}", values, facts))
    expected = folded(rows)
    shuffle.shuffle(rows)
    assert folded(rows) == expected
    sizes = {row["cluster_id"]: row["cluster_size"] for row in expected.to_pylist()}
    assert sum(sizes.values()) == len(rows)


def folded(rows: Sequence[tuple[str, str, np.ndarray, Mapping[str, Any]]]) -> pa.Table:
    matrix = np.array([row[2] for row in rows], dtype=np.uint32).reshape(len(rows), 128)
    return cluster([row[0] for row in rows], [row[1] for row in rows], matrix, facts=[row[3] for row in rows])
