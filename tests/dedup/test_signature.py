import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from kobunko.dedup.kernel import BLOCK
from kobunko.dedup.normalise import matching_key
from kobunko.dedup.signature import EMPTY, permutations, signatures
from kobunko.dedup.stage import SignatureInput, Signer, signature_stage
from kobunko.engine import executor
from kobunko.errors import Reject
from kobunko.executors import read_part
from kobunko.settings import RunSettings
from kobunko.stage import Runner

NOTICE = "潮汐省は、架空湾における潮位の観測を毎月行い、その結果を公表するものとする。" * 3
TEXTS = [NOTICE, "告示", "あ", "ABCDE", "𠮷野川の水位𠮷", "é" * 40, "".join(chr(0x4E00 + n) for n in range(9000))]


def by_hand(key: str, count: int = 128) -> MinHash:
    """What a user of a release would write."""
    checked = MinHash(num_perm=count, seed=1)
    for start in range(max(1, len(key) - 4)):
        checked.update(key[start : start + 5].encode("utf-8"))
    return checked


@pytest.mark.parametrize("count", [128, 256])
def test_signatures_are_those_of_datasketch(count: int) -> None:
    for text, values in zip(TEXTS, signatures(pa.array(TEXTS), count), strict=True):
        assert np.array_equal(values, by_hand(text, count).hashvalues), text[:20]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6))
def test_any_text_has_the_signature_of_datasketch(texts: Sequence[str]) -> None:
    for text, values in zip(texts, signatures(pa.array(texts, pa.string())), strict=True):
        assert np.array_equal(values, by_hand(text).hashvalues if text else np.full(128, EMPTY))


def test_texts_that_end_at_the_edge_of_a_block_are_signed_whole() -> None:
    long = "".join(chr(0x4E00 + n) for n in range(2 * BLOCK + 20))
    ends = [BLOCK + n for n in range(-2, 12)] + [2 * BLOCK + n for n in range(-2, 12)]
    for end, values in zip(ends, signatures(pa.array([long[:end] for end in ends]), 8), strict=True):
        assert np.array_equal(values, by_hand(long[:end], 8).hashvalues), end


def test_the_permutations_are_those_of_datasketch() -> None:
    for count, seed in ((128, 1), (256, 7)):
        assert np.array_equal(permutations(count, seed), MinHash(num_perm=count, seed=seed).permutations)


def test_a_slice_and_a_large_array_give_the_same_as_each_text_alone() -> None:
    alone = [signatures(pa.array([text]))[0] for text in TEXTS]
    assert np.array_equal(signatures(pa.array(["x", *TEXTS])[1:]), alone)
    assert np.array_equal(signatures(pa.array(TEXTS, pa.large_string())), alone)
    assert np.array_equal(signatures(pa.array([None, NOTICE]))[0], np.full(128, EMPTY))


def test_a_row_can_be_checked_with_datasketch_alone() -> None:
    row = Signer()(SignatureInput("　" + NOTICE.replace("、", "、\n"), []))
    key = matching_key(NOTICE)
    assert np.array_equal(np.frombuffer(row.minhash, "<u4"), by_hand(key).hashvalues)
    assert row.key_sha256 == hashlib.sha256(key.encode()).hexdigest()


def test_white_space_alone_is_rejected() -> None:
    with pytest.raises(Reject) as caught:
        Signer()(SignatureInput(" \n　", []))
    assert caught.value.code == "no-text"


def batch(texts: Sequence[str]) -> pa.Table:
    ids = [f"d{number}" for number in range(len(texts))]
    rows = {"doc_id": ids, "input_sha256": ["0"] * len(ids), "text.text": list(texts), "text.pages": [[]] * len(ids)}
    return pa.table(rows)


def test_the_stage_gives_the_same_together_one_by_one_and_in_processes(tmp_path: Path) -> None:
    stage = signature_stage(())
    texts = [NOTICE, " ", "告示", NOTICE + "附則"]
    together = Runner(stage, lambda part: b"")(batch(texts))
    assert together["outcome"].to_pylist() == ["ok", "reject:no-text", "ok", "ok"]
    assert together.schema == stage.output_schema
    rows = [Runner(stage, lambda part: b"")(batch(texts).slice(place, 1)) for place in range(len(texts))]
    assert pa.concat_tables(rows) == together
    with executor(RunSettings(workers=2), partial(read_part, tmp_path)) as engine:
        found = pa.concat_tables(engine.map(stage, [batch(texts).slice(place, 2) for place in (0, 2)]))
    assert found.sort_by("doc_id") == together


def test_a_read_only_installation_without_a_cache_still_signs(tmp_path: Path) -> None:
    """No folder of numba's can be written; warnings are errors, so that none of them reaches an operator."""
    code = (
        "import pyarrow as pa; from kobunko.dedup.passages import passages; print(len(passages(pa.array(['あ' * 99]))))"
    )
    blocked = tmp_path / "file"
    blocked.write_text("")
    script = f"import numba.core.caching as c; c.CacheImpl._locator_classes.clear(); {code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | {"HOME": str(blocked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
