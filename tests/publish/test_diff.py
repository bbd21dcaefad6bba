"""What changed between two releases, and that little has to be sent again for a small change."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kobunko.catalogue import Catalogue
from kobunko.errors import NotFound
from kobunko.ids import doc_id
from kobunko.publish import plan
from kobunko.publish.diff import diff, read_side
from kobunko.publish.provenance import documents_of
from kobunko.publish.shards import places, row_groups, write_shard
from kobunko.publish.verify import verify


def compare(home: Any, older: str = "1", newer: str = "2") -> Any:
    return diff(*(read_side(home.settings.releases / version) for version in (older, newer)))


def test_two_removals_are_all_that_changed(home: Any, id_of: Any) -> None:
    home.build("1")
    gone = sorted([id_of("tides", "law-2"), id_of("clouds", "notice-1")])
    home.remove(*gone)
    home.build("2")
    found = compare(home)
    assert found.removed == [(name, "removal") for name in gone]
    assert (found.added, found.changed, found.moved, found.stages) == ([], [], [], [])


def test_a_long_list_is_compared_in_pieces(home: Any, id_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PIECE", 2)
    home.build("1")
    home.remove(id_of("clouds", "notice-1"), id_of("tides", "law-1"))
    home.add({("tides", f"law-{number}"): f"新法\f第{number}条　新しい定め。" for number in range(10, 14)})
    home.run_stages()
    home.build("2")
    found = compare(home)
    assert found.added == sorted(id_of("tides", f"law-{number}") for number in range(10, 14))
    assert {name for name, _ in found.removed} == {id_of("clouds", "notice-1"), id_of("tides", "law-1")}
    assert (found.changed, found.moved) == ([], [])
    assert verify(home.settings.releases / "2", home.catalogue.removed()) == []


def test_each_change_has_its_cause(home: Any, id_of: Any) -> None:
    home.build("1")
    home.add(
        {("tides", "law-3"): "灯台塗色規則\f灯台の塗色は、白とする。", ("tides", "law-9"): "新法\f第1条　新しい定め。"}
    )
    home.seeds["clouds"] = home.seeds["clouds"].model_copy(update={"licence": home.seeds["tides"].licence.model_copy()})
    home.run_stages()
    home.build("2")
    found = compare(home)
    assert found.added == [id_of("tides", "law-9")]
    why = {change.id: change.why for change in found.changed}
    assert why[id_of("tides", "law-3")] == "source"
    assert why[id_of("clouds", "notice-1")] == "rule"
    assert [old.split("@")[0] for old, _ in found.stages] == ["licence"]


def test_a_stage_that_reads_otherwise_is_the_cause(home: Any, id_of: Any) -> None:
    home.build("1")
    newer = dataclasses.replace(home, opening="　")
    newer.run_stages()
    newer.build("2")
    found = compare(home)
    assert {change.why for change in found.changed} == {"stage"}
    read = {id_of("tides", key) for key in ("law-1", "law-2", "law-3")}
    assert read <= {change.id for change in found.changed}
    assert id_of("tides", "law-4") not in {change.id for change in found.changed}, "nobody could read it before or now"
    assert found.changed[0].facts[:2] == ["text_sha256", "characters"]
    assert "text" in [old.split("@")[0] for old, _ in found.stages]


def test_a_document_that_leaves_its_cluster_has_moved(home: Any, id_of: Any) -> None:
    home.build("1")
    home.add({("tides", "law-2"): "潮位観測法施行令\fまったく別の文である。"})
    home.run_stages()
    home.build("2")
    moved = [name for name, _, _ in compare(home).moved]
    assert set(moved) <= {id_of("tides", "law-1"), id_of("tides", "law-2")}
    assert len(moved) >= 1


def test_the_card_tells_what_is_new(home: Any) -> None:
    home.build("2026.11.9")
    home.add({("tides", "law-9"): "新法\f第1条　新しい定め。"})
    home.run_stages()
    card = (home.build("2026.11.10").folder / "README.md").read_text(encoding="utf-8")
    assert "2026.11.9" in card
    assert "1 added" in card
    assert "追加 1 件" in card


def test_a_release_gives_a_lost_catalogue_its_documents_back(home: Any, tmp_path: Path) -> None:
    first = home.build("1")
    lost = Catalogue(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with lost.transaction() as connection:
        lost.add_documents(connection, "rebuild", documents_of(first.folder))
    kept = [name for name, _ in home.catalogue.inputs() if name not in home.catalogue.removed()]
    assert lost.documents(kept) == home.catalogue.documents(kept)
    assert [name for name, _ in lost.inputs()] == kept
    lost.close()


def test_a_folder_that_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="build it again"):
        read_side(tmp_path)


def chunks(data: bytes) -> dict[str, int]:
    """Content-defined chunks of about 64 KB by a gear hash, as deduplicating stores cut them: size by hash."""
    gear = np.random.default_rng(7).integers(0, 2**63, 256, dtype=np.uint64)[np.frombuffer(data, dtype=np.uint8)]
    rolling = np.zeros(len(data), dtype=np.uint64)
    for shift in range(48):
        rolling[shift:] += gear[: len(data) - shift] << np.uint64(shift)
    cuts = np.flatnonzero(rolling >> np.uint64(32) & np.uint64(0xFFFF) == 0)
    ends, last = [], 0
    for cut in [*cuts.tolist(), len(data)]:
        if cut - last >= 8192 or cut == len(data):
            ends.append(cut)
            last = cut
    return {hashlib.sha256(data[a:b]).hexdigest(): b - a for a, b in zip([0, *ends], ends, strict=False)}


def test_after_two_removals_most_of_a_shard_is_not_sent_again(tmp_path: Path) -> None:
    """2,000 invented documents of 3–30 KB, about 17 MB of text; two of them go."""
    chance = np.random.default_rng(3)
    words = np.array([f"{a}{b}" for a in "潮位観測台帳記載省令施行規則灯塔" for b in "はをにがのとも条項号第一二三"])
    ids = sorted(doc_id("tides", str(number), "1") for number in range(2000))
    texts = ["".join(words[chance.integers(0, len(words), chance.integers(500, 5000))]) for _ in ids]

    def write(name: str, without: set[int]) -> bytes:
        kept = [number for number in range(len(ids)) if number not in without]
        table = pa.table({"id": [ids[n] for n in kept], "text": [texts[n] for n in kept]})
        sizes = np.array([len(texts[n]) * 3 for n in kept])
        cuts = row_groups(places(table["id"].combine_chunks()), sizes)
        groups = (table.slice(cut.start, cut.stop - cut.start) for cut in cuts)
        write_shard(tmp_path / name, table.schema, groups)
        return (tmp_path / name).read_bytes()

    before, after = chunks(write("a.parquet", set())), chunks(write("b.parquet", {700, 1500}))
    same = sum(size for name, size in after.items() if name in before) / sum(after.values())
    assert same >= 0.85, same
