"""Rows of side-cars as lookup reads them, beside a writer: by their number, by their key, and never a stale one."""

import dataclasses
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kobunko.document import document
from kobunko.lookup.rows import newest_row
from kobunko.partfile import ROW_KEY
from kobunko.parts import parts_of
from kobunko.records import Document
from kobunko.sidecar import MANY_PARTS, PENDING, SideCar, erase
from kobunko.stage import Stage

COUNT = 17_000  # rows of one part: more than those whose ids readers keep
_MOMENTS = itertools.count(1_700_000_000)
CHANGED = 200  # documents that were captured again


@dataclass(frozen=True, slots=True)
class Said:
    words: list[str]
    kind: str


STAGE: Stage[Any, Any] = Stage("say", 1, lambda: lambda x: x, Said, Said)


def made(key: int, version: str = "1") -> Document:
    return dataclasses.replace(
        document("a", str(key), "1", [], url="http://a.example/", title=""), input_sha256=f"{key:060d}{version}"
    )


def rows(documents: list[Document], word: str, outcome: str = "ok") -> pa.Table:
    told = {"kind": "speech", "outcome": outcome, "detail": "", "stage": STAGE.label}
    keys = [{"doc_id": item.doc_id, "input_sha256": item.input_sha256} for item in documents]
    values = [key | told | {"words": [word, key["input_sha256"]]} for key in keys]
    return pa.Table.from_pylist(values, schema=STAGE.output_schema)


def ask(sidecar: SideCar, wanted: Document) -> str | None:
    """The word that a row holds, once the row is seen to be the right one."""
    row = newest_row(sidecar.folder, wanted, ["words", "kind"])
    assert row is None or (row["words"][1], row["kind"]) == (wanted.input_sha256, "speech")
    return row["words"][0] if row else None


def settle(folder: Path) -> None:
    """As if what was written last had been written long ago, so that readers keep what they have listed."""
    moment = next(_MOMENTS)
    os.utime(folder, (moment, moment))


@pytest.mark.parametrize("numbered", [True, False], ids=["by number", "by key"])
def test_a_row_is_found_by_its_whole_key(tmp_path: Path, numbered: bool) -> None:
    sidecar = SideCar(tmp_path, STAGE)
    documents = [made(key) for key in range(COUNT)]
    sidecar.append(pa.concat_tables([rows(documents, "old"), rows([made(n, "2") for n in range(CHANGED)], "new")]))
    if not numbered:  # as parts were written before
        (part,) = parts_of(sidecar.folder)
        table = pq.read_table(part.path)
        pq.write_table(table.drop_columns([ROW_KEY]), part.path, row_group_size=1000, compression="zstd")
    for key in (*range(0, COUNT, 97), *range(CHANGED)):
        assert ask(sidecar, made(key)) == "old"
    assert {ask(sidecar, made(key, "2")) for key in range(CHANGED)} == {"new"}
    assert {ask(sidecar, made(key, "3")) for key in range(CHANGED)} == {None}
    assert ask(sidecar, made(COUNT)) is None


@pytest.mark.parametrize("rows_of_a_file", [0, 1], ids=["one file", "several files"])
def test_readers_see_what_is_written_and_erased_after_they_have_listed_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_of_a_file: int
) -> None:
    if rows_of_a_file:
        monkeypatch.setattr("kobunko.partfile._GROUP_ROWS", rows_of_a_file)
        monkeypatch.setattr("kobunko.sidecar.GROUPS", 1)
    sidecar, one, other = SideCar(tmp_path, STAGE), made(1), made(2)
    assert ask(sidecar, one) is None
    sidecar.append(rows([one, other], "first"))
    for number in range(MANY_PARTS):
        settle(sidecar.folder)
        assert ask(sidecar, one) == ("first" if number == 0 else str(number - 1))
        sidecar.append(rows([one], str(number)))
        assert ask(sidecar, one) == str(number)
    settle(sidecar.folder)
    assert ask(sidecar, other) == "first"
    assert sidecar.compact()
    assert len(parts_of(sidecar.folder)) == 1 + rows_of_a_file
    assert (ask(sidecar, one), ask(sidecar, other)) == (str(MANY_PARTS - 1), "first")
    settle(sidecar.folder)
    assert ask(sidecar, other) == "first"
    erase(tmp_path, {one.doc_id})
    assert (ask(sidecar, one), ask(sidecar, other)) == (None, "first")
    settle(sidecar.folder)
    assert ask(sidecar, other) == "first"
    sidecar.append(rows([other], "again", PENDING))
    assert ask(sidecar, other) is None
