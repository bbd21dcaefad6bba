"""filings.demo.example: version 2 of the API of the filings (EDINET): lists by day, packages, PDFs and CSV.

Errors come as HTTP 200 with a JSON body, as they do at the real API. The key is not looked at.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from string import Template
from typing import Any
from xml.sax.saxutils import escape

from kobunko.demo import pdf
from kobunko.demo.archive import zipped
from kobunko.demo.web import NOT_FOUND, PDF, ZIP, Answer, Host, Query, json_answer, text

Filing = dict[str, Any]

LIST_TITLE = "提出された書類を把握するためのAPI"
DOCUMENT_TITLE = "提出された書類を取得するためのAPI"
LISTED = [
    "docID",
    "edinetCode",
    "secCode",
    "JCN",
    "filerName",
    "fundCode",
    "ordinanceCode",
    "formCode",
    "docTypeCode",
    "periodStart",
    "periodEnd",
    "submitDateTime",
    "docDescription",
    "issuerEdinetCode",
    "subjectEdinetCode",
    "subsidiaryEdinetCode",
    "currentReportReason",
    "parentDocID",
    "opeDateTime",
]
FLAGS = {
    "withdrawalStatus": "0",
    "docInfoEditStatus": "0",
    "disclosureStatus": "0",
    "xbrlFlag": "1",
    "pdfFlag": "1",
    "attachDocFlag": "0",
    "englishDocFlag": "0",
}
CSV_COLUMNS = ["要素ID", "項目名", "コンテキストID", "相対年度", "連結・個別", "期間・時点", "ユニットID", "単位", "値"]
MILLION = 1_000_000


@dataclass(frozen=True)
class Section:
    """A chapter of a filing: its heading, the XBRL element of its text block with its label, and its paragraphs."""

    heading: str
    element: str
    label: str
    paragraphs: list[str]


def host() -> Host:
    filings: list[Filing] = tomllib.loads(text("filings/filings.toml"))["filing"]
    documents = {(filing["docID"], kind): body for filing in filings for kind, body in _documents(filing)}

    def answer(path: str, query: Query) -> Answer:
        if path == "/api/v2/documents.json":
            return _list(filings, query)
        if found := re.fullmatch(r"/api/v2/documents/(\w+)", path):
            return documents.get((found[1], query.get("type", "")), _error(DOCUMENT_TITLE, "404", "Not Found"))
        return NOT_FOUND

    return answer


def _error(title: str, status: str, message: str) -> Answer:
    return json_answer({"metadata": {"title": title, "status": status, "message": message}})


def _list(filings: list[Filing], query: Query) -> Answer:
    try:
        day = date.fromisoformat(query.get("date", ""))
    except ValueError:
        return _error(LIST_TITLE, "400", "Bad Request")
    kind = query.get("type", "1")
    found = [filing for filing in filings if filing["date"] == day]
    metadata = {
        "title": LIST_TITLE,
        "parameter": {"date": day.isoformat(), "type": kind},
        "resultset": {"count": len(found)},
        "processDateTime": f"{day} 23:59",
        "status": "200",
        "message": "OK",
    }
    if kind != "2":
        return json_answer({"metadata": metadata})
    rows = [
        {"seqNumber": number}
        | {field: filing.get(field) for field in LISTED}
        | FLAGS
        | {"csvFlag": filing["csvFlag"], "legalStatus": "1"}
        for number, filing in enumerate(found, 1)
    ]
    return json_answer({"metadata": metadata, "results": rows})


def _documents(filing: Filing) -> Iterator[tuple[str, Answer]]:
    """The filing's files by the API's `type`: 1 package, 2 PDF, 5 CSV."""
    sections = list(_sections(text(f"filings/{filing['docID']}.txt")))
    name = (
        f"{filing['form']}-001_{filing['edinetCode']}-000_{filing.get('periodEnd', filing['date'])}_01_{filing['date']}"
    )
    yield "1", Answer(_package(filing, name, sections), ZIP, stored=True)
    yield "2", Answer(pdf.horizontal(_printed(filing, sections), filing["docDescription"]), PDF, stored=True)
    if filing["csvFlag"] == "1":
        yield "5", Answer(zipped({f"XBRL_TO_CSV/{name}.csv": _csv(filing, sections)}), ZIP, stored=True)


def _sections(source: str) -> Iterator[Section]:
    for chapter in source.removeprefix("## ").split("\n## "):
        head, *paragraphs = chapter.strip("\n").split("\n")
        heading, element, label = head.split(" ", 2)
        yield Section(heading, element, label, paragraphs)


def _package(filing: Filing, name: str, sections: list[Section]) -> bytes:
    """Inline XBRL, one file for the cover and one a chapter, as `XBRL/PublicDoc` of the real package."""
    bodies = {f"0000000_header_{name}_ixbrl.htm": Template(text("filings/header.html")).substitute(filing)}
    for number, section in enumerate(sections, 1):
        bodies[f"010{number}010_honbun_{name}_ixbrl.htm"] = _chapter(filing, section)
    page = Template(text("filings/ixbrl.html"))
    listed = "\n".join(f"<ixbrl>{member}</ixbrl>" for member in bodies)
    manifest = Template(text("filings/manifest.xml")).substitute(name=name, members=listed)
    pages = {member: page.substitute(title=filing["title"], body=body) for member, body in bodies.items()}
    members = pages | {"manifest_PublicDoc.xml": manifest}
    return zipped({f"XBRL/PublicDoc/{member}": body.encode() for member, body in members.items()})


def _chapter(filing: Filing, section: Section) -> str:
    lines = []
    for paragraph in section.paragraphs:
        if paragraph == "@facts":
            lines.append(_facts(filing))
        else:
            tag = "h3" if "【" in paragraph else "p"
            lines.append(f"<{tag}>{escape(paragraph)}</{tag}>")
    block = f'<ix:nonNumeric name="{section.element}" contextRef="FilingDateInstant" escape="true">'
    return f"<h2>{section.heading}</h2>\n{block}\n" + "\n".join(lines) + "\n</ix:nonNumeric>"


def _facts(filing: Filing) -> str:
    number = '<ix:nonFraction name="{}" contextRef="{}" unitRef="JPY" decimals="-6" scale="6">{:,}</ix:nonFraction>'
    rows = [
        f"<tr><td><p>{fact['label'].removesuffix('、経営指標等')}（百万円）</p></td>"
        + "".join(
            f"<td><p>{number.format(fact['element'], context, fact[year])}</p></td>"
            for year, context in (("prior", "Prior1YearDuration"), ("current", "CurrentYearDuration"))
        )
        + "</tr>"
        for fact in filing["fact"]
    ]
    return "<table>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"


def _printed(filing: Filing, sections: list[Section]) -> str:
    cover = ["# " + filing["title"], "", "【根拠条文】　" + filing["clause"], "【会社名】　" + filing["filerName"], ""]
    facts = [f"|{_short(fact['label'])}|{fact['prior']:,}|{fact['current']:,}|" for fact in filing["fact"]]
    rows = ["|区分（百万円）|前事業年度|当事業年度|", *facts] if facts else []
    for section in sections:
        cover += ["", section.heading]
        for paragraph in section.paragraphs:
            cover += rows if paragraph == "@facts" else [paragraph]
    return "\n".join(cover)


def _short(label: str) -> str:
    """What a table of the printed filing calls an element: `経常利益又は経常損失（△）、経営指標等` → `経常利益`."""
    return label.partition("、")[0].partition("又は")[0]


def _csv(filing: Filing, sections: list[Section]) -> bytes:
    """UTF-16LE with BOM, tabs, CRLF, everything quoted: what the API calls CSV."""
    years = (("prior", "Prior1YearDuration", "前期"), ("current", "CurrentYearDuration", "当期"))
    rows = [CSV_COLUMNS]
    for fact in filing["fact"]:
        for year, context, relative in years:
            value = str(fact[year] * MILLION)
            rows.append([fact["element"], fact["label"], context, relative, "個別", "期間", "JPY", "円", value])
    for section in sections:
        body = "".join(paragraph for paragraph in section.paragraphs if paragraph != "@facts")
        label = f"{section.label} [テキストブロック]"
        rows.append([section.element, label, "FilingDateInstant", "提出日時点", "その他", "時点", "－", "－", body])
    table = io.StringIO()
    csv.writer(table, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return b"\xff\xfe" + table.getvalue().encode("utf-16-le")
