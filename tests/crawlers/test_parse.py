"""The pure parsers on authored answers, against expected files beside them."""

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kobunko.crawlers.parse import (
    archives,
    ckan,
    courts,
    edinet,
    egov_laws,
    egov_v1,
    estat,
    exams,
    feeds,
    html,
    iiif,
    kokkai,
    ndl,
    site,
)
from kobunko.errors import Reject

ARCHIVES = "https://archives.example"
COURTS = "https://www.courts.example/hanrei"


def page(body: bytes, url: str) -> site.PageFacts:
    text = body.decode("utf-8").encode("cp932")
    return site.parse_page(text, url, "text/html")


CASES: list[tuple[str, Any]] = [
    ("courts_list.html", lambda body: courts.parse_list(body, f"{COURTS}/search1/index.html?offset=30")),
    ("courts_detail.html", lambda body: courts.parse_detail(body, f"{COURTS}/90010/detail6/index.html")),
    ("laws_page.json", lambda body: egov_laws.parse_list(body, "https://laws.example/api/2/laws?limit=2&offset=2")),
    ("edinet_day.json", edinet.parse_day),
    ("site_page.html", lambda body: page(body, "https://www.mihon.example/kaisei/index.htm")),
    ("courts_list_two.html", lambda body: courts.parse_list(body, f"{COURTS}/search1/index.html?offset=0")),
    ("edinet_corrections.json", edinet.parse_day),
    ("law_revisions.json", egov_laws.parse_revisions),
    ("v1_updates.xml", lambda body: egov_v1.parse_updates(body, 200)),
    ("kokkai_list.json", kokkai.parse_list),
    ("kokkai_meeting.json", lambda body: kokkai.parse_meeting(body, "129914889X00220260902")),
    ("oai_page.xml", ndl.parse_page),
    ("oai_permitted.xml", ndl.parse_page),
    ("sru_found.xml", ndl.parse_search),
    ("archives_search.json", lambda body: archives.parse_search(body, f"{ARCHIVES}/api/search?title=x")),
    ("archives_item.json", archives.parse_item),
    ("jacar_search.html", lambda body: archives.parse_jacar_search(body, f"{ARCHIVES}/aj/search")),
    ("jacar_item.html", archives.parse_jacar_item),
    ("manifest.json", iiif.parse_manifest),
    ("manifest_plain.json", iiif.parse_manifest),
    ("ckan_page.json", lambda body: ckan.parse_page(body, 0)),
    ("ckan_last.json", lambda body: ckan.parse_page(body, 2)),
    ("estat_list.json", estat.parse_list),
    ("estat_none.json", estat.parse_list),
    ("exam_national.html", lambda body: exams.parse_papers(body, "https://www.mihon.example/topics/tp1.html")),
    ("exam_rows.html", lambda body: exams.parse_papers(body, "https://shiken.example/2025r07.html")),
    ("feed_rss1.xml", lambda body: feeds.parse_feed(body, "https://mihon.example/rss")),
    ("feed_atom.xml", lambda body: feeds.parse_feed(body, "https://mihon.example/atom")),
]


def plain(value: Any) -> Any:
    """A parser's result as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(("name", "parse"), CASES, ids=[name for name, _ in CASES])
def test_expected(fixtures: Path, name: str, parse: Any) -> None:
    found = plain(parse((fixtures / name).read_bytes()))
    expected = json.loads((fixtures / f"{name}.expected.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(found)) == expected


LAW_ID = "505AC0000000901"
V1_ERROR = b"<DataRoot><Result><Code>2</Code><Message>which table?</Message></Result><ApplData/></DataRoot>"


@pytest.mark.parametrize(
    ("code", "parse"),
    [
        ("incomplete-list", lambda: courts.parse_list("<p>9件中 1～3件を表示</p>".encode(), COURTS)),
        ("unknown-layout", lambda: courts.parse_list(b"<html><body>new design</body></html>", COURTS)),
        ("unknown-layout", lambda: courts.parse_detail(b"<html><body>new design</body></html>", COURTS)),
        ("no-full-text", lambda: courts.parse_detail(b'<meta name="jiken_name" content="x">', COURTS)),
        ("too-many-results", lambda: courts.halves(date(2025, 4, 1), date(2025, 4, 1))),
        ("waf-rejected", lambda: egov_laws.parse_list(b"<html>Request Rejected. Your support ID", "")),
        ("unexpected-format", lambda: egov_laws.parse_list(b"<html><body>maintenance</body>", "")),
        ("api-error", lambda: egov_laws.parse_list(b'{"code": "400001", "message": "bad"}', "")),
        ("incomplete-list", lambda: egov_laws.parse_list(b'{"total_count": 3, "count": 0, "laws": []}', "")),
        ("api-error", lambda: egov_laws.check_law_xml(b'{"code": "404001", "message": "none"}')),
        ("api-error", lambda: egov_laws.check_law_xml(b"<error_info><code>404001</code></error_info>")),
        ("unexpected-format", lambda: egov_laws.check_law_xml(b"<html><body>maintenance</body></html>")),
        ("api-error", lambda: egov_laws.law_of(V1_ERROR, f"https://laws.example/api/1/lawdata/{LAW_ID}")),
        ("edinet-401", lambda: edinet.parse_day(b'{"StatusCode": 401, "message": "Access denied"}')),
        ("edinet-not-json", lambda: edinet.parse_day(b"<html>maintenance</html>")),
        (
            "incomplete-list",
            lambda: edinet.parse_day(b'{"metadata":{"status":"200","resultset":{"count":1}},"results":[]}'),
        ),
        (
            "edinet-404",
            lambda: edinet.check_file(b'{"metadata":{"status":"404"}}', "application/json; charset=utf-8", "1"),
        ),
        ("edinet-not-a-file", lambda: edinet.check_file(b"<html>", "text/html", "2")),
        ("soft-404", lambda: site.parse_page("<title>指定されたページを表示できませんでした</title>".encode(), "")),
        ("empty-body", lambda: site.parse_page(b" \n", "")),
    ],
)
def test_what_is_no_answer_has_a_name(code: str, parse: Any) -> None:
    with pytest.raises(Reject) as raised:
        parse()
    assert raised.value.code == code


FIELD = "<DataRoot><Result><Code>0</Code></Result><ApplData><LawNameListInfo><LawId>x</LawId><LawNo>{}</LawNo>"


@pytest.mark.parametrize(
    ("parse", "markup"),
    [
        (lambda body: egov_laws.law_of(body, LAW_ID), "<Law><LawBody><LawTitle>{}</LawTitle></LawBody></Law>"),
        (lambda body: egov_v1.parse_updates(body, 200), FIELD + "</LawNameListInfo></ApplData></DataRoot>"),
        (
            ndl.parse_page,
            "<OAI-PMH><ListRecords><record><header><identifier>x</identifier></header><title>{}</title></record>"
            "</ListRecords></OAI-PMH>",
        ),
        (
            lambda body: feeds.parse_feed(body, "https://mihon.example/"),
            "<rss><item><title>{}</title><link>/a</link></item></rss>",
        ),
    ],
)
def test_an_entity_brings_no_file_into_an_answer(parse: Any, markup: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("himitsu")
    assert "himitsu" in repr(parse(markup.format("himitsu").encode()))
    declared = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    assert "himitsu" not in repr(parse((declared + markup.format("&e;")).encode()))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.courts.example/hanrei/01234/detail4/index.html",
        "https://www.courts.example/assets/hanrei/hanrei-pdf-1234.pdf",
        "https://www.courts.example/app/hanrei_jp/detail4?id=1234",
        "https://www.courts.example/app/files/hanrei_jp/234/001234_hanrei.pdf",
    ],
)
def test_one_judgment_in_all_forms_of_its_url(url: str) -> None:
    assert courts.judgment_id(url) == "1234"


def test_searches_are_cut_by_date() -> None:
    url = courts.search_url(f"{COURTS}/search1/index.html", date(1989, 1, 1), date(1989, 12, 31), 30)
    assert "%E6%98%AD%E5%92%8C" in url  # 昭和 until 7 January 1989, 平成 after it
    assert courts.dates_of(url) == (date(1989, 1, 1), date(1989, 12, 31))
    assert courts.dates_of(courts.with_offset(url, 60)) == courts.dates_of(url)
    assert courts.with_offset(url, 60).endswith("&offset=60")
    newer, older = courts.halves(date(2024, 1, 1), date(2024, 1, 4))
    assert (newer, older) == ((date(2024, 1, 3), date(2024, 1, 4)), (date(2024, 1, 1), date(2024, 1, 2)))
    slices = list(courts.years(date(2023, 6, 1), date(2025, 2, 1)))
    assert slices[0] == (date(2025, 1, 1), date(2025, 2, 1))
    assert slices[-1] == (date(2023, 6, 1), date(2023, 12, 31))


def test_the_wall_is_recognised() -> None:
    wall = "<p>検索結果が２０００件を超えました。条件を変えてください。</p>".encode()
    assert courts.parse_list(wall, COURTS).too_many


def test_law_xml_describes_itself() -> None:
    wrapped = (
        "<law_data_response><law_info><law_id>505AC0000000901</law_id></law_info><revision_info>"
        "<law_revision_id>505AC0000000901_20250401_507AC0000000903</law_revision_id></revision_info>"
        "<law_full_text><Law><LawNum>令和五年法律第九百一号</LawNum><LawBody><LawTitle>見本法</LawTitle></LawBody></Law>"
        "</law_full_text></law_data_response>"
    )
    law = egov_laws.law_of(wrapped.encode(), "https://laws.example/api/2/law_data/x?response_format=xml")
    assert (law.law_id, law.revision_id) == ("505AC0000000901", "505AC0000000901_20250401_507AC0000000903")
    assert (law.title, law.facts["law_num"]) == ("見本法", "令和五年法律第九百一号")
    with pytest.raises(Reject, match="law_file/xml/x"):
        egov_laws.law_of(b"<Law/>", "https://laws.example/api/2/law_file/xml/x")


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("くらしの手引き", "utf-8", "shift_jis"),
        ("くらしの手引き①", "cp932", "shift_jis"),
        ("くらしの手引き", "euc_jp", "euc-jp"),
        ("くらしの手引き", "iso2022_jp", "iso-2022-jp"),
        ("くらしの手引き", "cp932", ""),
    ],
)
def test_pages_in_old_encodings(text: str, encoding: str, declared: str) -> None:
    meta = f'<meta charset="{declared}">' if declared else ""
    body = f"<html><head>{meta}<title>{text}</title></head></html>".encode(encoding)
    assert html.title(html.soup(body)) == text
