"""国会会議録検索システム: lists of meetings and the record of one meeting, as JSON.

A list holds at most 100 meetings and names the next one; errors come as `{"message": …}`.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from kobunko.errors import Reject

PAGE = 100
_FACTS = ("session", "nameOfHouse", "nameOfMeeting", "issue", "imageKind", "closing", "meetingURL", "pdfURL")


@dataclass(frozen=True, slots=True)
class Meeting:
    issue_id: str
    title: str
    date: str
    url: str  # the page for people
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MeetingList:
    meetings: list[Meeting]
    next_start: int | None


def list_url(api: str, first: str, last: str, start: int = 1) -> str:
    query = {"from": first, "until": last, "startRecord": start, "maximumRecords": PAGE, "recordPacking": "json"}
    return f"{api}/meeting_list?{urlencode(query)}"


def meeting_url(api: str, issue_id: str) -> str:
    return f"{api}/meeting?issueID={quote(issue_id)}&recordPacking=json"


def issue_of(url: str) -> str:
    """issueID of a meeting's URL; empty for other URLs."""
    parts = urlsplit(url)
    return parse_qs(parts.query).get("issueID", [""])[0] if parts.path.endswith("/meeting") else ""


def parse_list(body: bytes) -> MeetingList:
    """One page of a list; raises `Reject` where fewer meetings came than were announced."""
    answer = _json(body)
    records = answer.get("meetingRecord", [])
    total, returned, start = (_number(answer, name) for name in ("numberOfRecords", "numberOfReturn", "startRecord"))
    following = answer.get("nextRecordPosition")
    if len(records) != returned or (following is None and total and start + returned - 1 != total):
        raise Reject("incomplete-list", f"{len(records)} from {start}, {returned} announced, {total} in all")
    return MeetingList([_meeting(record) for record in records], int(following) if following else None)


def parse_meeting(body: bytes, issue_id: str) -> Meeting:
    """The meeting that was asked for; raises `Reject` for another one, or for one without a word in it."""
    records = _json(body).get("meetingRecord", [])
    if len(records) != 1 or records[0].get("issueID") != issue_id:
        raise Reject("another-meeting", f"{[record.get('issueID') for record in records]} where {issue_id} was asked")
    if not any(str(speech.get("speech", "")).strip() for speech in records[0].get("speechRecord", [])):
        raise Reject("no-speech", issue_id)
    return _meeting(records[0])


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject("unexpected-format", body[:80].decode("utf-8", errors="replace")) from None
    if not isinstance(answer, dict) or "numberOfRecords" not in answer:
        message = answer.get("message", "") if isinstance(answer, dict) else ""
        raise Reject("api-error", str(message) or "no numberOfRecords")
    return answer


def _number(answer: dict[str, Any], name: str) -> int:
    return int(answer.get(name) or 0)


def _meeting(record: dict[str, Any]) -> Meeting:
    try:
        issue_id, date = record["issueID"], record["date"]
    except KeyError as error:
        raise Reject("unknown-layout", f"a meeting without {error}") from None
    facts = {name: record[name] for name in _FACTS if record.get(name) not in (None, "")}
    words = (record.get(name) or "" for name in ("nameOfHouse", "nameOfMeeting", "issue"))
    return Meeting(issue_id, " ".join(filter(None, words)), date, record.get("meetingURL") or "", facts)
