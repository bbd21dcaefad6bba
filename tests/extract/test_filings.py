import json

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2008/inlineXBRL"
 xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:xbrldi="http://xbrl.org/2006/xbrldi"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><body>"""
CONTEXTS = """<div style="display:none"><ix:header><ix:resources>
<xbrli:context id="CurrentYearDuration"><xbrli:entity><xbrli:identifier scheme="x">E9</xbrli:identifier></xbrli:entity>
<xbrli:period><xbrli:startDate>2026-04-01</xbrli:startDate><xbrli:endDate>2027-03-31</xbrli:endDate></xbrli:period>
</xbrli:context><xbrli:context id="CurrentYearInstant_NonConsolidatedMember"><xbrli:period>
<xbrli:instant>2027-03-31</xbrli:instant></xbrli:period><xbrli:scenario>
<xbrldi:explicitMember dimension="jppfs_cor:ScopeAxis">jppfs_cor:NonConsolidatedMember</xbrldi:explicitMember>
</xbrli:scenario></xbrli:context></ix:resources></ix:header></div>
<p><ix:nonNumeric name="jpdei_cor:FilerNameInJapaneseDEI"
 contextRef="FilingDateInstant">株式会社架空</ix:nonNumeric></p>
</body></html>"""
REPORT = """<h3>第２　事業の状況</h3>
<ix:nonNumeric name="jpcrp_cor:BusinessRisksTextBlock" contextRef="FilingDateInstant" escape="true">
<h4>事業等のリスク</h4><p>紙の図書は燃える。</p><table><tr><td>区分</td><td>金額（百万円）</td></tr><tr><td>売上高</td>
<td><ix:nonFraction name="jppfs_cor:NetSales" contextRef="CurrentYearDuration" unitRef="JPY" decimals="-6" scale="6"
 format="ixt:numdotdecimal">1,234</ix:nonFraction></td></tr><tr><td>損失</td><td>△<ix:nonFraction
 name="jppfs_cor:Loss" contextRef="CurrentYearInstant_NonConsolidatedMember" unitRef="JPY" decimals="-6" scale="6"
 sign="-" format="ixt:numdotdecimal">56</ix:nonFraction></td></tr><tr><td>配当</td><td><ix:nonFraction
 name="jppfs_cor:Dividend" contextRef="CurrentYearDuration" unitRef="JPY" decimals="0" xsi:nil="true"/>－</td></tr>
</table></ix:nonNumeric><p>以上</p></body></html>"""
ROWS = [
    "要素ID\t項目名\tコンテキストID\t相対年度\t連結・個別\t期間・時点\tユニットID\t単位\t値",
    "jpdei_cor:FilerNameInJapaneseDEI\t提出者名\tFilingDateInstant\t提出日時点\tその他\t時点\t－\t－\t株式会社架空",
    "jppfs_cor:NetSales\t売上高\tCurrentYearDuration\t当期\t連結\t期間\tJPY\t円\t1234000000",
    "jppfs_cor:Loss\t損失\tCurrentYearInstant_NonConsolidatedMember\t当期末\t個別\t時点\tJPY\t円\t-56000000",
    "jppfs_cor:Dividend\t配当\tCurrentYearDuration\t当期\t連結\t期間\tJPY\t円\t－",
    "jpcrp_cor:BusinessRisksTextBlock\t事業等のリスク [テキストブロック]\tFilingDateInstant\t提出日時点\tその他\t時点"
    "\t－\t－\t紙の図書は\r\n燃える。",
]


def as_csv(rows):
    return "\r\n".join("\t".join(f'"{cell}"' for cell in row.split("\t")) for row in rows).encode("utf-16")


def package(make_zip):
    return make_zip(
        {
            "XBRL/PublicDoc/0000000_header_ixbrl.htm": (HEAD + CONTEXTS).encode(),
            "XBRL/PublicDoc/0102010_honbun_ixbrl.htm": (HEAD + REPORT).encode(),
            "XBRL/AuditDoc/jpaud_ixbrl.htm": (HEAD + "<p>監査報告書</p></body></html>").encode(),
        }
    )


def numbers(structure):
    keys = ("element", "context", "value", "unit", "time", "scope")
    return {tuple(fact[key] for key in keys) for fact in structure["facts"] if fact.get("unit")}


def test_xbrl_and_csv_of_a_filing_give_the_same_facts(read, make_zip):
    inline = json.loads(read(package(make_zip)).structure)
    listed = json.loads(read(make_zip({"XBRL_TO_CSV/jpcrp.csv": as_csv(ROWS)})).structure)
    assert inline["kind"] == listed["kind"] == "filing"
    assert numbers(inline) == numbers(listed)
    assert (
        "jppfs_cor:Loss",
        "CurrentYearInstant_NonConsolidatedMember",
        "-56000000",
        "JPY",
        "当期末",
        "個別",
    ) in numbers(inline)
    assert inline["filing"] == listed["filing"] == {"FilerNameInJapaneseDEI": "株式会社架空"}


def test_a_fact_carries_its_period_dimensions_and_decimals(read, make_zip):
    found = {fact["element"]: fact for fact in json.loads(read(package(make_zip)).structure)["facts"]}
    assert found["jppfs_cor:NetSales"]["period"] == "2026-04-01/2027-03-31"
    assert found["jppfs_cor:NetSales"]["decimals"] == "-6"
    assert found["jppfs_cor:Loss"]["period"] == "2027-03-31"
    assert list(found["jppfs_cor:Loss"]["dimensions"].values()) == ["jppfs_cor:NonConsolidatedMember"]
    assert found["jppfs_cor:Dividend"]["value"] is None


def test_text_blocks_are_places_in_the_text(read, make_zip):
    found = read(package(make_zip))
    structure = json.loads(found.structure)
    (block,) = structure["text_blocks"]
    text = found.pages[block["page"] - 1].text[block["start"] : block["end"]]
    assert text.startswith("#### 事業等のリスク\n紙の図書は燃える。\n| 区分 | 金額（百万円） |")
    assert text.endswith("| 配当 | － |")
    assert structure["audit_pages"] == [3]
    assert structure["tables"][0]["cells"][1] == ["売上高", "1,234"]


def test_a_text_block_of_the_csv_is_a_place_too(read, make_zip):
    found = read(make_zip({"XBRL_TO_CSV/jpcrp.csv": as_csv([ROWS[0], ROWS[5]])}))
    (block,) = json.loads(found.structure)["text_blocks"]
    assert found.pages[0].text[block["start"] : block["end"]] == "紙の図書は\n燃える。"
    assert not found.pages[0].text.startswith("\n")
