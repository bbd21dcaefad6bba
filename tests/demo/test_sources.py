"""The demo's sources have the structure of the real ones."""

import csv
import io
import json
import re
import zipfile

import pytest
from bs4 import BeautifulSoup
from lxml import etree

LAWS = "http://laws.demo.example/api/2"
COURTS = "http://courts.demo.example"
FILINGS = "http://filings.demo.example/api/v2"


def test_the_list_of_laws_needs_paging(get):
    rows, offset = [], 0
    while offset is not None:
        page = json.loads(get(f"{LAWS}/laws?limit=2&offset={offset}").body)
        assert page["count"] == len(page["laws"]) <= 2
        rows, offset = rows + page["laws"], page["next_offset"]
    assert page["total_count"] == len(rows) == 3
    assert len({row["law_info"]["law_id"] for row in rows}) == 3
    assert all(row["revision_info"]["current_revision_status"] == "CurrentEnforced" for row in rows)


@pytest.mark.parametrize("query", ["limit=x", "limit=0", "offset=-1"])
def test_wrong_limits_are_refused(get, query):
    assert get(f"{LAWS}/laws?{query}").status == 400


def test_every_revision_is_served_wrapped_and_bare(get):
    for row in json.loads(get(f"{LAWS}/laws").body)["laws"]:
        answer = json.loads(get(f"{LAWS}/law_revisions/{row['law_info']['law_id']}").body)
        for revision in answer["revisions"]:
            name = revision["law_revision_id"]
            bare = etree.fromstring(get(f"{LAWS}/law_file/xml/{name}").body)
            wrapped = etree.fromstring(get(f"{LAWS}/law_data/{name}?response_format=xml").body)
            assert bare.tag == "Law"
            assert wrapped.findtext("revision_info/law_revision_id") == name
            assert wrapped.findtext("law_info/law_num") == bare.findtext("LawNum")
            inside = wrapped.find("law_full_text/Law")
            inside.tail = None
            assert etree.tostring(inside, method="c14n") == etree.tostring(bare, method="c14n")
            assert len(bare.findall(".//MainProvision//Article")) >= 10


def test_the_law_of_the_wells_has_what_makes_laws_hard(get):
    revisions = json.loads(get(f"{LAWS}/law_revisions/507AC0000000901").body)["revisions"]
    assert [item["current_revision_status"] for item in revisions] == ["CurrentEnforced", "PreviousEnforced"]
    new, old = (etree.fromstring(get(f"{LAWS}/law_file/xml/{item['law_revision_id']}").body) for item in revisions)
    assert new.findtext(".//Ruby/Rt") == "つるべ"
    assert len(new.findall(".//AppdxTable//TableRow")) == 6
    assert new.find(".//SupplProvision[@AmendLawNum]") is not None
    assert old.find(".//SupplProvision[@AmendLawNum]") is None
    assert "三年間保存" in "".join(new.itertext())
    assert "二年間保存" in "".join(old.itertext())


def test_the_list_of_judgments_leads_to_details_and_pdfs(get):
    url = f"{COURTS}/hanrei/search1/index.html"
    page = get(url).body.decode()
    assert "3件中 1～3件を表示" in page
    rows = BeautifulSoup(page, "lxml").select("table.search-result-table > tbody > tr")
    assert [len(row.select("th > a")) for row in rows] == [1, 1, 2]
    for link in (link for row in rows for link in row.select("th > a")):
        detail = get(f"{COURTS}/hanrei/{str(link['href']).removeprefix('./../')}")
        assert detail.status == 200
        assert detail.body.index(b'<meta name="judge_date"') < detail.body.index(b"<!DOCTYPE")
        terms = [item.text for item in BeautifulSoup(detail.body, "lxml").select(".module-sub-page-parts-table dt")]
        assert terms[:3] == ["事件番号", "事件名", "裁判年月日"]
        path = re.search(rb'href="\./\.\./\.\./\.\./(assets/[^"]+\.pdf)"', detail.body)
        assert path
        assert get(f"{COURTS}/{path[1].decode()}").body.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("first", "last", "found"), [((1, 1), (12, 31), 3), ((3, 13), (6, 18), 1), ((7, 1), (12, 31), 0)]
)
def test_judgments_are_found_by_date(get, first, last, found):
    sides = {"From": first, "To": last}
    query = "&".join(
        f"filter[judgeGengo{side}]=%E4%BB%A4%E5%92%8C&filter[judgeYear{side}]=8"
        f"&filter[judgeMonth{side}]={month}&filter[judgeDay{side}]={day}"
        for side, (month, day) in sides.items()
    )
    page = get(f"{COURTS}/hanrei/search1/index.html?filter[judgeDateMode]=2&{query}&offset=0").body.decode()
    assert page.count("全文<i") == found
    assert ("該当する裁判例がありませんでした" in page) == (found == 0)


def test_filings_are_listed_by_day(get):
    lists = {day: json.loads(get(f"{FILINGS}/documents.json?date=2026-10-0{day}&type=2").body) for day in (1, 2, 3)}
    assert [answer["metadata"]["resultset"]["count"] for answer in lists.values()] == [2, 0, 0]
    assert [row["docID"] for row in lists[1]["results"]] == ["S1X09901", "S1X09902"]
    assert len(lists[1]["results"][0]) == 29
    assert "results" not in json.loads(get(f"{FILINGS}/documents.json?date=2026-10-01&type=1").body)
    wrong = get(f"{FILINGS}/documents.json?date=someday&type=2")
    assert (wrong.status, json.loads(wrong.body)["metadata"]["status"]) == (200, "400")


def test_a_filing_is_inline_xbrl_in_a_zip(get):
    with zipfile.ZipFile(io.BytesIO(get(f"{FILINGS}/documents/S1X09901?type=1").body)) as package:
        names = package.namelist()
        pages = {name: etree.fromstring(package.read(name)) for name in names}
    assert all(name.startswith("XBRL/PublicDoc/") for name in names)
    assert sum(name.endswith("_ixbrl.htm") for name in names) == 3
    facts = [fact for page in pages.values() for fact in page.iter("{http://www.xbrl.org/2008/inlineXBRL}nonFraction")]
    assert [fact.text for fact in facts[:2]] == ["4,862", "5,137"]


def test_the_csv_of_a_filing_is_utf_16_with_tabs(get):
    with zipfile.ZipFile(io.BytesIO(get(f"{FILINGS}/documents/S1X09901?type=5").body)) as package:
        (name,) = package.namelist()
        body = package.read(name)
    assert name.startswith("XBRL_TO_CSV/")
    assert body.startswith(b"\xff\xfe")
    rows = list(csv.reader(io.StringIO(body.decode("utf-16")), delimiter="\t"))
    assert {len(row) for row in rows} == {9}
    assert rows[2][-1] == "5137000000"
    assert json.loads(get(f"{FILINGS}/documents/S1X09902?type=5").body)["metadata"]["status"] == "404"
