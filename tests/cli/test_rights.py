"""Rights through the real command line: from a terms page that nobody has read to a grant, and back when it changes."""

from pathlib import Path

import pytest
from commandline import Kobunko

SEED = """
source = "choseki"
title = "潮汐省"
publisher = "潮汐省"
homepage = "https://www.choseki.example/"
spider = "none"
config = "ministries"

[licence]
id = "LicenseRef-JP-PDL-1.0"
basis = "licence"
terms_url = "https://www.choseki.example/terms.html"
"""
WORDS = "当サイトのコンテンツは、公共データ利用規約（第1.0版）に準拠した利用条件の下で利用できます。"
TERMS = f"<html><body><p>{WORDS}</p>{{}}</body></html>"
TERMS_URL, PAGE_URL = "https://www.choseki.example/terms.html", "https://www.choseki.example/a.txt"


@pytest.fixture
def known(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "choseki.toml").write_text(SEED, encoding="utf-8")
    return {"KOBUNKO__SEEDS": str(folder), "KOBUNKO__RUN__ENGINE": "inline"}


def test_a_grant_needs_a_person_and_falls_with_the_page(
    known: dict[str, str], kobunko: Kobunko, tmp_path: Path
) -> None:
    page, terms = tmp_path / "a.txt", tmp_path / "terms.html"
    page.write_text("潮位の月報\n担当 tanaka@choseki.example\n出典：株式会社潮見総研\n", encoding="utf-8")

    def bring(path: Path, url: str) -> None:
        kobunko("import", path, "--source", "choseki", "--url", url, **known)

    terms.write_text(TERMS.format(""), encoding="utf-8")
    bring(page, PAGE_URL)
    bring(terms, TERMS_URL)
    (waiting,) = kobunko("rights", "review", "--json", **known).json
    assert (waiting["state"], waiting["read"]) == ("waits", "LicenseRef-JP-PDL-1.0")
    shown = kobunko("rights", "review", "choseki", **known).out
    assert "公共データ利用規約（第1.0版）に準拠した" in shown.replace("\n", "")
    assert "--by" in kobunko("rights", "review", "choseki", "--decide", "grant", code=2, **known).err
    kobunko("run", **known)
    assert kobunko("rights", PAGE_URL, "--json", **known).json["redistribute"] == "metadata-only"

    decided = kobunko("rights", "review", "choseki", "--decide", "grant", "--by", "編集係", "--json", **known).json
    assert decided["phrase"] == "公共データ利用規約（第1.0版）"
    kobunko("run", **known)
    rights = kobunko("rights", PAGE_URL, "--json", **known).json
    assert (rights["license"], rights["redistribute"], rights["train"]) == (
        "LicenseRef-JP-PDL-1.0",
        "allow+conditions",
        "allow",
    )
    evidence = rights["evidence"][0]
    assert (evidence["level"], evidence["phrase"], evidence["url"]) == ("E2", decided["phrase"], TERMS_URL)
    assert len(evidence["sha256"]) == 64
    assert "PDL1.0" in rights["attribution"]
    assert "を加工してKobunko作成" in rights["attribution"]
    assert rights["personal_data"]["counts"] == {"e-mail": 1}
    assert [part["kind"] for part in rights["third_party"]] == ["source-line"]
    shown = kobunko("lookup", PAGE_URL, **known).out.replace("\n", "")
    assert evidence["sha256"] in shown
    assert decided["phrase"] in shown

    terms.write_text(TERMS.format("<p>無断転載を禁じます。</p>"), encoding="utf-8")
    bring(terms, TERMS_URL)
    changed = kobunko("rights", "review", "choseki", "--json", **known).json
    assert changed["state"] == "changed"
    assert "+無断転載を禁じます。" in changed["diff"]
    assert changed["read"]["grants"] is False
    kobunko("run", "--stage", "licence", **known)
    assert kobunko("rights", PAGE_URL, "--json", **known).json["redistribute"] == "metadata-only"


def test_a_file_that_is_in_no_home_is_judged_by_its_url(
    known: dict[str, str], kobunko: Kobunko, tmp_path: Path
) -> None:
    path = tmp_path / "b.txt"
    path.write_text("本書の無断転載を禁じます。\n", encoding="utf-8")
    rights = kobunko("rights", path, "--url", "https://www.courts.go.jp/hanrei/1.txt", "--json", **known).json
    wanted = "license rights_basis redistribute train evidence third_party attribution opt_out personal_data"
    assert set(wanted.split()) <= set(rights)
    assert rights["license"] == "NOASSERTION"
    assert rights["third_party"][0]["effect"] == "document"
    assert kobunko("rights", path, **known).out
