"""Filings of EDINET: the package of a filing (type=1, inline XBRL) and its facts as CSV (type=5)."""

import csv
import io
import re
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.archive import Archive
from kobunko.extract.charset import decode
from kobunko.extract.html_text import Element, inner_text, lines, parse
from kobunko.extract.reading import Reading, text_page
from kobunko.records import Page

_FACT = ("要素ID", "項目名", "コンテキストID", "相対年度", "連結・個別", "期間・時点", "ユニットID", "単位", "値")
_TEXT_BLOCK = re.compile(r"\s*\[テキストブロック\]$")
_NOTHING = {"", "－", "-", "その他"}
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LONGEST_DEI = 200


def is_package(archive: Archive) -> bool:
    return bool(_inline_documents(archive))


def is_csv_package(archive: Archive) -> bool:
    return any("XBRL_TO_CSV/" in name for name in archive.names(".csv"))


def read_package(archive: Archive) -> Reading:
    """One page for each inline XBRL file: the filing itself in order of name, then the auditor's report."""
    pages: list[Page] = []
    files: list[str] = []
    facts: dict[str, str] = {}
    for name in _inline_documents(archive):
        body = archive.read(name)
        if body is None:
            continue
        root = parse(_XML_DECLARATION.sub("", decode(body).text))
        if root is None:
            archive.unreadable.append(f"{name}: no HTML")
            continue
        facts |= {key: value for key, value in _document_facts(root).items() if key not in facts}
        files.append(name)
        pages.append(text_page(len(files), "\n".join(lines(root)), "markup"))
    if not pages:
        raise Reject("no-text", "no inline XBRL file could be read")
    title = " ".join(facts[key] for key in ("FilerNameInJapaneseDEI", "DocumentTitleCoverPage") if facts.get(key))
    metadata: dict[str, Any] = {"files": files, "facts": facts, "unreadable": archive.unreadable}
    return Reading("edinet-zip", pages, title, metadata)


def read_csv_package(archive: Archive) -> Reading:
    """One page for each CSV: text blocks under their name as a heading, other facts one a line."""
    names = sorted(archive.names(".csv"), key=lambda name: ("jpaud" in name, name))
    pages: list[Page] = []
    files: list[str] = []
    facts: dict[str, str] = {}
    for name in names:
        body = archive.read(name)
        if body is None:
            continue
        rows = _fact_rows(decode(body).text)
        facts |= {key: value for key, value in _csv_document_facts(rows).items() if key not in facts}
        files.append(name)
        pages.append(text_page(len(files), "\n".join(_fact_text(row) for row in rows), "markup"))
    if not pages:
        raise Reject("no-text", "no CSV file could be read")
    title = " ".join(facts[key] for key in ("FilerNameInJapaneseDEI", "DocumentTitleCoverPage") if facts.get(key))
    metadata: dict[str, Any] = {"files": files, "facts": facts, "unreadable": archive.unreadable}
    return Reading("edinet-csv", pages, title, metadata)


def _inline_documents(archive: Archive) -> list[str]:
    found = [name for name in archive.names("_ixbrl.htm", "_ixbrl.html") if "XBRL/" in f"/{name}"]
    return sorted(found, key=lambda name: ("AuditDoc" in name, name))


def _document_facts(root: Element) -> dict[str, str]:
    """The filing's own data (jpdei: filer, codes, period; title on the cover), by local name."""
    found: dict[str, str] = {}
    for element in root.iter("ix:nonnumeric", "ix:nonfraction"):
        prefix, _, name = element.get("name", "").partition(":")
        text = " ".join(inner_text(element).split())
        if (prefix == "jpdei_cor" or name == "DocumentTitleCoverPage") and text and len(text) <= _LONGEST_DEI:
            found.setdefault(name, text)
    return found


def _fact_rows(text: str) -> list[dict[str, str]]:
    limit = csv.field_size_limit(1 << 30)  # text blocks are longer than the module's default allows
    try:
        reader = csv.DictReader(io.StringIO(text.replace("\0", "")), delimiter="\t")
        if missing := set(_FACT) - set(reader.fieldnames or ()):
            raise Reject("unknown-layout", f"EDINET CSV without the columns {sorted(missing)}")
        return [{key: row[key] or "" for key in _FACT} for row in reader]
    finally:
        csv.field_size_limit(limit)


def _csv_document_facts(rows: list[dict[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        prefix, _, name = row["要素ID"].partition(":")
        if (prefix == "jpdei_cor" or name == "DocumentTitleCoverPage") and 0 < len(row["値"]) <= _LONGEST_DEI:
            found.setdefault(name, row["値"])
    return found


def _fact_text(row: dict[str, str]) -> str:
    name, value = row["項目名"], row["値"]
    if row["要素ID"].endswith("TextBlock"):
        return f"\n## {_TEXT_BLOCK.sub('', name)}\n{value}"
    context = "・".join(row[key] for key in ("相対年度", "連結・個別") if row[key] not in _NOTHING)
    unit = f" {row['単位']}" if row["単位"] not in _NOTHING else ""
    return f"{name}{f'（{context}）' if context else ''}: {value}{unit}"
