from pathlib import Path

import pyarrow as pa

from kobunko.dedup.contamination import benchmark, overlap
from kobunko.dedup.keys import matching_keys

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
