"""EDINET API v2: day lists and files. Source: the API's specification of July 2024.

Errors come with HTTP 200: of a list in its own JSON, of a file as JSON where a ZIP or PDF was asked for.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kobunko.errors import Reject

ROLES = {"1": "filing", "2": "pdf", "5": "csv"}
_FLAGS = {"1": "xbrlFlag", "2": "pdfFlag", "5": "csvFlag"}
_DAY = re.compile(r"(?:^|&)date=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Filing:
    doc_id: str
    version: str  # when it was last touched: by the office, else by its submission
    title: str
    submitted: str  # ISO date
    kinds: list[str]  # the `type` values that have a file, of 1 (filing), 2 (PDF) and 5 (CSV)
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    doc_id: str
    reason: str  # withdrawn | undisclosed | expired | no-file


@dataclass(frozen=True, slots=True)
class Day:
    filings: list[Filing]
    left_out: list[LeftOut]  # rows that cannot be fetched


def day_url(base: str, day: str) -> str:
    return f"{base}/documents.json?date={day}&type=2"


def file_url(base: str, doc_id: str, kind: str) -> str:
    return f"{base}/documents/{doc_id}?type={kind}"


def day_of(url: str) -> str:
    """Day of a list URL; empty for other URLs."""
    parts = urlsplit(url)
    found = _DAY.search(parts.query) if parts.path.endswith("/documents.json") else None
    return found[1] if found else ""


def parse_day(body: bytes) -> Day:
    answer = _json(body)
    rows = answer.get("results")
    count = answer.get("metadata", {}).get("resultset", {}).get("count")
    if not isinstance(rows, list):
        raise Reject("edinet-error", "the list has no results: it was asked for without type=2")
    if count is not None and int(count) != len(rows):
        raise Reject("incomplete-list", f"{len(rows)} rows where {count} were announced")
    reasons = [(row, _left_out(row)) for row in rows]
    filings = [_filing(row) for row, reason in reasons if not reason]
    return Day(filings, [LeftOut(str(row.get("docID")), reason) for row, reason in reasons if reason])


def _json(body: bytes) -> dict[str, Any]:
    """The answer, or `Reject` with the status that it carries in one of its two shapes."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject("edinet-not-json", body[:80].decode("utf-8", errors="replace")) from None
    if not isinstance(answer, dict):
        raise Reject("edinet-not-json", "no JSON object")
    metadata = answer.get("metadata", {})
    status = str(answer.get("StatusCode") or metadata.get("status") or "?")
    if status != "200":
        raise Reject(f"edinet-{status}", str(answer.get("message") or metadata.get("message") or ""))
    return answer


def _left_out(row: dict[str, Any]) -> str:
    if row.get("withdrawalStatus", "0") == "2":  # 1 is the request to withdraw, which is a filing of its own
        return "withdrawn"
    if row.get("disclosureStatus", "0") in ("1", "2") or not row.get("submitDateTime"):
        return "undisclosed"
    if row.get("legalStatus") == "0":
        return "expired"
    return "" if _kinds(row) else "no-file"


def _kinds(row: dict[str, Any]) -> list[str]:
    return [kind for kind, flag in _FLAGS.items() if row.get(flag) == "1"]


def _filing(row: dict[str, Any]) -> Filing:
    facts = {name: value for name, value in row.items() if value not in (None, "") and name != "seqNumber"}
    if parent := facts.get("parentDocID"):
        facts["relation"] = {"kind": _relation(row), "doc_id": parent}
    version = str(row.get("opeDateTime") or row["submitDateTime"])
    title = str(row.get("docDescription") or row["docID"])
    return Filing(row["docID"], version, title, row["submitDateTime"][:10], _kinds(row), facts)


def _relation(row: dict[str, Any]) -> str:
    """What a filing is to the one that it names as its parent."""
    if row.get("withdrawalStatus") == "1":
        return "withdraws"
    return "corrects" if "訂正" in str(row.get("docDescription") or "") else "belongs-to"


def check_file(body: bytes, content_type: str, kind: str) -> None:
    """Raises `Reject` unless the answer is the file that was asked for; its Content-Type decides."""
    declared = content_type.split(";")[0].strip().lower()
    if declared == "application/json":
        _json(body)
        raise Reject("edinet-error", "JSON where a file was asked for")
    wanted = ("application/pdf",) if kind == "2" else ("application/octet-stream", "application/zip")
    if declared not in wanted:
        raise Reject("edinet-not-a-file", f"{declared or 'no Content-Type'} for type={kind}")
