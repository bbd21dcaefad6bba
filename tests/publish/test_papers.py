"""What a release says of itself: card, pictures, Croissant, PROV, D&TA, EU figures."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest
from datasets import load_dataset
from PIL import Image
from prov.model import ProvDocument

from kobunko.publish.card import LANGUAGES
from kobunko.publish.card_tables import words_of
from kobunko.publish.rows import Row


@pytest.fixture
def folder(home: Any) -> Path:
    return Path(home.build().folder)


VALIDATE = "import mlcroissant, sys; print(mlcroissant.Dataset(sys.argv[1]).metadata.name)"


def test_croissant_is_valid_and_names_the_shards(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, str(folder / "croissant.json")], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "kobunko\n"), done.stderr
    told = json.loads((folder / "croissant.json").read_bytes())
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    shards = [item for item in told["distribution"] if item["@id"].endswith(".parquet")]
    assert {item["@id"]: item["sha256"] for item in shards}.items() <= sums.items()
    assert {item["name"] for item in told["recordSet"]} == {"laws", "ministries", "nobody", "provenance", "removed"}
    assert any(key.startswith("rai:") for key in told)
    assert told["prov:wasAttributedTo"] == ["潮汐省", "雲海庁"]


def test_prov_is_prov(folder: Path) -> None:
    found = ProvDocument.deserialize(str(folder / "metadata" / "prov.json"), format="json")
    names = {str(record.identifier) for record in found.get_records()}
    assert "kobunko:release/2026.11.01" in names
    assert any(name.startswith("kobunko:stage/text@") for name in names)


def test_the_figures_are_those_of_the_release(folder: Path) -> None:
    told = json.loads((folder / "metadata" / "eu-training-content.json").read_bytes())
    assert (told["texts"], told["domains"], told["size"]) == (3, 3, "less than 1 billion tokens")
    assert told["largest_domains"][0]["domain"] == "www.tides.example"
    standard = json.loads((folder / "metadata" / "data-provenance-standard.json").read_bytes())
    assert standard["use"]["intended-purpose"] == ["ai-pre-training"]
    assert standard["provenance"]["generation-period"]["start"] == "2026-11-01T03:00:00+00:00"


def test_pictures_can_be_seen_and_are_shown(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "confidence.png" not in card, "nothing was read by OCR"
    for name in ("lengths", "licences"):
        with Image.open(folder / "plots" / f"{name}.png") as picture:
            assert picture.size == (770, 352)
        assert f"(plots/{name}.png)" in card


def test_the_card_says_who_may_have_what_nobody_licensed(home: Any, folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Rows with `NOASSERTION` hold no text" in card
    inside = (home.build("inside", "internal").folder / "README.md").read_text(encoding="utf-8")
    assert "do not pass this release on" in inside
    assert "hold no text" not in inside
    assert not any(line.rstrip().endswith(",") for line in inside.splitlines() if line.startswith("Cite as"))


def test_the_card_explains_every_column(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    for item in fields(Row):
        assert item.metadata["about"]
        assert card.count(f"| `{item.name}` | ") == len(LANGUAGES)


def test_each_half_of_the_card_speaks_one_language(folder: Path) -> None:
    japanese, english = (folder / "README.md").read_text(encoding="utf-8").split("(English)\n")
    body = japanese.split("\n---\n", 1)[1]
    assert "| 構成 | 収集元 | ライセンス | 読み取り方 | 文書 | 本文あり | 文字数 |" in body
    assert "| config | source | license | method | documents | texts | characters |" in english
    japanese_letters = re.compile("[ぁ-んァ-ヶ一-龠]")
    for line in body.splitlines():
        if line.startswith("| `"):  # a column or a licence
            assert japanese_letters.search(line.split("|")[2] + line.split("|")[3]), line
    assert not japanese_letters.search(english.replace("公文庫", ""))


def test_the_words_of_the_card_are_known_in_every_language() -> None:
    japanese, english = (words_of(language) for language in LANGUAGES)
    assert japanese["columns"].keys() == {item.name for item in fields(Row)}
    for part in ("heads", "pictures", "changes", "licences"):
        assert japanese[part].keys() == english[part].keys()


def test_the_card_shows_how_to_load(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = card.split("```python\n")[1].split("```")[0].replace("path/to/this/folder", str(folder))
    found: dict[str, Any] = {}
    exec(code, found)
    assert len(list(found["usable"])) == 3


def test_duckdb_and_polars_read_the_folder(folder: Path) -> None:
    shards = str(folder / "data" / "*" / "*.parquet")
    (counted,) = duckdb.sql(f"SELECT count(*), count(text) FROM '{shards}'").fetchall()
    assert counted == (6, 3)
    frame = polars.scan_parquet(shards).filter(polars.col("text").is_not_null()).select("id", "tokens").collect()
    assert frame.height == 3
    assert load_dataset(str(folder), "removed", split="train", streaming=True) is not None
