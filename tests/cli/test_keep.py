"""What was collected is kept: a backup gives it back, and an audit names everything that does not fit together."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from authored import write_list
from commandline import Kobunko, command, environment, run


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with documents, results and a release."""
    folder = tmp_path_factory.mktemp("kept")
    listed = write_list(folder / "files")
    for arguments in (["import", listed], ["run"], ["release", "build", "r1", "--profile", "internal"]):
        done = run(command(folder / "home", *arguments), environment())
        assert done.code == 0, done.err
    return folder / "home"


@pytest.fixture
def copied(kept: Path, home: Path) -> Path:
    shutil.copytree(kept, home)
    return home


def test_a_restored_catalogue_is_as_good_as_the_lost_one(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    before = kobunko("status", "--json").json
    kobunko("backup", tmp_path / "backup")
    for path in copied.glob("catalogue.sqlite*"):
        path.unlink()
    rows = kobunko("restore", tmp_path / "backup", "--json").json["rows"]
    assert rows["documents"] == before["documents"]
    assert kobunko("status", "--json").json == before
    assert kobunko("audit", "--json").json["disagreements"] == []
    assert kobunko("run", "--json").json["stages"]["extract"]["documents"] == 0


def test_raw_files_and_releases_give_a_lost_catalogue_back(copied: Path, kobunko: Kobunko) -> None:
    before = kobunko("status", "--json").json
    assert "has documents" in kobunko("rebuild", code=2).err
    for path in copied.glob("catalogue.sqlite*"):
        path.unlink()
    found = kobunko("rebuild", "--json").json
    assert (found["documents"], found["captures"]) == (before["documents"], before["captures"])
    assert found["unclaimed"] == {}
    assert kobunko("audit", "--json").json["disagreements"] == []
    assert kobunko("run", "--json").json["stages"]["extract"]["documents"] == 0
    assert kobunko("release", "build", "r1", "--profile", "internal", "--json").json["unchanged"]


def test_a_damaged_backup_restores_nothing(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    kobunko("backup", tmp_path / "backup")
    assert "not empty" in kobunko("backup", tmp_path / "backup", code=2).err
    path = tmp_path / "backup" / "documents.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    empty = tmp_path / "empty"
    assert "damaged" in kobunko("restore", tmp_path / "backup", at=empty, code=1).err
    (tmp_path / "backup" / "backup.json").unlink()
    assert "no finished backup" in kobunko("restore", tmp_path / "backup", at=empty, code=1).err
    assert kobunko("status", "--json", at=empty).json["documents"] == 0


def lose_a_raw_file(home: Path) -> None:
    next((home / "raw" / "egov_laws").iterdir()).unlink()


def flip_a_raw_byte(home: Path) -> None:
    path = next((home / "raw" / "kurashi").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def forget_captures(home: Path) -> None:
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute("DELETE FROM captures WHERE source = 'egov_laws'")


def forget_documents(home: Path) -> None:
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute("DELETE FROM parts WHERE doc_id LIKE 'egov_laws-%'")
        connection.execute("DELETE FROM documents WHERE source = 'egov_laws'")


def change_a_release(home: Path) -> None:
    path = home / "releases" / "r1" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"profile": "open"}))


def flip_a_side_car(home: Path) -> None:
    path = next((home / "stages").glob("text@*")) / "part-00000001-00000001.parquet"
    group = pq.read_metadata(path).row_group(0)
    (text,) = (column for place in range(group.num_columns) if (column := group.column(place)).path_in_schema == "text")
    data = bytearray(path.read_bytes())
    data[text.data_page_offset + text.total_compressed_size - 9] ^= 1
    path.write_bytes(data)


def cut_a_side_car(home: Path) -> None:
    path = next((home / "stages").glob("text@*")) / "part-00000001-00000001.parquet"
    path.write_bytes(path.read_bytes()[:100])


def lose_a_file_of_a_side_car(home: Path) -> None:
    (path,) = next((home / "stages").glob("third_party@*")).iterdir()
    path.rename(path.with_stem(f"{path.stem}-00000-of-00002"))


def lose_side_cars(home: Path) -> None:
    shutil.rmtree(next((home / "stages").glob("licence@*")))


def lose_a_shard(home: Path) -> None:
    next((home / "releases" / "r1" / "data").rglob("*.parquet")).unlink()


def leave_a_strange_release(home: Path) -> None:
    shutil.copytree(home / "releases" / "r1", home / "releases" / "r2")
    shutil.rmtree(home / "releases" / "r1")


def test_what_was_published_is_compared_with_what_is_here(copied: Path, kobunko: Kobunko, tmp_path: Path) -> None:
    kobunko("publish", "r1", "--to", tmp_path / "public")
    assert kobunko("audit", "--json").json["disagreements"] == []
    next((tmp_path / "public" / "r1" / "removed").iterdir()).unlink()
    (tmp_path / "public" / "r1" / "README.md").write_text("another card")
    found = {(item["kind"], item["detail"]) for item in kobunko("audit", "--json", code=3).json["disagreements"]}
    lost = ("published-missing", "removed/train-00000-of-00001.parquet")
    assert found == {lost, ("published-differs", "README.md")}


@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        (lose_a_raw_file, {"raw-file-missing"}),
        (flip_a_raw_byte, {"raw-file-damaged", "capture-without-bytes"}),
        (forget_captures, {"unknown-record", "part-without-capture"}),
        (forget_documents, {"row-without-document"}),
        (flip_a_side_car, {"side-car-damaged"}),
        (cut_a_side_car, {"side-car-damaged"}),
        (lose_a_file_of_a_side_car, {"side-car-missing"}),
        (lose_side_cars, {"row-missing"}),
        (change_a_release, {"release-changed"}),
        (lose_a_shard, {"release-damaged"}),
        (leave_a_strange_release, {"release-missing", "release-unknown"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_every_disagreement_is_named(
    copied: Path, kobunko: Kobunko, damage: Callable[[Path], None], kinds: set[str]
) -> None:
    damage(copied)
    found = kobunko("audit", "--json", code=3).json["disagreements"]
    assert {item["kind"] for item in found} == kinds
