"""The depot: files of a home under a URL, for hosts whose disks may die. Against a loopback S3 and a folder."""

import gzip
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import machinery
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from kobunko import depot, warc, warc_changes
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus
from kobunko.document import document
from kobunko.errors import KobunkoError, Unreachable, UsageError
from kobunko.executors import FromDepot, Inline
from kobunko.ids import sha256_hex
from kobunko.parts import parts_of
from kobunko.records import Part
from kobunko.running import StageSummary, run_stage
from kobunko.settings import RunSettings
from kobunko.sidecar import MANY_PARTS, SideCar, erase, prune
from kobunko.stage import carrying

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
URL = "s3://kobunko-tides/home"


@pytest.fixture(autouse=True)
def _nothing_stays_mounted() -> Iterator[None]:
    yield
    depot._mounted.clear()


def attached(folder: Path, url: str) -> list[Path]:
    """Homes of two hosts."""
    homes = [folder / "a", folder / "b"]
    for home in homes:
        home.mkdir()
        depot.attach(home, url, timeout_s=5)
    return homes


@pytest.fixture
def hosts(bucket: Any, tmp_path: Path) -> list[Path]:
    return attached(tmp_path, URL)


@pytest.fixture
def near(tmp_path: Path) -> tuple[list[Path], str]:
    """The same with a store that costs no time."""
    url = f"memory:/{tmp_path}/depot"
    return attached(tmp_path, url), url


def rows(*keys: str) -> pa.Table:
    found = [
        {"doc_id": key, "input_sha256": "0", "n": 1, "odd": 1, "outcome": "ok", "detail": "", "stage": "x"}
        for key in keys
    ]
    return pa.Table.from_pylist(found, schema=machinery.NUMBER.output_schema)


def sidecars(hosts: list[Path]) -> list[SideCar]:
    return [SideCar(home / "stages", machinery.NUMBER) for home in hosts]


def keys(sidecar: SideCar) -> list[str]:
    depot.fetch(sidecar.folder)
    sidecar.refresh()
    return sorted(key.split()[0] for key in sidecar.index()["key"].to_pylist())


def capture(home: Path, body: bytes) -> Part:
    with warc.WarcWriter(home / "raw", "tides") as writer:
        capture_id, file, offset = writer.resource("https://tides.example/x", MOMENT, "text/plain", body)
        writer.sync()
    return Part("file", "", "text/plain", sha256_hex(body), len(body), capture_id, file, offset, None)


@pytest.mark.parametrize("scheme", ["memory:/", "file://"])
def test_hosts_write_beside_each_other_and_read_what_the_other_wrote(scheme: str, tmp_path: Path) -> None:
    hosts = attached(tmp_path, f"{scheme}{tmp_path}/depot")
    a, b = sidecars(hosts)
    a.append(rows("1"))
    b.append(rows("2"))
    a.append(rows("3"))
    shutil.rmtree(hosts[0] / "stages")
    assert keys(a) == keys(b) == ["1", "2", "3"]
    assert [part.first for part in parts_of(b.folder)] == [1, 2, 3]


def test_the_number_of_a_part_is_decided_by_the_depot(hosts: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host puts its part between our looking and our putting."""
    a, b = sidecars(hosts)
    fetch, late = depot.fetch, [rows("2")]

    def overtaken(folder: Path) -> None:
        fetch(folder)
        while late:
            b.append(late.pop())

    monkeypatch.setattr(depot, "fetch", overtaken)
    a.append(rows("1"))
    monkeypatch.undo()
    assert keys(a) == keys(b) == ["1", "2"]


def test_a_lost_answer_to_a_put_is_no_other_host(hosts: list[Path], tmp_path: Path) -> None:
    file, final = tmp_path / "file", hosts[0] / "raw" / "tides" / "tides-00000001.warc.gz"
    for _ in range(2):
        file.write_bytes(b"the same bytes")
        assert depot.move(file, final)
        assert not file.exists()
    file.write_bytes(b"other bytes")
    with pytest.raises(KobunkoError, match="another host has written raw/tides"):
        depot.move(file, final)


@pytest.mark.parametrize("scheme", ["memory:/", "file://"])
def test_what_is_synced_outlives_the_disk(scheme: str, tmp_path: Path) -> None:
    hosts = attached(tmp_path, f"{scheme}{tmp_path}/depot")
    body = "満潮の時刻を記す。".encode() * 99
    first, second = capture(hosts[0], body), capture(hosts[1], body)
    assert (first.warc_file, second.warc_file) == tuple(f"tides/tides-{n:08d}.warc.gz" for n in (1, 2))
    shutil.rmtree(hosts[0] / "raw")
    assert warc.read_body(hosts[0] / "raw", second.warc_file, second.warc_offset, second.sha256) == body
    assert len([answer for path in warc.files(hosts[0] / "raw") for answer in warc.scan(path)]) == 4


def test_a_file_that_a_crash_left_open_was_never_acknowledged(near: tuple[list[Path], str]) -> None:
    hosts, _ = near
    left = hosts[0] / "raw" / "tides" / "tides-00000001.warc.gz.open"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a record")
    warc_changes.repair(left)
    assert not left.exists()
    assert warc.files(hosts[0] / "raw") == []


def test_bytes_travel_to_workers_that_have_no_network(near: tuple[list[Path], str], tmp_path: Path) -> None:
    hosts, url = near
    part = capture(hosts[0], b"low tide")
    read = FromDepot(tmp_path / "machine without a home" / "raw", url)
    assert read(part) == b"low tide"
    lost = {**{name: getattr(part, name) for name in Part.__slots__}, "warc_file": "tides/tides-00000009.warc.gz"}
    found = {name: getattr(part, name) for name in Part.__slots__}
    batch = pa.table({"doc_id": ["x", "y"], "parts": [[found], [lost]]})
    (one,), (other,) = carrying(machinery.WEIGH, batch, read)["bytes"].to_pylist()
    assert (one["body"], one["damage"]) == (b"low tide", None)
    assert "00000009" in other["damage"]


def test_an_erasure_leaves_nothing_in_the_store(bucket: Any, hosts: list[Path]) -> None:
    """Not even in earlier versions, where the bucket keeps them."""
    bucket.call_s3("put_bucket_versioning", Bucket="kobunko-tides", VersioningConfiguration={"Status": "Enabled"})
    words = "誰にも知らせない一節".encode()
    part = capture(hosts[0], words)
    kept = capture(hosts[0], b"high tide")
    a, b = sidecars(hosts)
    a.append(rows("secret", "open"))
    assert keys(b) == ["open", "secret"]
    bucket.call_s3("create_multipart_upload", Bucket="kobunko-tides", Key="home/raw/half")
    for path in warc.files(hosts[0] / "raw"):
        warc_changes.erase(path, {part.capture_id}, set())
    erase(hosts[0] / "stages", {"secret"})
    depot.purged(hosts[0])
    versions = bucket.call_s3("list_object_versions", Bucket="kobunko-tides")["Versions"]
    versions = [version for version in versions if version["Key"] != "home/purged"]
    assert all(version["IsLatest"] for version in versions)
    assert "Uploads" not in bucket.call_s3("list_multipart_uploads", Bucket="kobunko-tides")
    for version in versions:
        data = bucket.cat_file(f"kobunko-tides/{version['Key']}")
        assert words not in (gzip.decompress(data) if version["Key"].endswith("gz") else data)
    assert warc.read_body(hosts[1] / "raw", kept.warc_file, kept.warc_offset, kept.sha256) == b"high tide"
    depot.attach(hosts[1], URL)  # the next command of the other host
    assert keys(b) == ["open"]


def test_compaction_and_pruning_reach_the_store(near: tuple[list[Path], str]) -> None:
    hosts, _ = near
    a, b = sidecars(hosts)
    for number in range(MANY_PARTS):
        a.append(rows(f"{number:02d}"))
    assert len(keys(b)) == MANY_PARTS
    assert a.compact()
    assert len(depot.listed(b.folder)) == 1
    assert len(keys(b)) == MANY_PARTS
    assert len(list(b.folder.iterdir())) == 1
    assert list(prune(hosts[0] / "stages", [])) == [a.folder]
    assert keys(b) == []


def documents(catalogue: Catalogue, home: Path, count: int) -> None:
    for number in range(count):
        held = capture(home, f"tide table {number}".encode())
        found = document("tides", f"{number}", "1", [held], url="", title="")
        with catalogue.transaction() as connection:
            catalogue.add_documents(connection, "run", [found])


def test_an_outage_is_no_result_of_a_document(
    near: tuple[list[Path], str], catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends; what was done stays, and the next run does the rest."""
    (home, _), url = near
    documents(catalogue, home, 3)
    settings, reads = RunSettings(flush_rows=1), []

    def failing(self: MemoryFileSystem, path: str, mode: str = "rb", **options: Any) -> Any:
        reads.append(path)
        if mode == "rb" and ".warc.gz" in path and sum(".warc.gz" in item for item in reads) == 2:
            raise TimeoutError("no answer in 60 s")
        return opened(self, path, mode, **options)

    def run() -> StageSummary:
        corpus = Corpus(catalogue, home / "stages", [machinery.WEIGH])
        return run_stage(corpus, "weigh", Inline(FromDepot(home / "raw", url)), settings)

    opened = MemoryFileSystem._open
    monkeypatch.setattr(MemoryFileSystem, "_open", failing)
    with pytest.raises(Unreachable, match="TimeoutError: no answer"):
        run()
    monkeypatch.undo()
    done = run()
    assert (done.already, done.documents, dict(done.outcomes)) == (1, 2, {"ok": 2})


class Refusing(BaseHTTPRequestHandler):
    """A store that lets nobody in."""

    def do_GET(self) -> None:
        self.send_error(403)

    do_PUT = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def test_a_refusal_has_a_name_and_takes_no_copy_away(
    bucket: Any, hosts: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    part = capture(hosts[0], b"low tide")
    (a, _) = sidecars(hosts)
    a.append(rows("1"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        depot._mounted.clear()
        for call in (
            lambda: depot.attach(hosts[0], URL),
            lambda: keys(a),
            lambda: a.append(rows("2")),
            lambda: warc.read(hosts[0] / "raw", part.warc_file, part.warc_offset),
            lambda: capture(hosts[0], b"high tide"),
        ):
            with pytest.raises(Unreachable, match="PermissionError"):
                call()
        server.shutdown()
    assert len(parts_of(a.folder)) == 1


def test_an_emptied_bucket_is_not_taken_for_an_empty_home(near: tuple[list[Path], str]) -> None:
    hosts, url = near
    fsspec.filesystem("memory").rm(url, recursive=True)
    with pytest.raises(Unreachable, match="is no depot"):
        depot.attach(hosts[0], url)


def test_a_home_is_of_one_depot(near: tuple[list[Path], str], tmp_path: Path) -> None:
    hosts, url = near
    with pytest.raises(UsageError, match="set `depot` to it"):
        depot.attach(hosts[0], "")
    old = tmp_path / "old"
    (old / "raw").mkdir(parents=True)
    with pytest.raises(UsageError, match="copy raw, stages, releases there"):
        depot.attach(old, url)


def test_a_store_that_overwrites_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = MemoryFileSystem.put_file
    monkeypatch.setattr(MemoryFileSystem, "put_file", lambda self, one, two, mode: put(self, one, two))
    with pytest.raises(UsageError, match="puts over what is there"):
        depot.attach(tmp_path, "memory://overwriting")
    with pytest.raises(UsageError, match="cannot be reached"):
        depot.attach(tmp_path, "nothing://x")
