"""Rights through the real command line: from a terms page that nobody has read to a grant, and back when it changes."""

import io
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from commandline import Kobunko

from kobunko.licensing.statutes import statutes

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
    assert sorted(rights) == sorted(wanted.split())
    assert rights["license"] == "NOASSERTION"
    assert rights["third_party"][0]["effect"] == "document"
    assert kobunko("rights", path, **known).out
    filing = kobunko("rights", path, "--url", "https://api.edinet-fsa.go.jp/api/v2/documents/1", "--json").json
    assert filing["evidence"][0]["rule"] == "registry:edinet"  # the seed asks another host than its home page's
    unknown = kobunko("rights", path, "--url", "https://www.example.jp/b.txt", "--json").json
    assert unknown["attribution"].startswith("出典：www.example.jp（")


FILING_SEED = """
source = "edinet"
title = "開示書類"
publisher = "潮汐省"
homepage = "https://disclosure2.edinet-fsa.go.jp/"
spider = "none"
config = "filings"

[licence]
id = "LicenseRef-JP-PDL-1.0"
basis = "licence"
terms_url = "https://disclosure2dl.edinet-fsa.go.jp/terms.html"
"""
COLUMNS = ["要素ID", "項目名", "コンテキストID", "相対年度", "連結・個別", "期間・時点", "ユニットID", "単位", "値"]
SHARES, OFFICER = (
    "jpcrp_cor:NumberOfSharesHeldInformationAboutDirectors",
    "FilingDateInstant_jpcrp-asr_E1-000YamanobeMember",
)
FACTS = [
    ["jpdei_cor:EDINETCodeDEI", "EDINETコード", "FilingDateInstant", "提出日時点", "その他", "時点", "", "", "E00001"],
    ["jppfs_cor:NetSales", "売上高", "CurrentYearDuration", "当期", "連結", "期間", "JPY", "円", "1234567000"],
    [SHARES, "所有株式数、役員の状況", OFFICER, "提出日時点", "その他", "時点", "shares", "株", "7000"],
    [
        "x:RiskTextBlock",
        "事業等のリスク [テキストブロック]",
        "FilingDateInstant",
        "提出日時点",
        "その他",
        "時点",
        "",
        "",
        "",
    ],
]
NARRATIVE = "当社は、潮位の変動が激しい年には操業を見合わせることがあります。"


def filing() -> bytes:
    rows = ["\t".join(f'"{cell}"' for cell in row) for row in [COLUMNS, *FACTS[:-1], [*FACTS[-1][:-1], NARRATIVE]]]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("XBRL_TO_CSV/jpcrp030000-asr-001.csv", "\r\n".join(rows).encode("utf-16"))
    return packed.getvalue()


def test_of_a_filing_the_figures_go_out_and_the_words_stay(
    known: dict[str, str], kobunko: Kobunko, home: Path, tmp_path: Path
) -> None:
    (Path(known["KOBUNKO__SEEDS"]) / "edinet.toml").write_text(FILING_SEED, encoding="utf-8")
    packed, terms, url = tmp_path / "S1.zip", tmp_path / "terms.html", "https://api.edinet-fsa.go.jp/S1?type=5"
    packed.write_bytes(filing())
    terms.write_text(TERMS.format(""), encoding="utf-8")
    kobunko("import", packed, "--source", "edinet", "--url", url, **known)
    kobunko(
        "import", terms, "--source", "edinet", "--url", "https://disclosure2dl.edinet-fsa.go.jp/terms.html", **known
    )
    kobunko("run", **known)

    def row(version: str) -> dict[str, object]:
        kobunko("release", "build", version, **known)
        assert kobunko("release", "verify", version, **known).code == 0
        rows = pq.read_table(home / "releases" / version / "data" / "filings").to_pylist()
        (found,) = (row for row in rows if row["url"] == url)
        return dict(found)

    closed = row("r1")
    assert (closed["text"], closed["structure"], closed["withheld"]) == (None, None, "licence:metadata-only")
    kobunko("rights", "review", "edinet", "--decide", "grant", "--by", "編集係", **known)
    kobunko("run", "--stage", "licence", **known)
    found = row("r2")
    assert (found["text"], found["withheld"], found["evidence_level"]) == (None, "licence:numbers-only", "E2")
    structure = json.loads(str(found["structure"]))
    assert structure["filing"] == {"EDINETCodeDEI": "E00001"}
    (fact,) = structure["facts"]
    assert (fact["element"], fact["value"], fact["unit"]) == ("jppfs_cor:NetSales", "1234567000", "JPY")
    assert "PDL1.0" in str(found["attribution"])
    for words in ("潮位の変動", "Yamanobe", "売上高"):
        assert words not in json.dumps(found, ensure_ascii=False, default=str)


ACT = """<?xml version="1.0" encoding="UTF-8"?><Law><LawNum>昭和四十五年法律第四十八号</LawNum><LawBody>
<LawTitle>著作権法</LawTitle><MainProvision><Article Num="13"><ArticleTitle>第十三条</ArticleTitle>
<Sentence>{whole}</Sentence><Item><ItemTitle>一</ItemTitle><Sentence>{item}</Sentence></Item></Article></MainProvision>
</LawBody></Law>"""


def test_a_home_that_holds_the_statute_rests_on_its_own_capture(kobunko: Kobunko, tmp_path: Path) -> None:
    (statute,) = statutes()
    files, path = "https://laws.e-gov.go.jp/api/2/law_file/xml", tmp_path / "act.xml"
    law = tmp_path / "law.xml"
    law.write_text("<Law><LawTitle>潮位の観測に関する法律</LawTitle></Law>", encoding="utf-8")

    def rights_after(act: str) -> dict[str, object]:
        path.write_text(act, encoding="utf-8")
        kobunko("import", path, "--source", "egov_laws", "--url", f"{files}/{statute.law_id}")
        found: dict[str, object] = kobunko("rights", law, "--url", f"{files}/507AC0000000901", "--json").json
        return found

    held = rights_after(ACT.format(whole=statute.whole, item=statute.items["1"]))
    first, second = held["evidence"][:2]  # type: ignore[index]
    assert (held["redistribute"], first["level"], first["phrase"]) == ("allow", "E3", statute.whole)
    assert first["url"] == f"{files}/{statute.law_id}"
    assert second["phrase"] == statute.items["1"]
    shipped = first["sha256"] == statute.sha256
    assert not shipped
    amended = rights_after(
        ACT.format(whole="次に掲げるものは、許諾を得なければ利用できない。", item="憲法その他の法令")
    )
    assert (amended["license"], amended["redistribute"]) == ("NOASSERTION", "metadata-only")
