"""Filings of EDINET: the package of a filing (type=1, inline XBRL) and its facts as CSV (type=5).

Both give the same record: who filed what (`filing`), `facts`, `text_blocks` with their place in the text, tables.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.archive import Archive
from kobunko.extract.charset import decode
from kobunko.extract.controls import clean
from kobunko.extract.facts import Fact, csv_fact
from kobunko.extract.html_text import Element, data_tables, placed_lines
from kobunko.extract.inline_xbrl import Contexts, facts, is_text_block, parse_inline
from kobunko.extract.reading import Reading, text_page
from kobunko.records import Page

_COLUMNS = ("要素ID", "項目名", "コンテキストID", "相対年度", "連結・個別", "期間・時点", "ユニットID", "単位", "値")
_LABEL_END = re.compile(r"\s*\[テキストブロック\]$")
_LONGEST_DEI = 200
_CSV_FOLDER, _AUDIT = "XBRL_TO_CSV/", ("AuditDoc", "jpaud")


def is_package(archive: Archive) -> bool:
    return bool(_inline_documents(archive))


def is_csv_package(archive: Archive) -> bool:
    return any(_CSV_FOLDER in name for name in archive.names(".csv"))


def read_package(archive: Archive) -> Reading:
    """One page for each inline XBRL file: the filing itself in order of name, then the auditors' reports."""
    trees: dict[str, Element] = {}
    contexts = {False: Contexts(), True: Contexts()}  # a report of the auditors has contexts of its own
    for name in _inline_documents(archive):
        if (body := archive.read(name)) is None:
            continue
        if (root := parse_inline(clean(decode(body).text)[0])) is None:
            archive.unreadable.append(f"{name}: no HTML")
            continue
        trees[name] = root
        contexts[_is_audit(name)].add(root)
    pages: list[Page] = []
    found: list[Fact] = []
    blocks: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    for number, (name, root) in enumerate(trees.items(), 1):
        lines, places = placed_lines(root, is_text_block)
        pages.append(text_page(number, "\n".join(lines), "markup"))
        found += facts(root, contexts[_is_audit(name)])
        blocks += [_block(number, element, place) for element, place in places]
        tables += [{"page": number, "box": None, "cells": cells} for cells in data_tables(root)]
    return _reading("edinet-zip", list(trees), pages, found, {"text_blocks": blocks, "tables": tables}, archive)


def read_csv_package(archive: Archive) -> Reading:
    """One page for each CSV: text blocks under their name as a heading, other words one a line; figures are facts."""
    names = sorted(archive.names(".csv"), key=lambda name: (_is_audit(name), name))
    read: list[str] = []
    pages: list[Page] = []
    found: list[Fact] = []
    blocks: list[dict[str, Any]] = []
    for name in names:
        if (body := archive.read(name)) is None:
            continue
        read.append(name)
        text = ""
        for fact in _csv_facts(clean(decode(body).text)[0]):
            if fact.element.endswith("TextBlock"):
                text += ("\n" if text else "") + f"## {_LABEL_END.sub('', fact.name or '')}\n"
                start, text = len(text), f"{text}{fact.value}\n"
                place = {"page": len(read), "start": start, "end": len(text) - 1}
                blocks.append({"element": fact.element, "context": fact.context, "name": fact.name} | place)
            else:
                found.append(fact)
                text += f"{fact.name or fact.element}: {fact.value}\n" if _is_said(fact) else ""
        pages.append(text_page(len(read), text, "markup"))
    return _reading("edinet-csv", read, pages, found, {"text_blocks": blocks}, archive)


def _reading(
    kind: str, files: list[str], pages: list[Page], found: list[Fact], more: dict[str, Any], archive: Archive
) -> Reading:
    if not pages:
        raise Reject("no-text", "no file of the filing could be read")
    filing = _filing(found)
    title = " ".join(filing[key] for key in ("FilerNameInJapaneseDEI", "DocumentTitleCoverPage") if filing.get(key))
    audits = [number for number, name in enumerate(files, 1) if _is_audit(name)]
    structure = {"kind": "filing", "filing": filing, "audit_pages": audits, "facts": [fact.to_json() for fact in found]}
    metadata = {"files": files, "facts": filing, "unreadable": archive.unreadable}
    return Reading(kind, pages, title, metadata, structure | more)


def _inline_documents(archive: Archive) -> list[str]:
    found = [name for name in archive.names("_ixbrl.htm", "_ixbrl.html") if "XBRL/" in f"/{name}"]
    return sorted(found, key=lambda name: (_is_audit(name), name))


def _is_audit(name: str) -> bool:
    return any(mark in name for mark in _AUDIT)


def _filing(found: Iterable[Fact]) -> dict[str, str]:
    """The filing's own data (jpdei: filer, codes, period; title on the cover), by local name."""
    filing: dict[str, str] = {}
    for fact in found:
        prefix, _, name = fact.element.partition(":")
        if (prefix == "jpdei_cor" or name == "DocumentTitleCoverPage") and 0 < len(fact.value or "") <= _LONGEST_DEI:
            filing.setdefault(name, fact.value or "")
    return filing


def _block(page: int, element: Element, place: tuple[int, int]) -> dict[str, Any]:
    context = element.get("contextRef") or element.get("contextref") or ""
    return {"element": element.get("name", ""), "context": context, "page": page, "start": place[0], "end": place[1]}


def _csv_facts(text: str) -> list[Fact]:
    limit = csv.field_size_limit(1 << 30)  # text blocks are longer than the module's default allows
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        if missing := set(_COLUMNS) - set(reader.fieldnames or ()):
            raise Reject("unknown-layout", f"EDINET CSV without the columns {sorted(missing)}")
        return [csv_fact({key: row[key] or "" for key in _COLUMNS}) for row in reader]
    finally:
        csv.field_size_limit(limit)


def _is_said(fact: Fact) -> bool:
    """Whether a fact of a CSV is words of the filing; figures, and what EDINET notes of the filing, are facts alone."""
    return bool(fact.value and not fact.numeric and not fact.element.startswith("jpdei_cor:"))
