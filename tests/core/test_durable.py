"""Durable writes: a file under its final name is whole, whatever happened on the way."""

from pathlib import Path

import pytest

from kobunko import durable


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a" / "state.json"
    durable.write_bytes(path, b"old")
    with pytest.raises(RuntimeError), durable.writing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [item.name for item in path.parent.iterdir()] == ["state.json"]


def test_sweep_removes_what_a_crash_left(tmp_path: Path) -> None:
    durable.write_bytes(tmp_path / "kept", b"1")
    (tmp_path / f"part.parquet.77{durable.TEMPORARY}").write_bytes(b"PAR1")
    assert len(durable.sweep(tmp_path)) == 1
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]
