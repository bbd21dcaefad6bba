import hashlib

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash

from kobunko.dedup import signature
from kobunko.dedup.normalise import matching_key
from kobunko.dedup.stage import SignatureInput, sign, signature_stage
from kobunko.errors import Reject
from kobunko.stage import Runner

NOTICE = "潮汐省は、架空湾における潮位の観測を毎月行い、その結果を公表するものとする。" * 3


def by_hand(text: str) -> MinHash:
    """What a user of a release would write."""
    key = matching_key(text)
    checked = MinHash(num_perm=128, seed=1)
    for start in range(max(1, len(key) - 4)):
        checked.update(key[start : start + 5].encode("utf-8"))
    return checked


@pytest.mark.parametrize("text", [NOTICE, "告示", "あ", "ABCDE", "𠮷野川の水位𠮷"])
def test_the_signature_is_that_of_datasketch(text: str) -> None:
    result = sign(SignatureInput(text))
    assert np.array_equal(np.frombuffer(result.minhash, "<u4"), by_hand(text).hashvalues)
    assert len(result.minhash) == 512
    assert result.key_sha256 == hashlib.sha256(matching_key(text).encode()).hexdigest()


def test_shingles_counts_the_distinct_ones() -> None:
    assert sign(SignatureInput("あいうえおあいうえお")).shingles == 5
    assert sign(SignatureInput("告示")).shingles == 1


def test_pieces_do_not_change_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sign(SignatureInput(NOTICE))
    monkeypatch.setattr(signature, "PIECE", 7)
    assert sign(SignatureInput(NOTICE)) == whole


def test_layout_does_not_change_the_signature() -> None:
    assert sign(SignatureInput("　" + NOTICE.replace("、", "、\n"))) == sign(SignatureInput(NOTICE))


def test_white_space_alone_is_rejected() -> None:
    with pytest.raises(Reject) as caught:
        sign(SignatureInput(" \n　"))
    assert caught.value.code == "no-text"


def test_the_stage_runs_on_a_batch() -> None:
    stage = signature_stage(())
    batch = pa.table({"doc_id": ["a", "b"], "input_sha256": ["0", "0"], "text.text": [NOTICE, " "]})
    result = Runner(stage, lambda part: b"")(batch)
    assert result["outcome"].to_pylist() == ["ok", "reject:no-text"]
    assert result.schema == stage.output_schema
