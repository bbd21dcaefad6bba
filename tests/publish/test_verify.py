from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kobunko.errors import NotFound
from kobunko.publish import checksums
from kobunko.publish.rows import Row
from kobunko.publish.verify import verify
from kobunko.records import arrow_schema

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(home: Any) -> Path:
    return Path(home.build().folder)


def shard(folder: Path, config: str = "laws") -> Path:
    return folder / "data" / config / "train-00000-of-00001.parquet"


def rewrite(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def forge(folder: Path, config: str, change: Callable[[list[dict[str, Any]]], None]) -> list[str]:
    """Changes rows of a shard, makes the checksums fit again, and returns what verify finds."""
    path = shard(folder, config)
    rows = pq.read_table(path).to_pylist()
    change(rows)
    rewrite(path, rows, arrow_schema(Row))
    (folder / checksums.NAME).write_bytes(checksums.render(folder))
    return verify(folder)


def test_a_good_release_has_no_problem(folder: Path, home: Any) -> None:
    assert verify(folder, home.catalogue.removed()) == []


def test_a_flipped_byte_is_found(folder: Path) -> None:
    path = shard(folder)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    assert verify(folder)[0] == "data/laws/train-00000-of-00001.parquet: its bytes do not have the hash in SHA256SUMS"


def test_a_shard_cut_short_is_found(folder: Path) -> None:
    shard(folder).write_bytes(shard(folder).read_bytes()[:-9])
    problems = verify(folder)
    assert any("cannot be read" in problem for problem in problems)
    assert any("in no shard" in problem for problem in problems)


def test_missing_and_foreign_files_are_found(folder: Path) -> None:
    (folder / "README.md").rename(folder / "NOTES.md")
    assert verify(folder) == ["README.md: missing", "NOTES.md: not in SHA256SUMS"]


def test_a_removed_document_is_found(folder: Path, id_of: Any) -> None:
    removed = id_of("tides", "law-2")
    assert verify(folder, {removed}) == [f"{removed}: was removed and must not be in a release"]


def test_a_text_that_rights_forbid_is_found(folder: Path) -> None:
    problems = forge(folder, "ministries", lambda rows: rows[0].update(text="本日の雲量は八であった。", pages=[]))
    assert any("a text that its rights do not allow (licence:metadata-only)" in problem for problem in problems)
    assert "ministries: 1 texts where the manifest counts 0" in problems


CHANGES: dict[str, tuple[Change, str]] = {
    "text": (lambda row: row.update(text=row["text"] + "。"), "not the one that was hashed"),
    "licence": (lambda row: row.update(license="CC0-1.0"), "license is not as in the manifest"),
    "evidence": (lambda row: row.update(evidence_level="E4"), "a text without evidence (E4)"),
    "config": (lambda row: row.update(config="ministries"), "is of the config ministries"),
    "page": (lambda row: row["pages"][-1].update(end=10**6), "outside of its text"),
    "id": (lambda row: row.update(id="tides-unknown"), "not in the manifest"),
}


@pytest.mark.parametrize(("change", "problem"), CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_row_is_found(folder: Path, change: Change, problem: str) -> None:
    def first_with_text(rows: list[dict[str, Any]]) -> None:
        change(next(row for row in rows if row["text"]))

    assert any(problem in found for found in forge(folder, "laws", first_with_text))


def test_rows_out_of_order_or_twice_are_found(folder: Path) -> None:
    problems = forge(folder, "laws", lambda rows: rows.append(rows[0]))
    assert any("not in the order of ids" in problem for problem in problems)
    assert any("2 times in the shards" in problem for problem in problems)


def test_text_that_is_not_utf8_is_found(folder: Path) -> None:
    table = pq.read_table(shard(folder))
    broken = pa.array([b"\xff\xfe"] * table.num_rows, pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("title"), table.field("title"), broken), shard(folder))
    (folder / checksums.NAME).write_bytes(checksums.render(folder))
    assert any("UTF8" in problem for problem in verify(folder))


def test_another_schema_is_found(folder: Path) -> None:
    rewrite(shard(folder), [{"id": "tides-a"}], pa.schema([("id", pa.string())]))
    (folder / checksums.NAME).write_bytes(checksums.render(folder))
    assert any("its schema is not that of Row" in problem for problem in verify(folder))


def test_lost_provenance_is_found(folder: Path) -> None:
    next(folder.glob("provenance/*.parquet")).unlink()
    assert "provenance: not one row for each document of the manifest" in verify(folder)


def test_a_folder_without_a_release(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="build it first"):
        verify(tmp_path)
