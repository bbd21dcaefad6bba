import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from kobunko.dedup.clusters import cluster
from kobunko.errors import UsageError
from kobunko.publish import checksums, plan
from kobunko.publish.release import build
from kobunko.publish.rows import Row
from kobunko.publish.verify import verify
from kobunko.records import Provenance, arrow_schema


def rows(folder: Path, pattern: str = "data/*/*.parquet") -> dict[str, dict[str, Any]]:
    found = [row for path in sorted(folder.glob(pattern)) for row in pq.read_table(path).to_pylist()]
    return {next(iter(row.values())): row for row in found}


def test_every_document_has_a_row_that_says_what_it_is(home: Any, id_of: Any) -> None:
    info = home.build()
    found = rows(info.folder)
    law = found[id_of("tides", "law-1")]
    assert law["text"].startswith("第1条　潮汐省は")
    assert law["title"] == "潮位観測法"
    assert (law["config"], law["format"], law["outcome"]) == ("laws", "text", "ok")
    assert (law["license"], law["evidence_level"], law["redistribute"]) == (
        "LicenseRef-JP-NoRight-Art13",
        "E3",
        "allow",
    )
    assert "加工して試験編集室作成" in law["attribution"]
    assert json.loads(law["metadata"]) == {"source": {"number": "第一号"}, "document": {"encoding": "utf-8"}}
    assert law["parts"][0]["warc_file"] == "tides/tides-00000001.warc.gz"
    assert law["raw_sha256"] == [law["parts"][0]["sha256"]]
    assert law["stages"] == [stage.label for stage in home.stages]
    assert law["fetched_at"] == law["parts"][0]["fetched_at"]
    assert (info.documents, info.texts, info.removed) == (6, 3, 1)


def test_the_day_of_the_document_itself_counts_where_its_source_lists_none(home: Any, id_of: Any) -> None:
    found = rows(home.build().folder)
    assert found[id_of("tides", "law-1")]["published"] == "2026-10-30"
    assert found[id_of("tides", "law-2")]["published"] == "2026-05-01"


def test_duplicates_share_a_cluster(home: Any, id_of: Any) -> None:
    found = rows(home.build().folder)
    pair = [found[id_of("tides", key)] for key in ("law-1", "law-2")]
    assert {row["cluster_size"] for row in pair} == {2}
    assert {row["duplicate_cluster"] for row in pair} == {min(row["id"] for row in pair)}
    assert found[id_of("tides", "law-3")]["cluster_size"] == 1


def test_a_document_that_failed_has_a_row_without_text(home: Any, id_of: Any) -> None:
    row = rows(home.build().folder)[id_of("tides", "law-4")]
    assert row["outcome"] == "extract:reject:encrypted"
    assert (row["text"], row["sha256"], row["pages"], row["duplicate_cluster"]) == (None, None, [], None)
    assert row["title"] == "一覧の題名 law-4"
    assert row["redistribute"] == "allow"


def test_a_stage_that_has_not_run_is_named(home: Any, id_of: Any) -> None:
    home.add({("tides", "law-9"): "新法\f本文"})
    row = rows(home.build().folder)[id_of("tides", "law-9")]
    assert (row["outcome"], row["license"], row["redistribute"]) == ("extract:pending", "NOASSERTION", "metadata-only")
    assert row["evidence"] == "[]"


def test_without_evidence_the_open_profile_holds_metadata_only(home: Any, id_of: Any) -> None:
    found = rows(home.build().folder)
    for key in (id_of("clouds", "notice-1"), id_of("nobody", "leaf-1")):
        assert (found[key]["text"], found[key]["license"]) == (None, "NOASSERTION")
        assert found[key]["characters"] > 0
    assert found[id_of("nobody", "leaf-1")]["config"] == "nobody"


def test_the_internal_profile_holds_every_text(home: Any, id_of: Any) -> None:
    info = home.build("2026.11.01-internal", "internal")
    assert rows(info.folder)[id_of("clouds", "notice-1")]["text"] == "本日の雲量は八であった。"
    assert verify(info.folder, home.catalogue.removed()) == []


def test_a_removed_document_is_nowhere(home: Any, id_of: Any) -> None:
    info = home.build("all", "internal")
    removed = id_of("clouds", "notice-2")
    assert removed not in rows(info.folder)
    assert removed not in rows(info.folder, "provenance/*.parquet")
    assert json.loads((info.folder / "manifest.json").read_bytes())["removed"] == 1
    for path in info.folder.rglob("*"):
        assert path.is_dir() or path.parent.name == "removed" or removed.encode() not in path.read_bytes()
    assert rows(info.folder, "removed/*.parquet").keys() == {removed}


def test_shards_are_made_for_streaming(home: Any) -> None:
    for path in home.build().folder.glob("data/*/*.parquet"):
        file = pq.ParquetFile(path)
        assert file.schema_arrow.equals(arrow_schema(Row), check_metadata=True)
        columns = {chunk.path_in_schema: chunk for chunk in map(file.metadata.row_group(0).column, range(32))}
        assert columns["text"].compression == "ZSTD"
        assert "RLE_DICTIONARY" not in columns["text"].encodings
        assert "RLE_DICTIONARY" in columns["license"].encodings
        assert columns["id"].has_offset_index


def test_provenance_leads_back_to_the_bytes(home: Any, id_of: Any) -> None:
    folder = home.build().folder
    found = rows(folder, "provenance/*.parquet")
    assert found.keys() == rows(folder).keys()
    trace = found[id_of("tides", "law-1")]
    assert trace["parts"] == rows(folder)[id_of("tides", "law-1")]["parts"]
    assert trace["stages"][0].startswith("extract@")
    shard = next(folder.glob("provenance/*.parquet"))
    assert pq.read_schema(shard).equals(arrow_schema(Provenance), check_metadata=True)


def test_the_same_home_elsewhere_gives_the_same_bytes(home: Any, open_home: Any, tmp_path: Path) -> None:
    first = home.build()
    home.catalogue.close()
    shutil.copytree(home.settings.home, tmp_path / "a" / "much" / "longer" / "path")
    copied = open_home(tmp_path / "a" / "much" / "longer" / "path")
    shutil.rmtree(copied.settings.releases)
    second = copied.build()
    assert second.folder != first.folder
    assert checksums.read(second.folder) == checksums.read(first.folder)
    assert not second.unchanged
    for name in checksums.files_of(first.folder):
        assert str(tmp_path).encode() not in (first.folder / name).read_bytes()


def test_pieces_of_another_size_give_the_same_shards(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = home.build("1", "internal").folder
    monkeypatch.setattr(plan, "PIECE", 2)
    second = home.build("2", "internal").folder
    sums = [checksums.read(folder) for folder in (first, second)]
    for name in sums[0]:
        if name.endswith(".parquet") and name != "manifest.parquet":
            assert sums[0][name] == sums[1][name], name
    listed = [json.loads((folder / "manifest.json").read_bytes())["documents_sha256"] for folder in (first, second)]
    assert listed[0] == listed[1]


def test_versions_lead_to_each_other(home: Any, id_of: Any) -> None:
    """The fold says which rows a row follows; the release says the way back, too."""
    older, newer = sorted(id_of("tides", key) for key in ("law-1", "law-2"))

    def cluster_with_versions(ids: Any, keys: Any, minhash: Any) -> Any:
        table = cluster(ids.to_pylist(), keys.to_pylist(), minhash)
        lists = [[older] if name == newer else [] for name in table["doc_id"].to_pylist()]
        place = table.column_names.index("supersedes")
        return table.set_column(place, table.field(place), pa.array(lists, table.field(place).type))

    settled = (home.corpus, home.catalogue, home.settings, home.seeds, "1", "internal", cluster_with_versions)
    found = rows(build(*settled).folder)
    assert (found[older]["supersedes"], found[older]["superseded_by"]) == ([], [newer])
    assert (found[newer]["supersedes"], found[newer]["superseded_by"]) == ([older], [])


def test_a_release_is_built_once(home: Any) -> None:
    first = home.build()
    again = home.build()
    assert again.unchanged
    assert again.manifest_sha256 == first.manifest_sha256
    home.add({("tides", "law-9"): "新法\f本文"})
    with pytest.raises(UsageError, match="choose a new version"):
        home.build()
    assert verify(first.folder) == []
    assert [path.name for path in home.settings.releases.iterdir()] == ["2026.11.01"]
    assert [row["version"] for row in home.catalogue.releases()] == ["2026.11.01"]


def test_what_a_crash_left_is_swept(home: Any) -> None:
    left = home.settings.releases / "2026.11.01.tmp" / "data"
    left.mkdir(parents=True)
    (left / "half.parquet").write_bytes(b"PAR1")
    assert verify(home.build().folder) == []


def test_config_names_of_the_release_itself_are_taken(home: Any) -> None:
    home.seeds["clouds"] = home.seeds["clouds"].model_copy(update={"config": "provenance"})
    with pytest.raises(UsageError, match="'provenance' of clouds"):
        home.build()


@pytest.mark.parametrize("version", ["", "../up", "a/b", ".hidden", "v1.tmp"])
def test_versions_are_names(home: Any, version: str) -> None:
    with pytest.raises(UsageError, match="version"):
        home.build(version)


def test_an_empty_corpus_is_no_release(tmp_path: Path, open_home: Any) -> None:
    with pytest.raises(UsageError, match="import a source first"):
        open_home(tmp_path / "empty").build()


def test_the_card_counts_and_explains(home: Any) -> None:
    folder = home.build().folder
    card = DatasetCard.load(folder / "README.md")
    assert card.data.license_name == "mixed-see-per-row"
    assert card.data.language == "ja"
    assert card.data.size_categories == "n<1K"
    names = [config["config_name"] for config in card.data.to_dict()["configs"]]
    assert names == ["default", "laws", "ministries", "nobody", "provenance", "removed"]
    (all_rows,) = card.data.to_dict()["dataset_info"][0]["splits"]
    assert (all_rows["num_examples"], all_rows["num_bytes"] > 0) == (6, True)
    assert "| laws | tides | LicenseRef-JP-NoRight-Art13 | — | 1 | 0 | 0 |" in card.text
    assert "&id" not in (folder / "README.md").read_text()  # YAML anchors, which not every reader follows
    assert "申出により除いた文書 1 件" in card.text
    assert "1 left out on request" in card.text


# Ends without the teardown of its libraries: their prefetching threads now and then abort a finished reader.
READ = """
import os, sys
from datasets import get_dataset_config_names, load_dataset
folder = sys.argv[1]
for config in get_dataset_config_names(folder):
    streamed = list(load_dataset(folder, config, split="train", streaming=True))
    loaded = load_dataset(folder, config, split="train")
    assert loaded.num_rows == len(streamed), config
    print(config, len(streamed), sum(row.get("text") is not None for row in streamed))
assert list(load_dataset(folder, split="train", streaming=True))[0]["pages"] is not None
sys.stdout.flush()
os._exit(0)
"""


def test_datasets_reads_every_config_offline(home: Any, tmp_path: Path) -> None:
    folder = home.build().folder
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", READ, str(folder)], env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [
        "default 6 3",
        "laws 4 3",
        "ministries 1 0",
        "nobody 1 0",
        "provenance 6 0",
        "removed 1 0",
    ]
