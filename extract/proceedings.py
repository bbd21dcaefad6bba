"""Meetings of the Diet with their speeches, as the API of its search system answers in JSON or XML."""

from collections.abc import Mapping, Sequence
from typing import Any

from kobunko.errors import Reject
from kobunko.extract.law_text import Element
from kobunko.extract.reading import Reading, text_page

Record = Mapping[str, Any]

_MEETING = {
    "issueID": "issue_id",
    "session": "session",
    "nameOfHouse": "house",
    "nameOfMeeting": "meeting",
    "issue": "issue",
    "date": "date",
    "imageKind": "kind_of_record",
    "meetingURL": "url",
    "pdfURL": "pdf_url",
}
_SPEECH = {
    "speechID": "speech_id",
    "speechOrder": "order",
    "speaker": "speaker",
    "speakerYomi": "yomi",
    "speakerGroup": "group",
    "speakerPosition": "position",
    "speakerRole": "role",
    "startPage": "page_of_record",
    "speechURL": "url",
}


def meetings_in_json(data: Any) -> list[Record]:
    """The meetings of an answer with their speeches; none where `data` is something else."""
    records = data.get("meetingRecord") if isinstance(data, dict) else None
    return [one for one in records if "speechRecord" in one] if isinstance(records, list) else []


def meetings_in_xml(root: Element) -> list[Record]:
    found: list[Record] = []
    for meeting in root.iter("meetingRecord"):
        speeches = [{part.tag: part.text or "" for part in speech} for speech in meeting.iterfind("speechRecord")]
        if speeches:
            found.append({part.tag: part.text or "" for part in meeting} | {"speechRecord": speeches})
    return found


def read_meetings(meetings: Sequence[Record], format_: str) -> Reading:
    """A page for each meeting: its name, then the speeches in their order as they were taken down.

    `structure.meetings[].speeches[]` has the place of each speech on its page, and who spoke. Raises `no-text` where
    nobody says a word.
    """
    read = [_meeting(meeting, number) for number, meeting in enumerate(meetings, 1)]
    if not any(facts["speeches"] for _, facts in read):
        raise Reject("no-text", "a meeting without a word in it")
    pages = [text_page(number, text, "markup") for number, (text, _) in enumerate(read, 1)]
    structure = {"kind": "proceedings", "meetings": [facts for _, facts in read]}
    return Reading(format_, pages, _name(meetings[0]), {"meetings": len(meetings)}, structure)


def _meeting(meeting: Record, page: int) -> tuple[str, dict[str, Any]]:
    text = _name(meeting)
    speeches = []
    for speech in sorted(meeting["speechRecord"], key=lambda speech: int(speech.get("speechOrder") or 0)):
        words = "\n".join(str(speech.get("speech") or "").splitlines()).strip("\n")
        if words.strip():
            start = len(text) + 2
            text += f"\n\n{words}"
            speeches.append(_facts(speech, _SPEECH) | {"start": start, "end": len(text)})
    return text, {"page": page} | _facts(meeting, _MEETING) | {"speeches": speeches}


def _name(meeting: Record) -> str:
    """第212回国会 衆議院 文部科学委員会 第2号"""
    session = f"第{meeting['session']}回国会" if meeting.get("session") else ""
    words = (session, *(str(meeting.get(name) or "") for name in ("nameOfHouse", "nameOfMeeting", "issue")))
    return " ".join(filter(None, words))


def _facts(record: Record, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: record[key] for key, name in names.items() if record.get(key) not in (None, "")}
