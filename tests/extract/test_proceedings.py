"""Meetings of the Diet: what was said, by whom, in order, and nothing of the API's own words in the text."""

import json
from xml.sax.saxutils import escape

import pytest

from kobunko.errors import Reject

MEETING = {
    "issueID": "129900000X00120260902",
    "session": 299,
    "nameOfHouse": "架空院",
    "nameOfMeeting": "潮汐委員会",
    "issue": "第1号",
    "date": "2026-09-02",
    "speechRecord": [
        {"speechID": "x_001", "speechOrder": 1, "speaker": "見本一郎", "speakerYomi": "みほんいちろう",
         "speech": "○見本委員長　これより会議を開きます。\r\n　潮位の件を議題とします。"},
        {"speechID": "x_000", "speechOrder": 0, "speaker": "会議録情報",
         "speech": "令和八年九月二日\n　　午前十時開会"},
        {"speechID": "x_002", "speechOrder": 2, "speaker": "", "speech": ""},
    ],
}  # fmt: skip
TEXT = """第299回国会 架空院 潮汐委員会 第1号

令和八年九月二日
　　午前十時開会

○見本委員長　これより会議を開きます。
　潮位の件を議題とします。"""


def as_json(*meetings):
    return json.dumps({"numberOfRecords": len(meetings), "meetingRecord": meetings}, ensure_ascii=False).encode()


def as_xml(*meetings):
    def element(name, value):
        if isinstance(value, list):
            return "".join(element(name, one) for one in value)
        inner = "".join(element(*item) for item in value.items()) if isinstance(value, dict) else escape(str(value))
        return f"<{name}>{inner}</{name}>"

    records = "".join(f"<record><recordData>{element('meetingRecord', one)}</recordData></record>" for one in meetings)
    return f"<data><numberOfRecords>1</numberOfRecords><records>{records}</records></data>".encode()


@pytest.mark.parametrize(("wrap", "kind"), [(as_json, "diet-json"), (as_xml, "diet-xml")])
def test_a_meeting_is_read_as_it_was_held(read, wrap, kind):
    found = read(wrap(MEETING, MEETING | {"issue": "第2号"}))
    assert found.format == kind
    assert found.title == "第299回国会 架空院 潮汐委員会 第1号"
    assert [page.text for page in found.pages] == [TEXT, TEXT.replace("第1号", "第2号")]
    first, second = json.loads(found.structure)["meetings"]
    assert (first["house"], first["date"], second["issue"], second["page"]) == ("架空院", "2026-09-02", "第2号", 2)
    opening, chair = first["speeches"]
    assert (opening["speaker"], chair["speaker"], chair["yomi"]) == ("会議録情報", "見本一郎", "みほんいちろう")
    assert found.pages[0].text[chair["start"] : chair["end"]].startswith("○見本委員長　これより")


def test_a_meeting_without_a_word_is_no_document(read):
    with pytest.raises(Reject, match="without a word"):
        read(as_json(MEETING | {"speechRecord": MEETING["speechRecord"][2:]}))
