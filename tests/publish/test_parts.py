"""What of a structure goes out although not everything may: figures of filings, judgments without their abstracts."""

import json

from kobunko.publish.abstracts import without_abstracts
from kobunko.publish.figures import figures, holds_figures_alone

SALES = {"element": "jppfs_cor:NetSales", "context": "CurrentYearDuration", "value": "-12.5", "unit": "JPY"}
SEGMENT = SALES | {"context": "CurrentYearDuration_jpcrp030000-asr_E00001-000HarbourReportableSegmentsMember"}
OFFICER = "FilingDateInstant_jpcrp030000-asr_E00001-000YamanobeNamioMember"
LEFT_OUT = [
    SALES | {"value": None},
    SALES | {"value": "当社は港に立つ。"},
    SALES | {"unit": None},
    SALES
    | {"element": "jpcrp_cor:NumberOfSharesHeldInformationAboutDirectorsAndCorporateAuditors", "context": OFFICER},
    SALES | {"element": "jpcrp_cor:TotalAmountOfRemunerationEtc", "context": OFFICER},
]


def test_only_figures_of_nobody_in_particular_are_left_of_a_filing() -> None:
    named = {"name": "売上高"}
    filing = {"kind": "filing", "filing": {"EDINETCodeDEI": "E00001"}, "text_blocks": [{"start": 0}], "tables": [[]]}
    given = filing | {"facts": [SALES | named, SEGMENT | named, *LEFT_OUT]}
    found = figures(json.dumps(given, ensure_ascii=False))
    assert found is not None
    assert json.loads(found) == {"kind": "filing", "filing": filing["filing"], "facts": [SALES, SEGMENT]}
    assert holds_figures_alone(found)
    assert not holds_figures_alone(json.dumps(given))
    for other in (None, "{}", '{"kind": "law"}', json.dumps(filing | {"facts": LEFT_OUT})):
        assert figures(other) is None


def test_abstracts_of_a_judgment_stay_in() -> None:
    structure = {"kind": "judgment", "court": "潮見裁判所", "holding": "一　堤防の管理", "summary": "要旨である。"}
    assert json.loads(str(without_abstracts(json.dumps(structure)))) == {"kind": "judgment", "court": "潮見裁判所"}
    detail = {"title": "事件", "fields": {"事件番号": "一", "判示事項": "甲", "裁判要旨": "乙"}}
    detail |= {"meta": {"court_name": "潮見裁判所", "note_1": "甲", "point": "乙"}}
    left = json.loads(str(without_abstracts(json.dumps({"detail": detail, "encoding": "utf-8"}, ensure_ascii=False))))
    assert left["detail"] == {"title": "事件", "fields": {"事件番号": "一"}, "meta": {"court_name": "潮見裁判所"}}
    for other in (None, "{}", '{"kind": "page", "summary": "案内"}'):
        assert without_abstracts(other) == other
