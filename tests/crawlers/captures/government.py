"""Invented answers of e-Gov, the courts and EDINET under their real addresses, in the shapes of the real ones.

`answer` is what a server would send; `EXPECTED` what a replay must make of a capture of `URLS`.
"""

import base64
import io
import json
import zipfile
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LAWS, COURTS = "https://laws.e-gov.go.jp", "https://www.courts.go.jp"
EDINET = "https://api.edinet-fsa.go.jp/api/v2"
FIRST, SECOND, THIRD = "505AC0000009901", "506CO0000009902", "507M60000009903"
REVISIONS = {FIRST: f"{FIRST}_20250401_000000000000000", SECOND: f"{SECOND}_20251001_507AC0000009909"}
REVISIONS[THIRD] = f"{THIRD}_20260101_000000000000000"
NUMBERS = {FIRST: "令和五年法律第九百一号", SECOND: "令和六年政令第九百二号", THIRD: "令和七年見本省令第九百三号"}
SEARCH = (
    "?query1=&query2=&filter%5BjudgeDateMode%5D=2&filter%5BjudgeGengoFrom%5D=%E4%BB%A4%E5%92%8C&filter%5BjudgeYearFrom%5D=8"
    "&filter%5BjudgeMonthFrom%5D=1&filter%5BjudgeDayFrom%5D=1&filter%5BjudgeGengoTo%5D=%E4%BB%A4%E5%92%8C"
    "&filter%5BjudgeYearTo%5D=8&filter%5BjudgeMonthTo%5D=12&filter%5BjudgeDayTo%5D=31&offset="
)
CASES = {90101: (4, "令和8(ワ)101"), 90102: (2, "令和8(行ヒ)102"), 90103: (7, "令和8(ネ)103")}
KEY = "0123456789abcdef0123456789abcdef"
URLS = [
    f"{LAWS}/robots.txt",
    f"{LAWS}/api/2/laws?limit=2&offset=0&order=%2Blaw_info.law_id&response_format=json",
    f"{LAWS}/api/2/law_file/xml/{REVISIONS[FIRST]}",
    f"{LAWS}/api/2/law_data/{SECOND}?law_full_text_format=xml&response_format=xml",
    f"{LAWS}/api/2/law_data/{REVISIONS[THIRD]}",
    f"{LAWS}/api/2/law_data/{FIRST}?elm=MainProvision-Article_1&response_format=xml",
    f"{LAWS}/api/2/keyword?keyword=%E8%A6%8B%E6%9C%AC",
    f"{LAWS}/api/2/attachment/{REVISIONS[FIRST]}?src=.%2Fpict%2F901-001.jpg",
    f"{COURTS}/hanrei/search1/index.html{SEARCH}0",
    f"{COURTS}/hanrei/search1/index.html{SEARCH}2",
    *(f"{COURTS}/hanrei/{case}/detail{kind}/index.html" for case, (kind, _) in CASES.items()),
    *(f"{COURTS}/assets/hanrei/hanrei-pdf-{case}.pdf" for case in CASES),
    f"{EDINET}/documents.json?date=2026-10-01&type=2&Subscription-Key={KEY}",
    f"{EDINET}/documents.json?date=2026-10-02&type=2&Subscription-Key={KEY}",
    f"{EDINET}/documents/S1009901?type=1&Subscription-Key={KEY}",
    f"{EDINET}/documents/S1009901?type=2&Subscription-Key={KEY}",
    f"{EDINET}/documents/S1009902?type=1&Subscription-Key={KEY}",
    f"{EDINET}/documents/S1009902?type=5&Subscription-Key={KEY}",
    f"{EDINET}/documents/S1009903?type=2&Subscription-Key={KEY}",
]
EXPECTED = {
    "egov_laws": {
        (FIRST, REVISIONS[FIRST]): ["law", "attachment"],
        (SECOND, REVISIONS[SECOND]): ["law"],
        (THIRD, REVISIONS[THIRD]): ["law"],
    },
    "courts": {str(case): ["detail", "judgment"] for case in CASES},
    "edinet": {"S1009901": ["filing", "pdf"], "S1009902": ["filing", "csv"]},
}

Answer = tuple[int, str, bytes]


def answer(url: str) -> Answer:
    """Status, media type and body."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host = {"laws.e-gov.go.jp": _laws, "www.courts.go.jp": _courts, "api.edinet-fsa.go.jp": _edinet}[parts.netloc]
    return host(unquote(parts.path), query) or (404, "text/html", "<title>ページがありません</title>".encode())


def _json(value: Any) -> Answer:
    return 200, "application/json; charset=utf-8", json.dumps(value, ensure_ascii=False).encode()


def law_xml(law_id: str) -> str:
    figure = '<FigStruct><Fig src="./pict/901-001.jpg"/></FigStruct>' if law_id == FIRST else ""
    sentence = f"<Sentence>この法律は、見本の第{law_id[-3:]}号を定める。</Sentence>"
    article = '<Article Num="1"><ArticleTitle>第一条</ArticleTitle><Paragraph Num="1"><ParagraphNum/>'
    article += f"<ParagraphSentence>{sentence}</ParagraphSentence>{figure}</Paragraph></Article>"
    head = f"<LawNum>{NUMBERS[law_id]}</LawNum>"
    title = f"<LawTitle>見本法{law_id[-3:]}</LawTitle>"
    body = f"<LawBody>{title}<MainProvision>{article}</MainProvision></LawBody>"
    return f'<Law Era="Reiwa" Lang="ja" LawType="Act" Num="901" Year="05">{head}{body}</Law>'


def _infos(law_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    info = {"law_type": "Act", "law_id": law_id, "law_num": NUMBERS[law_id], "promulgation_date": "2025-03-01"}
    revision = {"law_revision_id": REVISIONS[law_id], "law_title": f"見本法{law_id[-3:]}", "repeal_date": None}
    return info, revision | {"current_revision_status": "CurrentEnforced", "mission": "New"}


def _laws(path: str, query: dict[str, str]) -> Answer | None:
    last = path.rsplit("/", 1)[-1]
    law_id = last.split("_")[0]
    if path == "/robots.txt":
        return 200, "text/html", b"<!doctype html><title>e-Gov</title><div id=app></div>"
    if path == "/api/2/laws":
        laws = []
        for name in (FIRST, SECOND):
            info, revision = _infos(name)
            laws.append({"law_info": info, "revision_info": revision, "current_revision_info": revision})
        return _json({"total_count": 2, "count": 2, "laws": laws})
    if path == "/api/2/keyword":
        return _json({"total_count": 0, "sentence_count": 0, "items": []})
    if path.startswith("/api/2/law_file/xml/"):
        return 200, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>{law_xml(law_id)}'.encode()
    if path.startswith("/api/2/attachment/"):
        return 200, "image/jpeg", b"\xff\xd8\xff\xe0 901"
    if path.startswith("/api/2/law_data/"):
        info, revision = _infos(law_id)
        if query.get("response_format") != "xml":
            text = base64.b64encode(law_xml(law_id).encode()).decode()
            return _json(
                {"attached_files_info": None, "law_info": info, "revision_info": revision} | {"law_full_text": text}
            )
        groups = {"law_info": info, "revision_info": revision}
        inner = "".join(f"<{name}>{_elements(group)}</{name}>" for name, group in groups.items())
        text = f"<law_data_response>{inner}<law_full_text>{law_xml(law_id)}</law_full_text></law_data_response>"
        return 200, "application/xml", text.encode()
    return None


def _elements(group: dict[str, Any]) -> str:
    return "".join(f"<{name}>{value or ''}</{name}>" for name, value in group.items())


def _courts(path: str, query: dict[str, str]) -> Answer | None:
    html = "text/html; charset=UTF-8"
    if path == "/hanrei/search1/index.html":
        offset = int(query["offset"])
        shown = list(CASES.items())[:2] if offset == 0 else list(CASES.items())[2:]
        rows = "".join(_row(case, kind, number) for case, (kind, number) in shown)
        count = f"<p>3件中 {1 + (0 if offset == 0 else 2)}～{2 if offset == 0 else 3}件を表示</p>"
        table = f'<table class="search-result-table"><tbody>{rows}</tbody></table>'
        return 200, html, f"<!doctype html><title>裁判例検索</title>{count}{table}{'　' * 3000}".encode()
    number = next((case for case in CASES if str(case) in path), 0)
    if "/detail" in path and number:
        kind, name = CASES[number]
        meta = (
            f'<meta name="composite_jiken_number" content="{name}"><meta name="judge_date" content="2026-03-0{kind}">'
        )
        link = f"./../../../assets/hanrei/hanrei-pdf-{number}.pdf"
        table = f'<dl><dt>事件名</dt><dd>見本請求事件</dd></dl><dl><dt>全文</dt><dd><a href="{link}">全文</a></dd></dl>'
        return 200, html, f'{meta}<meta name="jiken_name" content="見本請求事件"><!DOCTYPE html>{table}'.encode()
    if path.endswith(f"-{number}.pdf"):
        return 200, "application/pdf", b"%PDF-1.4\n" + f"{number} ".encode() * 500 + b"\n%%EOF\n"
    return None


def _row(case: int, kind: int, number: str) -> str:
    link = f'<a href="./../{case}/detail{kind}/index.html">区分</a>'
    return f"<tr><th>{link}</th><td><p>{number} 見本請求事件</p><p>令和8年3月{kind}日 見本地方裁判所</p></td></tr>"


def _edinet(path: str, query: dict[str, str]) -> Answer | None:
    if query.get("Subscription-Key") != KEY:
        return _json({"StatusCode": 401, "message": "Access denied due to invalid subscription key."})
    if path.endswith("/documents.json"):
        rows = [_filing("S1009901"), _filing("S1009902"), _filing("S1009903")] if query["date"] == "2026-10-01" else []
        metadata = {"status": "200", "message": "OK", "resultset": {"count": len(rows)}}
        return _json({"metadata": metadata, "results": rows})
    if "S1009903" in path:  # an error that comes with status 200
        return _json({"metadata": {"status": "404", "message": "Not Found"}})
    if query["type"] == "2":
        return 200, "application/pdf", b"%PDF-1.7 " + path.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(zipfile.ZipInfo("XBRL/PublicDoc/0000000_header.htm"), f"{path} {query['type']}")
    return 200, "application/octet-stream", buffer.getvalue()


def _filing(doc_id: str) -> dict[str, Any]:
    row = {"docID": doc_id, "filerName": "見本株式会社", "docDescription": "臨時報告書", "opeDateTime": None}
    row |= {"submitDateTime": "2026-10-01 09:00", "withdrawalStatus": "0", "disclosureStatus": "0", "legalStatus": "1"}
    kinds = {"S1009901": "110", "S1009902": "101", "S1009903": "010"}[doc_id]
    return row | dict(zip(("xbrlFlag", "pdfFlag", "csvFlag"), kinds, strict=True))
