import json
from pathlib import Path

import pyarrow as pa
import pytest

from kobunko.dedup.contamination import benchmark, overlap
from kobunko.dedup.keys import matching_keys
from kobunko.dedup.stage import SignatureInput, signature_stage
from kobunko.errors import UsageError

QUESTION = "架空湾の潮位を観測する者として正しいものはどれか。一つ選べ。"
NOTICE = "".join(f"灯台の塗色は第{n}号様式により届け出るものとし、その写しを{n}部添える。" for n in range(20))


def test_a_document_with_a_question_of_a_benchmark_is_known_by_its_share(tmp_path: Path) -> None:
    (tmp_path / "exam.jsonl").write_text(f'{{"question": "{QUESTION}"}}\n')
    sets = {"exam": benchmark([tmp_path / "exam.jsonl"]), "other": benchmark([])}
    texts = [NOTICE, NOTICE + QUESTION.replace("、", " "), QUESTION, "短い"]
    clean, leaked, alone, short = overlap(matching_keys(pa.array(texts, pa.large_string())), sets)
    assert clean == short == {}
    assert 0 < leaked["exam"] < 0.2
    assert alone["exam"] == 1


def test_the_sets_that_the_operator_names_are_part_of_the_stage(tmp_path: Path) -> None:
    (tmp_path / "exam.jsonl").write_text(f'{{"question": "{QUESTION}"}}\n')
    stage = signature_stage((), benchmarks={"exam": [tmp_path / "exam.jsonl"]})
    signed = stage.make(**stage.params)(SignatureInput(NOTICE + QUESTION, []))
    assert 0 < json.loads(signed.contamination)["exam"] < 0.2
    assert stage.fingerprint != signature_stage(()).fingerprint
    (tmp_path / "exam.jsonl").write_text('{"question": "別の問い"}\n')
    assert signature_stage((), benchmarks={"exam": [tmp_path / "exam.jsonl"]}).fingerprint != stage.fingerprint
    with pytest.raises(UsageError, match=r"dedup\.benchmarks"):
        signature_stage((), benchmarks={"exam": [tmp_path / "none"]})
