"""The sources beside laws, courts, filings and sites, each against a server with the real one's habits."""

import json
from typing import Any

import pytest
import sites

from kobunko import pipeline, removals
from kobunko.crawlers import absences
from kobunko.crawlers.parse.archives import search_url
from kobunko.extract.records import ExtractInput
from kobunko.extract.route import extract
from kobunko.home import open_home
from kobunko.ids import url_key
from kobunko.licensing.evidence import Subject, judge
from kobunko.licensing.hosts import host_rule
from kobunko.licensing.stage import record_of
from kobunko.records import Blob
from kobunko.settings import load_settings


def serve(web: Any, *answers: Any) -> None:
    """Answers in which HOST stands for this server."""

    def answer(path: str, headers: dict[str, str]) -> Any:
        for function in answers:
            if found := function(path, headers):
                return (found[0].replace(b"HOST", web.base.removeprefix("http://").encode()), *found[1:])
        return None

    web.answer(answer)


def reasons(summary: dict[str, Any]) -> list[str]:
    return sorted(item["reason"] for item in summary["failures"])


def assert_replayed(web: Any, home: Any, other_home: Any) -> None:
    """Without the server the archives of the crawl give the same documents."""
    web.server.shutdown()
    other_home.crawl(replay=home.warcs())
    found = ({document.doc_id: document.input_sha256 for document in place.documents()} for place in (home, other_home))
    assert next(found) == next(found)


def test_diet_records_are_meetings_page_by_page_and_month_by_month(web: Any, home: Any, other_home: Any) -> None:
    web.put("/robots.txt", status=302, headers={"Location": "/app.html"})  # to an application's shell: no rules
    web.html("/app.html", "Disallow: /")
    busy = ["1"]
    wait: Any = (b"", "text/plain", 429, {"Retry-After": "1"})
    web.answer(lambda path, _: wait if "meeting_list" in path and busy and busy.pop() else None)
    serve(web, sites.kokkai)
    home.seed("diet", "kokkai", [f"{web.base}/diet/api"], 'params.from = "2026-05-01"\nparams.to = "2026-08-31"')
    summary = home.crawl()["diet"]
    assert (summary["new"], reasons(summary)) == (6, ["api-error: 検索条件に誤りがあります"])
    assert summary["hosts"] == {"127.0.0.1": summary["requests"]}
    assert len(web.hits) == len(set(web.hits)) + 1  # a moment after the host had asked to wait
    found = {document.source_key: document for document in home.documents()}
    assert set(found) == set(sites.MEETINGS[:-1])
    first = found[sites.MEETINGS[0]]
    assert (first.title, first.published) == ("見本院 本会議 第9号", "2026-06-06")
    assert first.url.startswith("https://kokkai.example/txt/")
    assert_replayed(web, home, other_home)


def test_ndl_gives_images_only_where_protection_has_expired(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.ndl)
    start = [f"{web.base}/ndl/oaipmh", f"{web.base}/dl"]
    home.seed("library", "ndl", start, 'params.from = "2026-09-15"\nparams.to = "2026-10-10"')
    summary = home.crawl()["library"]
    assert (summary["new"], summary["failures"]) == (3, [])
    found = {document.source_key.rsplit("-", 1)[1]: document for document in home.documents()}
    assert [part.role for part in found["I1"].parts] == ["record", "image", "image"]
    assert [part.role for part in found["I2"].parts] == ["record"]
    assert json.loads(found["I1"].metadata)["iiif_licence"] == "https://archives.example/secondary-use"
    assert not [path for path in web.hits if "902" in path]
    record = next(item for item in home.records() if item.url.startswith("jar:") and "I2" in item.url)
    assert "見本叢書2" in record.body.decode()
    assert_replayed(web, home, other_home)


def test_a_search_of_ndl_is_cut_by_year_until_all_of_it_is_shown(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.ndl)
    start = [f"{web.base}/ndl/oaipmh", f"{web.base}/dl"]
    home.seed("library", "ndl", start, "params.searches = ['dpid=mihon', '桜']\nparams.first_year = 1980")
    summary = home.crawl()["library"]
    assert (summary["new"], reasons(summary)) == (600, ["sru-diagnostic: illegal query syntax"])
    assert {document.source_key for document in home.documents()} == {f"R9-I{number}" for number in range(600)}
    assert_replayed(web, home, other_home)


def test_archives_know_both_traps_and_keep_an_item_whose_image_is_refused(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.archives)
    searches = 'params.searches = [{ title = "布告" }, { q = "何か" }, { jacar = "見本" }]'
    home.seed("archive", "archives", [f"{web.base}/arc", f"{web.base}/jac"], searches)
    summary = home.crawl(RETRIES="0")["archive"]
    found = {document.source_key: document for document in home.documents()}
    assert set(found) == {"55", "A01000000001"}
    assert [part.role for part in found["55"].parts] == ["detail", "image"]
    assert found["55"].title == "見本布告"
    assert json.loads(found["A01000000001"].metadata)["missing_images"] == "1"
    assert "whole-archive: 4290000 hits: the search ignored the question" in reasons(summary)
    assert reasons(summary).count("missing-images: 1 of 2") == 2
    assert_replayed(web, home, other_home)


def test_a_search_that_the_archive_would_ignore_is_never_made() -> None:
    with pytest.raises(ValueError, match="ignores \\['keyword'\\]"):
        search_url("https://archive.example", {"keyword": "布告"})


def test_a_portal_gives_the_resources_that_lie_with_it(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.portal)
    home.seed("portal", "ckan", [f"{web.base}/ckan"])
    summary = home.crawl()["portal"]
    assert (summary["new"], summary["skipped"], summary["failures"]) == (3, {"elsewhere": 147}, [])
    document = next(document for document in home.documents() if document.source_key == "r50")
    assert (document.title, json.loads(document.metadata)["dataset"]) == ("見本50 一覧", "mihon_50")
    assert_replayed(web, home, other_home)


def test_a_resource_that_the_portal_lists_no_more_is_delisted_after_two_crawls(web: Any, home: Any) -> None:
    listed = [
        dict(sites.dataset(number), resources=[{"id": f"r{number}", "url": f"{web.base}/files/{number}.csv"}])
        for number in range(3)
    ]

    def portal(path: str, _: dict[str, str]) -> Any:
        if path.startswith("/ckan/"):
            return sites.as_json({"success": True, "result": {"count": len(listed), "results": listed}})
        return (path.encode(), "text/csv") if path.startswith("/files/") and "1.csv" not in path else None

    web.answer(portal)
    web.put("/files/1.csv", b"1", "text/csv")
    home.seed("portal", "ckan", [f"{web.base}/ckan"], gone_after=2)
    assert home.crawl()["portal"]["new"] == 3
    del listed[2], web.pages["/files/1.csv"]  # one is off the list; one is on it and cannot be had
    assert [home.crawl()["portal"]["gone"] for _ in range(2)] == [0, 2]
    found = {row["url"].rsplit("/", 1)[1]: row["reason"] for row in absences.events(home.catalogue())}
    assert found == {"1.csv": "http-404", "2.csv": "delisted"}


def test_tables_come_in_pages_and_the_key_is_nowhere(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.estat)
    home.seed("stat", "estat", [f"{web.base}/estat"], 'params.searches = [{ statsCode = "1" }]')
    assert reasons(home.crawl()["stat"]) == ["estat-100: 認証に失敗しました。"]
    summary = home.crawl(ESTAT_APP_ID=sites.ESTAT_KEY)["stat"]
    (document,) = home.documents()
    assert (document.title, document.source_version) == ("見本統計 人口", "2026-10-01")
    assert [part.url.rsplit("=", 1)[1] for part in document.parts] == ["1", "3"]
    assert home.crawl(ESTAT_APP_ID=sites.ESTAT_KEY)["stat"]["held"] == summary["new"] == 1
    bodies = [record.body + record.url.encode() for record in home.records()]
    files = [path.read_bytes() for path in home.folder.rglob("*") if path.is_file()]
    assert not [data for data in bodies + files if sites.ESTAT_KEY.encode() in data]
    assert_replayed(web, home, other_home)


def test_a_paper_has_its_booklet_and_the_answers_of_its_sitting(web: Any, home: Any, other_home: Any) -> None:
    serve(web, sites.exams)
    home.seed("exam", "exams", [f"{web.base}/exam/index.html"], 'params.exam = "見本師国家試験"')
    summary = home.crawl()["exam"]
    found = {document.title: [part.role for part in document.parts] for document in home.documents()}
    assert summary["failures"] == []
    assert sorted(found.values()) == [["questions", "answers"], ["questions", "booklet", "answers"]]
    assert all("第120回" in title for title in found)
    assert not [path for path in web.hits if path.endswith("z.pdf")]
    assert_replayed(web, home, other_home)


LAW = ("501AC0000000001", "501AC0000000001_20250401_000000000000000")
NEXT = "501AC0000000001_20270401_507AC0000000009"


def law_api(path: str, _: dict[str, str]) -> Any:
    """After the first load the law has a revision that is not in force yet, which only the walk finds."""
    info = {"law_id": LAW[0], "law_num": "令和元年法律第一号", "promulgation_date": "2019-05-01"}
    current = {"law_revision_id": LAW[1], "law_title": "見本法"}
    if path.startswith("/bulkdownload?"):
        return sites.bulk_zip([LAW]), "application/zip"
    if path.startswith("/api/2/laws?"):
        entry = {"law_info": info, "revision_info": current, "current_revision_info": current}
        return sites.as_json({"total_count": 1, "count": 1, "laws": [entry]})
    if path.startswith("/api/1/updatelawlists/"):
        entry = f"<LawNameListInfo><LawId>{LAW[0]}</LawId><LawNo>一</LawNo></LawNameListInfo>"
        good = f"<DataRoot><Result><Code>0</Code></Result><ApplData>{entry}</ApplData></DataRoot>"
        none = "<DataRoot><Result><Code>1</Code><Message>なし</Message></Result></DataRoot>"
        law_api.days += 1  # type: ignore[attr-defined]
        is_first = law_api.days == 1  # type: ignore[attr-defined]
        return (good.encode(), "application/xml") if is_first else (none.encode(), "application/xml", 404)
    if path.startswith(f"/api/2/law_revisions/{LAW[0]}"):
        coming = {"law_revision_id": NEXT, "law_title": "見本法", "current_revision_status": "UnEnforced"}
        return sites.as_json({"law_info": info, "revisions": [coming, current]})
    if path == f"/api/2/law_file/xml/{NEXT}":
        return sites.law_xml(LAW[0], "見本法", "./pict/zu2.pdf").replace(
            "</LawBody>", MISSING
        ).encode(), "application/xml"
    if path.startswith(f"/api/2/attachment/{NEXT}"):
        if "zu2" in path:
            return b"%PDF-1.7 zu2", "application/pdf"
        return json.dumps({"code": "404003", "message": "ありません"}).encode(), "application/json", 400
    return None


law_api.days = 0  # type: ignore[attr-defined]
MISSING = '<Fig src="./pict/nai.jpg"/></LawBody>'


def test_laws_begin_with_the_bulk_file_and_go_on_with_what_changed(web: Any, home: Any, other_home: Any) -> None:
    serve(web, law_api)
    home.seed("law", "egov_laws", [f"{web.base}/api/2"], "params.bulk = true\nparams.days = 2")
    first = home.crawl()["law"]
    assert (first["new"], first["held"], first["failures"]) == (1, 1, [])
    (law,) = home.documents()
    assert (law.source_version, [part.role for part in law.parts]) == (LAW[1], ["law", "attachment"])
    assert law.url.endswith(f"/law_file/xml/{LAW[1]}")
    assert law.parts[0].url.startswith(f"jar:{web.base}/bulkdownload?")
    assert not [path for path in web.hits if "law_file" in path]

    second = home.crawl()["law"]
    assert [item["reason"] for item in second["failures"]] == ["missing-attachment: ./pict/nai.jpg"]
    coming = next(document for document in home.documents() if document.source_version == NEXT)
    assert [part.role for part in coming.parts] == ["law", "attachment"]
    assert json.loads(coming.metadata)["missing_attachments"] == ["./pict/nai.jpg"]
    assert not [path for path in web.hits if "bulkdownload" in path][1:]
    assert_replayed(web, home, other_home)


TERMS = {
    "open": "<tr><th>このデータの使用許諾条件</th><td>オープンデータ（CC_BY_4.0）</td></tr>",
    "closed": "<tr><th>使用許諾条件</th><td>非商用</td></tr>",
    "mixed": "<tr><th>使用許諾条件</th><td>非商用</td></tr><tr><th>使用許諾条件</th><td>商用可</td></tr>",
    "silent": "<tr><th>形式</th><td>CSV</td></tr>",
}


def test_a_file_keeps_the_page_that_names_its_licence(web: Any, home: Any) -> None:
    for name, rows in TERMS.items():
        links = "".join(f'<a href="/{name}{year}.csv">{name}{year}</a>' for year in ("", 2))
        web.html(f"/{name}.html", name, f"<table>{rows}</table>{links}")
        for year in ("", 2):
            web.put(f"/{name}{year}.csv", f"港,{name}{year}\n".encode(), "text/csv")
    web.html("/", "一覧", "".join(f'<a href="/{name}.html">{name}</a>' for name in TERMS))
    home.seed("land", "site", [f"{web.base}/"], 'depth = 2\nparams.licence_label = "使用許諾条件"')
    assert home.crawl()["land"]["new"] == 13
    files = {item.title: item for item in home.documents() if item.url.endswith(".csv")}
    assert [part.role for part in files["mixed"].parts] == [part.role for part in files["silent"].parts] == ["file"]
    found = {}
    for name in ("open", "closed"):
        page = record_of(files[name].parts)
        assert page is not None
        assert page["url"] == f"{web.base}/{name}.html"
        rule = host_rule("ksj", "https://nlftp.mlit.go.jp/ksj/gml/data/a.csv")
        verdict = judge(Subject("ksj", files[name].url, ("file",), json.loads(files[name].metadata), page), None, rule)
        assert any(item.sha256 == page["sha256"] and item.phrase for item in verdict.evidence)
        found[name] = (verdict.license, verdict.evidence_level, verdict.redistribute)
    assert found == {"open": ("CC-BY-4.0", "E1", "allow+conditions"), "closed": ("NOASSERTION", "E4", "metadata-only")}
    kept = zip(files["open"].parts, (b"a,b\n", b"<p>CC</p>"), strict=True)
    blobs = [Blob(part.role, part.url, part.media_type, part.sha256, body) for part, body in kept]
    read = extract(ExtractInput("land", "open", "", "", "", blobs))
    assert "CC" not in "".join(page.text for page in read.pages)  # the terms are no text of the file

    with open_home(load_settings(home.folder, seeds=str(home.seeds))) as place:
        target = removals.named(place.catalogue, "document", files["open"].doc_id)
        removals.add(place.catalogue, target, "preference")
        removals.apply(place.catalogue, pipeline.corpus(place))
        assert place.catalogue.removed() == {files["open"].doc_id}  # not all that share the page
        assert removals.bound(place.catalogue, "url") == [url_key(files["open"].url)]
