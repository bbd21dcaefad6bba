"""The raw store: what was written comes back byte for byte, and damage is never read as a shorter document."""

import datetime as dt
from pathlib import Path

import pytest

from kobunko.errors import Corrupt
from kobunko.ids import sha256_hex
from kobunko.warc import OPEN, WarcWriter, read, read_body, scan
from kobunko.warc_changes import repair

MOMENT = dt.datetime(2026, 11, 22, 3, 4, 5, 678, tzinfo=dt.UTC)
PAGE = "くらしの安全に関する告示".encode() * 50


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, list[tuple[str, str, int]]]:
    with WarcWriter(tmp_path, "kurashi") as writer:
        response = writer.response("http://kurashi.example/告示", MOMENT, 200, [("Content-Type", "text/html")], PAGE)
        records = [
            response,
            writer.revisit("http://kurashi.example/告示", MOMENT, 304, [], sha256_hex(PAGE), response[0]),
            writer.resource("file:通知.pdf", MOMENT, "application/pdf", b"%PDF-1.7"),
            writer.metadata("http://kurashi.example/", MOMENT, {"via": "http://a.example/\r\nx"}, response[0]),
        ]
    return tmp_path, records


def test_every_record_comes_back_whole(written: tuple[Path, list[tuple[str, str, int]]]) -> None:
    raw, records = written
    answers = [read(raw, file, offset) for _, file, offset in records]
    assert [answer.record_type for answer in answers] == ["response", "revisit", "resource", "metadata"]
    assert [answer.record_id for answer in answers] == [record[0] for record in records]
    assert answers[0].body == PAGE
    assert answers[0].media_type == "text/html"
    assert answers[1].status == 304
    assert answers[1].body == b""
    assert answers[3].body == b"via: http://a.example/ x\r\n"
    assert [a.record_type for a in scan(raw / records[0][1])][1:] == [a.record_type for a in answers]


def test_bytes_other_than_the_catalogue_knows_are_refused(written: tuple[Path, list[tuple[str, str, int]]]) -> None:
    raw, records = written
    _, file, offset = records[0]
    assert read_body(raw, file, offset, sha256_hex(PAGE)) == PAGE
    with pytest.raises(Corrupt, match="backup"):
        read_body(raw, file, offset, sha256_hex(b"other"))


@pytest.mark.parametrize("cut", [3, 30, 120, 200, 300, 420])
def test_a_torn_tail_is_noticed_and_mended(written: tuple[Path, list[tuple[str, str, int]]], cut: int) -> None:
    raw, records = written
    path = raw / records[0][1]
    whole = path.read_bytes()
    torn = path.with_name(path.name + OPEN)
    torn.write_bytes(whole[:-cut])
    path.unlink()
    if cut > 8:  # a cut in the gzip trailer alone leaves the record readable
        with pytest.raises(Corrupt):
            list(scan(torn))
    removed = repair(torn)
    kept = path.read_bytes()
    assert whole.startswith(kept)
    assert len(kept) == len(whole) - cut - removed
    survivors = [answer.record_id for answer in scan(path)][1:]
    assert survivors == [record[0] for record in records][: len(survivors)]
    assert len(survivors) >= 2


def test_a_flipped_bit_is_noticed(written: tuple[Path, list[tuple[str, str, int]]]) -> None:
    raw, records = written
    _, file, offset = records[2]
    data = bytearray((raw / file).read_bytes())
    for position in range(offset + 20, offset + 200, 9):
        data[position] ^= 0x10
    (raw / file).write_bytes(data)
    with pytest.raises(Corrupt):
        read(raw, file, offset)


def test_an_open_file_can_be_read_and_is_never_overwritten(tmp_path: Path) -> None:
    writer = WarcWriter(tmp_path, "s")
    _, file, offset = writer.resource("file:a", MOMENT, "text/plain", b"a")
    writer.sync()
    assert read(tmp_path, file, offset).body == b"a"
    with WarcWriter(tmp_path, "s") as second:  # as after a crash: the first one was never closed
        other = second.resource("file:b", MOMENT, "text/plain", b"b")
    assert other[1] != file
    assert read(tmp_path, file, offset).body == b"a"
    writer.close()
