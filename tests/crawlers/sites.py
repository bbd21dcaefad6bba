"""Invented servers that behave like the real ones: walls, errors with status 200, tokens, traps."""

import html
import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[bytes, str] | tuple[bytes, str, int] | None
MEETINGS = [f"1212152{n:02d}X0092026{6 + n % 3:02d}06" for n in range(7)]


def query_of(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def as_json(value: Any) -> tuple[bytes, str]:
    return json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8"


def meeting(issue_id: str, *, words: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"issueID": issue_id, "nameOfHouse": "見本院", "nameOfMeeting": "本会議", "issue": "第9号"}
    record |= {"date": f"{issue_id[13:17]}-{issue_id[17:19]}-{issue_id[19:21]}", "session": 212, "closing": None}
    record["meetingURL"] = f"https://kokkai.example/txt/{issue_id}"
    if words:
        record["speechRecord"] = [{"speaker": "会議録情報", "speech": f"{issue_id}の議事を始めます。"}]
    return record


def kokkai(path: str, _: dict[str, str]) -> Answer:
    """Shows three meetings a page; a month without meetings is `numberOfRecords` 0 without a list."""
    query = query_of(path)
    if path.startswith("/diet/api/meeting_list?"):
        found = [name for name in MEETINGS if query["from"] <= meeting(name, words=False)["date"] <= query["until"]]
        if not found:
            return as_json({"numberOfRecords": 0, "numberOfReturn": 0, "startRecord": 1})
        start = int(query["startRecord"])
        shown = found[start - 1 : start + 2]
        answer = {"numberOfRecords": len(found), "numberOfReturn": len(shown), "startRecord": start}
        answer["meetingRecord"] = [meeting(name, words=False) for name in shown]  # type: ignore[assignment]
        following = start + len(shown)
        return as_json(answer | ({"nextRecordPosition": following} if following <= len(found) else {}))
    if path.startswith("/diet/api/meeting?"):
        if query["issueID"] == MEETINGS[-1]:
            return as_json({"message": "検索条件に誤りがあります", "details": []})
        record = meeting(query["issueID"], words=True)
        return as_json({"numberOfRecords": 1, "numberOfReturn": 1, "startRecord": 1, "meetingRecord": [record]})
    return None


OAI = '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{}</OAI-PMH>'


def oai_record(number: int) -> str:
    header = f"<identifier>oai:ndl.example:R1-I{number}</identifier><datestamp>2026-10-0{number}</datestamp>"
    if number == 3:
        return f'<record><header status="deleted">{header}</header></record>'
    rights = "インターネット公開（保護期間満了）" if number == 1 else "インターネット公開（許諾）"
    dcndl = f"<title>見本叢書{number}</title><rights>{rights}</rights><see>https://dl.ndl.go.jp/pid/90{number}</see>"
    metadata = f'<metadata><BibResource xmlns="http://ndl.go.jp/dcndl/terms/">{dcndl}</BibResource></metadata>'
    return f"<record><header>{header}</header>{metadata}</record>"


def ndl(path: str, _: dict[str, str]) -> Answer:
    """Two records a page; without `from` and `until` it is an error with status 200; only item 1 has a manifest."""
    query = query_of(path)
    if path.startswith("/ndl/sru?"):
        return sru(query["query"]), "text/xml"
    if path.startswith("/ndl/oaipmh?"):
        if "resumptionToken" in query:
            listed = oai_record(3) + oai_record(4) if query["resumptionToken"] == "t2" else ""
            return OAI.format(f"<ListRecords>{listed}<resumptionToken/></ListRecords>").encode(), "text/xml"
        if not ("from" in query and "until" in query):
            return OAI.format('<error code="badArgument">from is mandatory</error>').encode(), "text/xml"
        if query["from"] < "2026-10-01":
            return OAI.format('<error code="noRecordsMatch"/>').encode(), "text/xml"
        token = "<resumptionToken>t2</resumptionToken>"
        listed = f"<ListRecords>{oai_record(1)}{oai_record(2)}{token}</ListRecords>"
        return OAI.format(listed).encode(), "text/xml"
    if path == "/dl/api/iiif/901/manifest.json":
        return as_json(manifest([f"/dl/image/{n}" for n in (1, 2)]))
    return image(path) if path.startswith("/dl/image/") else None


SRU = '<searchRetrieveResponse xmlns="http://www.loc.gov/zing/srw/"><version>1.2</version>{}</searchRetrieveResponse>'


def sru(query: str) -> bytes:
    """600 books of 1990 to 1991, of which a search shows 500 at most; an error is a diagnostic with status 200."""
    asked = re.fullmatch(r'\((.*)\) AND from="(\d+)" AND until="(\d+)"', query)
    if asked is None or "=" not in asked[1]:
        said = "<diagnostics><diagnostic><message>illegal query syntax</message></diagnostic></diagnostics>"
        return SRU.format(said).encode()
    found = [n for n in range(600) if int(asked[2]) <= 1990 + n % 2 <= int(asked[3])]
    if not found:
        said = "<diagnostics><diagnostic><message>Record does not exist</message></diagnostic></diagnostics>"
        return SRU.format(said).encode()
    books = "".join(map(book, found[:500]))
    return SRU.format(f"<numberOfRecords>{len(found)}</numberOfRecords><records>{books}</records>").encode()


def book(number: int) -> str:
    """Every other record in the packing that is the default: XML in a text."""
    about = f'rdf:about="https://ndlsearch.ndl.go.jp/books/R9-I{number}#material"'
    names = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/terms/"'
    data = f"<rdf:RDF {names}><rdf:Book {about}><d:title>見本{number}</d:title></rdf:Book></rdf:RDF>"
    return f"<record><recordData>{data if number % 2 else html.escape(data)}</recordData></record>"


def manifest(services: list[str]) -> dict[str, Any]:
    canvases = [{"images": [{"resource": {"service": {"@id": f"http://HOST{path}"}}}]} for path in services]
    licence = "https://archives.example/secondary-use"
    return {"@type": "sc:Manifest", "label": "見本", "license": licence, "sequences": [{"canvases": canvases}]}


def image(path: str) -> tuple[bytes, str]:
    return b"\xff\xd8\xff\xe0" + path.encode(), "image/jpeg"


def archives(path: str, _: dict[str, str]) -> Answer:
    """The search ignores what it does not know and then finds everything; the other needs `sf`."""
    query = query_of(path)
    if path.startswith("/arc/api/search?"):
        if "title" not in query:
            return as_json({"total": 4_290_000, "items": [{"url": "/arc/item/1"}]})
        return as_json({"total": 1, "items": [{"url": "/arc/item/55", "label": "見本布告"}]})
    if path == "/arc/item/55.json":
        see = [{"value": "http://HOST/arc/api/iiif/7055/manifest.json", "type": "uri"}]
        about = {
            "rdfs:seeAlso": see,
            "dct:title": [{"@value": "見本布告"}],
            "dct:license": {"@id": "https://a.example/"},
        }
        return as_json({"http://HOST/arc/item/55": about})
    if path in ("/arc/api/iiif/7055/manifest.json", "/arc/api/iiif/8001/manifest.json"):
        return as_json(manifest(["/arc/image/1", "/arc/image/limited"]))
    if path.startswith("/arc/image/limited"):
        return "<title>アクセス制限のお知らせ</title>".encode(), "text/html", 403
    if path.startswith("/arc/image/"):
        return image(path)
    if path.startswith("/jac/aj/search?"):
        total = 1 if query.get("sf") == "seq_a" else 0
        row = '<tr><td><input type="checkbox" value="aj11/A01000000001"></td><td><a href="/img/8001">閲覧</a></td></tr>'
        table = f"<table>{row if total else ''}</table>"
        text = f'<html><title>検索</title><span class="count-number" data-count="{total}">{total}</span>{table}</html>'
        return text.encode(), "text/html; charset=utf-8"
    if path == "/das/meta/A01000000001":
        text = "<title>見本の件</title><h1>見本の件</h1><dl><dt>作成者</dt><dd>見本省</dd></dl>"
        return f"<html>{text}</html>".encode(), "text/html; charset=utf-8"
    return None


def portal(path: str, _: dict[str, str]) -> Answer:
    """A CKAN with 150 datasets of one resource each, most of them elsewhere."""
    query = query_of(path)
    if path.startswith("/ckan/package_search?"):
        start, rows = int(query["start"]), int(query["rows"])
        found = [dataset(number) for number in range(150)][start : start + rows]
        return as_json({"success": True, "result": {"count": 150, "results": found}})
    return (f"番号,{path}\r\n".encode(), "text/csv") if path.startswith("/files/") else None


def dataset(number: int) -> dict[str, Any]:
    host = "http://HOST/files" if number % 50 == 0 else "https://elsewhere.example"
    resource = {"id": f"r{number}", "url": f"{host}/{number}.csv", "name": "一覧", "format": "CSV"}
    return {"name": f"mihon_{number}", "title": f"見本{number}", "license_id": None, "resources": [resource]}


ESTAT_KEY = "sample-app-id-that-nobody-may-see"


def estat(path: str, _: dict[str, str]) -> Answer:
    query = query_of(path)
    if not path.startswith("/estat/json/"):
        return None
    name = "GET_STATS_LIST" if "getStatsList" in path else "GET_STATS_DATA"
    if query.get("appId") != ESTAT_KEY:
        return as_json({name: {"RESULT": {"STATUS": 100, "ERROR_MSG": "認証に失敗しました。"}}})
    good = {"STATUS": 0, "ERROR_MSG": "正常に終了しました。"}
    if name == "GET_STATS_LIST":
        row = {"@id": "0001", "STAT_NAME": {"$": "見本統計"}, "TITLE": {"$": "人口"}, "UPDATED_DATE": "2026-10-01"}
        inside = {"RESULT_INF": {"FROM_NUMBER": 1, "TO_NUMBER": 1}, "TABLE_INF": row}
        return as_json({name: {"RESULT": good, "DATALIST_INF": inside}})
    start = int(query["startPosition"])
    result = {"FROM_NUMBER": start} | ({"NEXT_KEY": 3} if start == 1 else {})
    values = [{"@area": "13000", "$": str(start)}, {"@area": "27000", "$": str(start + 1)}]
    data = {"RESULT_INF": result, "DATA_INF": {"VALUE": values}}
    return as_json({name: {"RESULT": good, "STATISTICAL_DATA": data}})


def exams(path: str, _: dict[str, str]) -> Answer:
    if path == "/exam/index.html":
        return '<html><title>試験</title><a href="tp01.html">第120回</a></html>'.encode(), "text/html"
    if path == "/exam/tp01.html":
        links = [
            ("a.pdf", "A問題"),
            ("a_b.pdf", "A問題（別冊）"),
            ("b.pdf", "B問題"),
            ("s.pdf", "正答"),
            ("z.pdf", "案内図"),
        ]
        items = "".join(f'<li><a href="/exam/f/{name}">{text}（PDF）</a></li>' for name, text in links)
        title = "第120回見本師国家試験の問題および正答について"
        return f"<html><title>{title}</title><h1>{title}</h1><ul>{items}</ul></html>".encode(), "text/html"
    return (b"%PDF-1.7 " + path.encode(), "application/pdf") if path.startswith("/exam/f/") else None


def bulk_zip(laws: list[tuple[str, str]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("all_law_list.csv", "一覧")
        for law_id, revision_id in laws:
            archive.writestr(f"{revision_id}/{revision_id}.xml", law_xml(law_id, "見本法"))
            archive.writestr(f"{revision_id}/pict/zu1.jpg", b"\xff\xd8")
    return buffer.getvalue()


def law_xml(law_id: str, title: str, figure: str = "") -> str:
    fig = f'<Fig src="{figure}"/>' if figure else ""
    return f"<Law><LawNum>{law_id}</LawNum><LawBody><LawTitle>{title}</LawTitle>{fig}</LawBody></Law>"
