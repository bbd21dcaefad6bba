"""The stage contract through the real executors and side-cars: N rows in, N rows out, whatever the documents do."""

import dataclasses
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import machinery
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kobunko import ids
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus, State
from kobunko.document import document
from kobunko.engine import executor
from kobunko.executors import Executor, Inline
from kobunko.parts import parts_of
from kobunko.records import Part
from kobunko.running import failed_positions, over_quarantine_limit, run_stages
from kobunko.settings import RunSettings
from kobunko.sidecar import MANY_PARTS, SideCar, prune


def add(catalogue: Catalogue, *keys: str) -> None:
    parts = [Part("file", "http://a.example/", "", ids.sha256_hex(b"x"), 1, "", "", 0, None)]
    made = [document("demo", key, "1", parts, url=f"http://a.example/{key}", title="") for key in keys]
    with catalogue.transaction() as connection:
        catalogue.add_documents(connection, "test", made)


def run(catalogue: Catalogue, root: Path, executor: Executor | None = None) -> Corpus:
    corpus = Corpus(catalogue, root, machinery.STAGES)
    run_stages(corpus, list(corpus.stages), executor or Inline(machinery.no_bytes), RunSettings())
    return corpus


def table(corpus: Corpus, *columns: str) -> list[dict[str, Any]]:
    rows = corpus.select(np.arange(len(corpus)), ["source_key", *columns]).to_pylist()
    return sorted(rows, key=lambda row: row["source_key"])


def test_rows_come_in_the_order_that_was_asked_for(catalogue: Catalogue, tmp_path: Path) -> None:
    """Stages with units ask for the small documents first; each must get its own parts."""
    add(catalogue, *(f"ok-{number}" for number in range(5)))
    corpus = run(catalogue, tmp_path)
    place = np.array([3, 0, 4])
    for view in (corpus, corpus.between("a", "z")):
        rows = view.select(place, ["source_key", "parts", "number.n"]).to_pylist()
        assert [row["doc_id"] for row in rows] == [corpus.inputs["doc_id"][int(n)].as_py() for n in place]
        assert all(row["source_key"] == f"ok-{row['number.n']}" for row in rows)


def test_a_corpus_can_be_read_in_pieces(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, *(f"ok-{number}" for number in range(3)), "reject-3")
    whole = run(catalogue, tmp_path)
    add(catalogue, "ok-9")
    whole = Corpus(catalogue, tmp_path, machinery.STAGES)
    pieces = list(whole.pieces(2))
    assert [len(piece) for piece in pieces] == [2, 2, 1]
    for name in whole.stages:
        assert [one for piece in pieces for one in piece.outcomes(name)] == whole.outcomes(name)
        assert np.concatenate([piece.states(name) for piece in pieces]).tolist() == whole.states(name).tolist()


def test_a_document_that_fails_is_a_row_with_a_reason(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "ok-2", "reject-3", "fail-4")
    corpus = run(catalogue, tmp_path)
    found = {row["source_key"]: row for row in table(corpus, "number.n", "number.outcome", "number.detail")}
    assert found["reject-3"]["number.outcome"] == "reject:encrypted"
    assert found["reject-3"]["number.detail"] == "needs a password"
    assert found["fail-4"]["number.outcome"] == "error:ValueError"
    assert "no number" in found["fail-4"]["number.detail"]
    assert "machinery.py" in found["fail-4"]["number.detail"]
    assert found["fail-4"]["number.n"] is None
    assert found["ok-2"]["number.n"] == 2


def test_stages_apply_where_they_have_something_to_do(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "ok-2", "fail-3")
    corpus = run(catalogue, tmp_path)
    rows = table(corpus, "double.double", "total.total", "total.outcome")
    by_key = {row["source_key"]: (row["double.double"], row["total.total"]) for row in rows}
    assert by_key == {"fail-3": (None, None), "ok-1": (2, 3), "ok-2": (None, 2)}
    assert sorted(corpus.states("double")) == [State.INAPPLICABLE, State.INAPPLICABLE, State.OK]


def test_what_has_a_row_is_not_done_again(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "fail-2")
    run(catalogue, tmp_path)
    add(catalogue, "ok-3")
    corpus = Corpus(catalogue, tmp_path, machinery.STAGES)
    done = run_stages(corpus, list(corpus.stages), Inline(machinery.no_bytes), RunSettings())
    assert {name: (summary.documents, summary.already) for name, summary in done.items()} == {
        "number": (1, 2),
        "double": (1, 1),
        "total": (1, 1),
    }


def test_when_the_time_is_up_the_rest_waits_for_the_next_run(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "ok-2", "ok-3")
    corpus = Corpus(catalogue, tmp_path, machinery.STAGES)
    done = run_stages(corpus, ["number"], Inline(machinery.no_bytes), RunSettings(), deadline=time.monotonic())
    assert (done["number"].documents, done["number"].left) == (0, 3)
    assert run_stages(corpus, ["number"], Inline(machinery.no_bytes), RunSettings())["number"].documents == 3


def test_hostile_documents_cost_only_themselves(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, *(f"ok-{n}" for n in range(20)), "hang-20", "die-21", "eat-22", "call-23")
    with executor(RunSettings(workers=2), machinery.no_bytes) as processes:
        corpus = run(catalogue, tmp_path, processes)
    outcomes = {row["source_key"]: row["number.outcome"] for row in table(corpus, "number.outcome")}
    assert outcomes.pop("hang-20") == "error:Timeout"
    assert outcomes.pop("die-21") == "error:WorkerDied"
    assert outcomes.pop("eat-22") == "error:MemoryError"
    assert outcomes.pop("call-23") == "error:PermissionError"
    assert set(outcomes.values()) == {"ok"}
    assert len(outcomes) == 20


def test_workers_that_are_killed_while_they_answer_cost_nothing(tmp_path: Path) -> None:
    """A result of some megabytes is half-way through its pipe when its worker dies: nothing is lost, nobody waits."""
    keys = [f"ok-{n}" for n in range(24)]
    batches = [pa.table({"doc_id": [key], "input_sha256": ["x"], "source_key": [key]}) for key in keys]
    outputs = []
    with executor(RunSettings(workers=2), machinery.no_bytes) as processes:
        for output in processes.map(machinery.LARGE, batches):
            outputs.append(output)
            if len(outputs) % 6 == 3:
                os.kill(workers_of_this_process()[0], signal.SIGKILL)
    found = pa.concat_tables(outputs)
    assert sorted(found["doc_id"].to_pylist()) == sorted(keys)
    assert set(found["outcome"].to_pylist()) == {"ok"}


def workers_of_this_process() -> list[int]:
    children = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_what_workers_log_does_not_mix_with_data(
    catalogue: Catalogue, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    add(catalogue, "log-1")
    with executor(RunSettings(workers=1), machinery.no_bytes) as processes:
        run(catalogue, tmp_path, processes)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "a remark" in printed.err


def test_both_executors_give_the_same_rows(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, *(f"ok-{n}" for n in range(9)), "fail-9", "reject-10")
    columns = ("number.n", "number.outcome", "number.stage", "total.total")
    inline = table(run(catalogue, tmp_path / "inline"), *columns)
    with executor(RunSettings(workers=2), machinery.no_bytes) as processes:
        assert table(run(catalogue, tmp_path / "processes", processes), *columns) == inline


def test_a_retry_does_the_stage_and_all_after_it_again(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "ok-2", "fail-3")
    corpus = run(catalogue, tmp_path)
    corpus.postpone("number", failed_positions(corpus, "number"))
    assert [len(corpus.pending(name)) for name in corpus.stages] == [1, 0, 0]
    corpus.postpone("number", np.arange(3))
    states = {name: Counter(corpus.states(name).tolist()) for name in corpus.stages}
    assert states["number"] == {State.PENDING: 3}
    assert states["total"] == {State.BLOCKED: 3}
    again = run(catalogue, tmp_path)
    assert Counter(again.outcomes("number")) == {"ok": 2, "error:ValueError": 1}
    assert {row["source_key"]: row["total.total"] for row in table(again, "total.total")}["ok-1"] == 3


def test_a_changed_stage_has_another_fingerprint_and_so_have_those_after_it() -> None:
    newer = dataclasses.replace(machinery.NUMBER, version=2)
    after = dataclasses.replace(machinery.DOUBLE, after=(newer,))
    assert newer.fingerprint != machinery.NUMBER.fingerprint
    assert after.fingerprint != machinery.DOUBLE.fingerprint
    wider = dataclasses.replace(machinery.NUMBER, resources=machinery.Resources(wall_s=9), batch=1)
    assert wider.fingerprint == machinery.NUMBER.fingerprint


def test_results_of_other_fingerprints_stay_until_they_are_pruned(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1")
    run(catalogue, tmp_path)
    newer = dataclasses.replace(machinery.NUMBER, version=2)
    run_stages(Corpus(catalogue, tmp_path, [newer]), ["number"], Inline(machinery.no_bytes), RunSettings())
    removed = {path.name for path in prune(tmp_path, [newer])}
    assert removed == {stage.label for stage in machinery.STAGES}
    assert [path.name for path in tmp_path.glob("*@*")] == [newer.label]


def rows(sidecar: SideCar, keys: list[str], outcome: str = "ok") -> pa.Table:
    told = {"input_sha256": "i", "n": 1, "odd": 1, "outcome": outcome, "detail": "", "stage": sidecar.stage.label}
    return pa.Table.from_pylist([{"doc_id": key, **told} for key in keys], schema=sidecar.stage.output_schema)


def test_compaction_keeps_every_row_once_and_survives_a_crash_half_way(tmp_path: Path) -> None:
    sidecar = SideCar(tmp_path, machinery.NUMBER)
    for n in range(MANY_PARTS):
        sidecar.append(rows(sidecar, [f"d{n:03d}", "twice"], "ok" if n % 2 else "error:X"))
    before = sidecar.index().sort_by("key")
    old = [(part.path, part.path.read_bytes()) for part in parts_of(sidecar.folder)]
    assert sidecar.compact()
    (part,) = parts_of(sidecar.folder)
    assert pq.read_table(part.path)["doc_id"].to_pylist() == [f"d{n:03d}" for n in range(MANY_PARTS)] + ["twice"]
    for path, data in old[5:]:  # a crash before the old parts were removed
        path.write_bytes(data)
    again = SideCar(tmp_path, machinery.NUMBER)
    assert [p.path for p in parts_of(again.folder)] == [part.path]
    assert again.index().select(["key", "outcome"]).sort_by("key") == before.select(["key", "outcome"])
    again.append(rows(again, ["new"]))
    assert again.index().num_rows == MANY_PARTS + 2


def test_a_large_part_is_several_files_that_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A footer is read whole for a single row, so no file has many row groups, and few files stay open."""
    monkeypatch.setattr("kobunko.sidecar.GROUPS", 2)
    monkeypatch.setattr("kobunko.partfile._GROUP_ROWS", 4)
    monkeypatch.setattr("kobunko.parts.CHUNKS", 1)
    monkeypatch.setattr("kobunko.parts.FEWEST", 2)
    sidecar = SideCar(tmp_path, machinery.NUMBER)
    names = [f"d{n:03d}" for n in range(MANY_PARTS)]
    for name in names:
        sidecar.append(rows(sidecar, [name]))
    old = [(part.path, part.path.read_bytes()) for part in parts_of(sidecar.folder)]
    assert sidecar.compact()
    files = parts_of(sidecar.folder)
    assert [(part.number, part.count) for part in files] == [(n, 4) for n in range(4)]
    assert [pq.read_metadata(part.path).num_row_groups for part in files] == [2, 2, 2, 2]
    found = sidecar.index().sort_by("key")
    assert sidecar.take(found, ["doc_id"])["doc_id"].to_pylist() == names
    some = SideCar(tmp_path, machinery.NUMBER, between=("d007", "d009"))
    assert some.take(some.index(), ["doc_id"])["doc_id"].to_pylist() == names[7:10]
    assert not sidecar.compact()
    links = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert sum(Path(link).parent == sidecar.folder for link in links) <= 2

    last = files[-1].path
    for path, data in old:  # a crash before the last of the files was there
        path.write_bytes(data)
    last.unlink()
    again = SideCar(tmp_path, machinery.NUMBER)
    assert [part.path for part in parts_of(again.folder)] == [path for path, _ in old]
    again.append(rows(again, ["new"]))
    assert again.compact()
    assert sorted(part.path for part in parts_of(again.folder)) == sorted(again.folder.iterdir())
    assert again.index().num_rows == MANY_PARTS + 1


def test_take_keeps_the_order_asked_for_and_nulls_for_what_is_absent(tmp_path: Path) -> None:
    sidecar = SideCar(tmp_path, machinery.NUMBER)
    for start in (0, 300):
        wide = [f"d{n:04d}" for n in range(start, start + 300)]
        sidecar.append(rows(sidecar, wide).set_column(2, "n", pa.array(range(start, start + 300))))
    places = pa.table({"part": pa.array([1, 0, None, 1, 0], pa.int32()), "row": pa.array([299, 7, None, 0, 7])})
    assert sidecar.take(places, ["n"])["n"].to_pylist() == [599, 7, None, 300, 7]


def test_too_many_errors_break_the_quarantine_limit(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, "ok-1", "fail-2", "reject-3")
    corpus = Corpus(catalogue, tmp_path, machinery.STAGES)
    done = run_stages(corpus, ["number"], Inline(machinery.no_bytes), RunSettings())
    assert over_quarantine_limit(done, 0.5) == []
    (line,) = over_quarantine_limit(done, 0.2)
    assert "1 of 3" in line


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_or_single_corpus_works(catalogue: Catalogue, tmp_path: Path, count: int) -> None:
    add(catalogue, *[f"ok-{n}" for n in range(count)])
    corpus = run(catalogue, tmp_path)
    assert len(table(corpus, "total.total")) == count
