"""What may not be passed on does not leave the house: personal data is masked, parts of others are held back."""

from typing import Any

import pyarrow.parquet as pq

from kobunko.ids import sha256_hex
from kobunko.publish.verify import verify

BODY = (
    "灯台見学の受付\f見学を希望する者は、担当者の携帯電話 090-1234-5678 に連絡すること。\f"
    "図の出典：株式会社架空地図社　無断転載を禁ずる。\f受付は毎月一日に始める。"
)


def row(folder: Any, name: str) -> dict[str, Any]:
    tables = [pq.read_table(path) for path in sorted((folder / "data").rglob("*.parquet"))]
    (found,) = [row for table in tables for row in table.to_pylist() if row["id"] == name]
    return dict(found)


def test_personal_data_is_masked_wherever_the_text_is(home: Any, id_of: Any) -> None:
    home.add({("tides", "law-9"): BODY})
    home.run_stages()
    folder = home.build(profile="internal").folder
    found = row(folder, id_of("tides", "law-9"))
    assert "090-1234-5678" not in found["text"]
    assert "［携帯電話番号］" in found["text"] or "［電話番号］" in found["text"]
    assert found["personal_data"] != "{}"
    assert found["data_class"] == "anonymised"
    assert found["structure"] is None, "its offsets are those of the text without masks"
    assert sha256_hex(found["text"].encode()) == found["sha256"]
    assert found["text"][found["pages"][-1]["start"] : found["pages"][-1]["end"]] == "受付は毎月一日に始める。"
    assert verify(folder) == []
    assert b"090-1234-5678" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_annex_of_a_judgment_is_masked_beside_personal_data(home: Any, id_of: Any) -> None:
    home.add({("courts", "case-1"): "判決\f連絡先は携帯電話 090-1234-5678 とする。\f別紙　物件目録\n架空の灯台の図"})
    home.run_stages()
    name = id_of("courts", "case-1")
    clean = "連絡先は携帯電話 ［電話番号］ とする。\n\n［第三者の著作物］"
    found = row(home.build().folder, name)
    assert (found["sha256"], found["characters"]) == (sha256_hex(clean.encode()), len(clean))
    assert [(page["start"], page["end"]) for page in found["pages"]] == [
        (0, clean.index("\n")),
        (clean.index("［第"), len(clean)),
    ]
    inside = row(home.build("inside", profile="internal").folder, name)["text"]
    assert inside == clean.replace("［第三者の著作物］", "別紙　物件目録\n架空の灯台の図")


def test_a_text_that_is_left_out_says_why(home: Any, id_of: Any) -> None:
    folder = home.build().folder
    found = row(folder, id_of("clouds", "notice-1"))
    assert found["text"] is None
    assert found["structure"] is None
    assert found["withheld"].startswith("licence:")
    assert row(folder, id_of("tides", "law-1"))["withheld"] == ""


def test_a_text_that_ocr_could_hardly_read_is_not_passed_on(home: Any, id_of: Any) -> None:
    home.add({("tides", "law-8"): "かすれた写し\f潮の高さは、別表のとおりとする。"})
    home.run_stages()
    found = row(home.build().folder, id_of("tides", "law-8"))
    assert (found["text"], found["withheld"]) == (None, "ocr:low-confidence")
    found = row(home.build("internal", profile="internal").folder, id_of("tides", "law-8"))
    assert (found["text"], found["withheld"]) == ("潮の高さは、別表のとおりとする。", "")


def test_a_document_that_says_nobody_may_copy_it_is_not_passed_on(home: Any, id_of: Any) -> None:
    home.add({("tides", "law-8"): "図録\f本書の無断転載を禁じます。©架空出版社"})
    home.run_stages()
    found = row(home.build().folder, id_of("tides", "law-8"))
    assert found["text"] is None or "［第三者の著作物］" in found["text"] or found["third_party"] != "[]"
