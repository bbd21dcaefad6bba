"""Four sources at once on loopback: the spiders end to end, a second crawl, and replay without a server."""

import io
import itertools
import json
import zipfile
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kobunko.crawlers import absences
from kobunko.crawlers.parse.courts import dates_of

KEY = "sample-key-that-nobody-may-see"
LAWS = [(f"50{n}AC0000000{n:03d}", f"50{n}AC0000000{n:03d}_20250401_000000000000000") for n in range(1, 6)]
DAYS = [date(2024, 1, 1) + timedelta(days=5 * n) for n in range(70)]  # days of judgments, one each


def law_list(offset: int, limit: int) -> dict[str, Any]:
    laws = []
    for law_id, revision_id in LAWS[offset : offset + limit]:
        info = {"law_id": law_id, "law_num": f"令和五年法律第{law_id[-1]}号", "promulgation_date": "2025-03-01"}
        revision = {"law_revision_id": revision_id, "law_title": f"見本法{law_id[-1]}", "repeal_date": None}
        laws.append({"law_info": info, "revision_info": revision, "current_revision_info": revision})
    answer: dict[str, Any] = {"total_count": len(LAWS), "count": len(laws), "laws": laws}
    return answer | ({"next_offset": offset + limit} if offset + limit < len(LAWS) else {})


def law_api(path: str, _: dict[str, str]) -> tuple[bytes, str] | None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    if path.startswith("/api/2/laws?"):
        return json.dumps(law_list(int(query["offset"]), int(query["limit"]))).encode(), "application/json"
    for law_id, revision_id in LAWS:
        if path == f"/api/2/law_file/xml/{revision_id}":
            xml = f'<Law Era="Reiwa"><LawNum>{law_id}</LawNum><LawBody><LawTitle>見本法</LawTitle></LawBody></Law>'
            return xml.encode(), "application/xml"
    return None


def courts_site(path: str, _: dict[str, str]) -> tuple[bytes, str] | None:
    """Shows at most 40 hits of a search, 30 a page; every tenth case stands in two categories."""
    parts = urlsplit(path)
    if parts.path == "/hanrei/search1/index.html":
        first, last = dates_of(path) or (date.min, date.max)
        found = [number for number, day in enumerate(DAYS, start=101) if first <= day <= last]
        return court_list(found, int(parse_qs(parts.query)["offset"][0])).encode(), "text/html; charset=utf-8"
    if parts.path.startswith("/hanrei/") and "/detail" in parts.path:
        number = int(parts.path.split("/")[2])
        return court_detail(number).encode(), "text/html; charset=utf-8"
    if parts.path.startswith(("/assets/hanrei/hanrei-pdf-", "/assets/hanrei/attached-1")):
        return b"%PDF-1.4 " + parts.path.encode(), "application/pdf"
    return None


def court_list(found: list[int], offset: int) -> str:
    if not found:
        return '<p id="searched">該当する裁判例がありませんでした。</p>'
    if len(found) > 40:
        return '<p class="error">検索結果が2000件を超えました。条件を変えて検索してください。</p>'
    shown = found[offset : offset + 30]
    count = f"<p>{len(found)}件中 {offset + 1}～{offset + len(shown)}件を表示</p>"
    return f'{count}<table class="search-result-table"><tbody>{"".join(map(court_row, shown))}</tbody></table>'


def court_row(number: int) -> str:
    details = (2, 5) if number % 10 == 0 else (4,)
    links = "".join(f'<a href="./../{number}/detail{kind}/index.html">区分{kind}</a>' for kind in details)
    return f"<tr><th>{links}</th><td><p>令和6(ワ){number} 見本請求事件</p></td></tr>"


def court_detail(number: int) -> str:
    day = DAYS[number - 101]
    meta = f'<meta name="composite_jiken_number" content="令和6(ワ){number}"><meta name="judge_date" content="{day}">'
    table = f'<dl><dt>全文</dt><dd><a href="./../../../assets/hanrei/hanrei-pdf-{number}.pdf">全文</a></dd></dl>'
    if number in (103, 104):  # one has an attachment, one says that it has
        table += f'<dl><dt>添付文書</dt><dd><a href="/assets/hanrei/attached-{number - 102}.pdf">別紙</a></dd></dl>'
    return f'{meta}<meta name="jiken_name" content="見本請求事件"><!DOCTYPE html><html><body>{table}</body></html>'


def filing(doc_id: str, **changes: str) -> dict[str, Any]:
    row: dict[str, Any] = {"docID": doc_id, "filerName": "見本株式会社", "docDescription": "臨時報告書"}
    row |= {"submitDateTime": "2026-10-01 09:00", "withdrawalStatus": "0", "disclosureStatus": "0", "legalStatus": "1"}
    return row | {"xbrlFlag": "1", "pdfFlag": "1", "csvFlag": "1", "opeDateTime": None} | changes


def edinet_api(path: str, headers: dict[str, str]) -> tuple[bytes, str] | None:
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if not parts.path.startswith("/api/v2/"):
        return None
    if headers.get("Ocp-Apim-Subscription-Key") != KEY:
        return b'{"StatusCode": 401, "message": "Access denied"}', "application/json; charset=utf-8"
    if parts.path == "/api/v2/documents.json":
        rows = [filing("S100AAA1"), filing("S100AAA2", csvFlag="0"), filing("S100AAA3", withdrawalStatus="2")]
        rows = [*rows, filing("S100AAA4")] if query["date"] == "2026-10-02" else []
        answer = {"metadata": {"status": "200", "resultset": {"count": len(rows)}}, "results": rows}
        return json.dumps(answer).encode(), "application/json; charset=utf-8"
    if "S100AAA4" in path:
        error = {"metadata": {"status": "404", "message": "Not Found"}}
        return json.dumps(error).encode(), "application/json; charset=utf-8"
    return (b"%PDF-1.7", "application/pdf") if query["type"] == "2" else (package(path), "application/octet-stream")


def package(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("XBRL/PublicDoc/0101010_honbun.htm"), name)
    return buffer.getvalue()


@pytest.fixture
def government(web: Any, home: Any) -> Any:
    for part in (law_api, courts_site, edinet_api):
        web.answer(part)
    web.html("/robots.txt", "アプリ")  # an application shell where rules should be
    web.html("/ministry/", "見本省", '<a href="/ministry/a.pdf">告示</a>')
    web.put("/ministry/a.pdf", b"%PDF-1.5")
    home.seed("laws", "egov_laws", [f"{web.base.replace('127.0.0.1', 'localhost')}/api/2"], "params.limit = 2")
    home.seed("cases", "courts", [f"{web.base}/hanrei/search1/index.html"], CASES)
    home.seed("filings", "edinet", [f"{web.base}/api/v2"], 'params.from = "2026-10-01"\nparams.to = "2026-10-03"')
    home.seed("ministry", "site", [f"{web.base}/ministry/"], "allow = ['/ministry/']")
    return web


CASES = 'params.from = "2024-01-01"\nparams.to = "2024-12-31"'


def test_four_sources_a_second_crawl_and_replay_without_a_server(government: Any, home: Any, other_home: Any) -> None:
    first = home.crawl(EDINET_KEY=KEY)
    found = {source: summary["new"] for source, summary in first.items()}
    assert found == {"laws": 5, "cases": 70, "filings": 2, "ministry": 2}
    assert first["filings"]["skipped"] == {"withdrawn": 1}
    assert [item["reason"] for item in first["filings"]["failures"]] == ["edinet-404: Not Found"]
    (missing,) = first["cases"]["failures"]
    assert missing["reason"] == f"missing-attachment: {government.base}/assets/hanrei/attached-2.pdf"
    assert all(summary["finished"] and not summary["broken_assertions"] for summary in first.values())
    places = {"assets": "cases", "hanrei": "cases", "ministry": "ministry", "v2": "filings"}
    asked = [places[name] for path in government.hits for name in path.split("/") if name in places]
    assert len(list(itertools.groupby(asked))) == 3  # sources of one host follow each other
    documents = {document.source_key: document for document in home.documents()}
    check_documents(documents, government.base)

    asked = len(government.hits)
    second = home.crawl(EDINET_KEY=KEY)
    assert {name: summary["new"] + summary["changed"] for name, summary in second.items()} == dict.fromkeys(first, 0)
    assert (second["laws"]["held"], second["filings"]["held"]) == (5, 2)
    assert second["cases"]["captured"] == 0
    assert not [path for path in government.hits[asked:] if "law_file" in path or "S100AAA1" in path]

    assert_key_is_nowhere(home)
    archives = [path for path in home.warcs() if "00000001" in path.name]
    government.server.shutdown()
    replayed = other_home.crawl(replay=archives)
    ids = {document.doc_id: document.metadata for document in home.documents()}
    assert {document.doc_id: document.metadata for document in other_home.documents()} == ids
    assert {source: summary["new"] for source, summary in replayed.items()} == found
    dates = {capture.fetched_at for document in home.documents() for capture in document.parts}
    assert {capture.fetched_at for document in other_home.documents() for capture in document.parts} == dates


def check_documents(documents: dict[str, Any], base: str) -> None:
    law = documents[LAWS[0][0]]
    assert (law.source_version, law.title, law.published) == (LAWS[0][1], "見本法1", "2025-03-01")
    assert [part.role for part in law.parts] == ["law"]
    case = documents["101"]
    assert (case.title, case.published) == ("見本請求事件", "2024-01-01")
    assert [part.role for part in case.parts] == ["detail", "judgment"]
    assert case.source_version == case.parts[1].sha256
    assert [[part.role for part in documents[key].parts][2:] for key in ("103", "104")] == [["attachment"], []]
    assert documents["110"].url == f"{base}/hanrei/110/detail2/index.html"
    filing = documents["S100AAA1"]
    assert [part.role for part in filing.parts] == ["filing", "pdf", "csv"]
    assert (filing.title, filing.published, filing.source_version) == ("臨時報告書", "2026-10-01", "2026-10-01 09:00")
    assert json.loads(filing.metadata)["filerName"] == "見本株式会社"
    assert [part.role for part in documents["S100AAA2"].parts] == ["filing", "pdf"]


def assert_key_is_nowhere(home: Any) -> None:
    bodies = [answer.body for answer in home.records()]
    files = [path.read_bytes() for path in home.folder.rglob("*") if path.is_file()]
    assert not [data for data in bodies + files if KEY.encode() in data]


def test_without_a_key_the_error_that_came_with_200_is_named(government: Any, home: Any) -> None:
    for source in ("laws", "cases", "ministry"):
        (home.seeds / f"{source}.toml").unlink()
    summary = home.crawl()["filings"]
    assert {item["reason"] for item in summary["failures"]} == {"edinet-401: Access denied"}
    assert summary["broken_assertions"] == ["min_documents: 0 < 1", "max_failed_share: 1.000 > 0.9"]


def test_replay_names_what_is_not_in_the_archive(government: Any, home: Any, other_home: Any) -> None:
    for source in ("laws", "cases", "filings"):
        (home.seeds / f"{source}.toml").unlink()
    home.crawl(limit=1)
    government.server.shutdown()
    summary = other_home.crawl(replay=home.warcs())["ministry"]
    assert [item["reason"] for item in summary["failures"]] == ["not-in-replay"]
    assert summary["new"] == 1


def test_a_judgment_that_was_taken_off_the_site_is_noticed(web: Any, home: Any) -> None:
    there = [106, 107, 108]

    def site(path: str, headers: dict[str, str]) -> tuple[bytes, str] | None:
        if "/search1/" in path:
            return court_list(there, 0).encode(), "text/html; charset=utf-8"
        return courts_site(path, headers) if any(str(number) in path for number in there) else None

    web.answer(site)
    days = f'params.from = "{DAYS[5]}"\nparams.to = "{DAYS[7]}"'
    home.seed("cases", "courts", [f"{web.base}/hanrei/search1/index.html"], days, gone_after=1)
    assert home.crawl()["cases"]["new"] == 3
    there.remove(107)
    summary = home.crawl()["cases"]
    assert (summary["gone"], [item["reason"] for item in summary["failures"]]) == (1, ["http-404"])
    (event,) = absences.events(home.catalogue())
    assert "/hanrei/107/" in event["url"]


def test_a_past_day_of_filings_is_read_again_for_what_was_withdrawn_edited_and_corrected(web: Any, home: Any) -> None:
    rows = [filing("S100AAA1"), filing("S100AAA2"), filing("S100AAA5")]

    def api(path: str, headers: dict[str, str]) -> tuple[bytes, str] | None:
        if "/documents.json" not in path:
            return edinet_api(path, headers)
        answer = {"metadata": {"status": "200", "resultset": {"count": len(rows)}}, "results": rows}
        return json.dumps(answer).encode(), "application/json"

    web.answer(api)
    day = 'params.from = "2026-10-02"\nparams.to = "2026-10-02"'
    home.seed("filings", "edinet", [f"{web.base}/api/v2"], day)
    assert home.crawl(EDINET_KEY=KEY)["filings"]["new"] == 3
    nothing = dict.fromkeys(("filerName", "docDescription", "submitDateTime", "opeDateTime"))
    rows[0] |= nothing | {"withdrawalStatus": "2"}
    rows[1]["opeDateTime"] = "2026-10-05 10:00"
    rows[2] |= nothing | {"disclosureStatus": "2"}
    rows.append(filing("S100AAA6", docDescription="訂正臨時報告書", parentDocID="S100AAA2"))
    summary = home.crawl(EDINET_KEY=KEY)["filings"]
    assert (summary["new"], summary["changed"], summary["gone"]) == (1, 1, 2)
    gone = {row["url"].split("/")[-1][:8]: row["reason"] for row in absences.events(home.catalogue())}
    assert gone == {"S100AAA1": "withdrawn", "S100AAA5": "undisclosed"}
    found = {(document.source_key, document.source_version): document for document in home.documents()}
    assert ("S100AAA2", "2026-10-05 10:00") in found
    correction = json.loads(found["S100AAA6", "2026-10-01 09:00"].metadata)
    assert correction["relation"] == {"kind": "corrects", "doc_id": "S100AAA2"}
    rows.clear()
    (alarm,) = home.crawl(EDINET_KEY=KEY)["filings"]["alarms"]
    assert alarm == f"empty list: {web.base}/api/v2/documents.json?date=2026-10-02&type=2 has no entries and had 4"
