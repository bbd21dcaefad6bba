import pytest

from kobunko.extract.judgment import judgment

SUPREME = """令和９年（受）第１２号　架空金請求事件
令和９年５月６日　第二小法廷判決

　　　　主　　　　文
　　本件上告を棄却する。
　　　　理　　　　由
　上告代理人架空太郎の上告受理申立て理由について
第１　事案の概要
　本件は、架空の金員の支払を求める事案である。
- 1 -

第２　当裁判所の判断
　所論は採用することができない。よって、裁判官全員一致の意見で、主文のとおり判決する。なお、裁判官甲山一郎の補足意見がある。
　裁判官甲山一郎の補足意見は、次のとおりである。
　私は、多数意見に賛成する。
(裁判長裁判官　乙川二郎　裁判官　甲山一郎　裁判官
丙野　三)
- 2 -"""

DISTRICT = """昭和六〇年一〇月一日判決言渡
昭和五九年（ワ）第三二号　損害賠償請求事件
　　　　　　判　　決
原告　Ａ
同訴訟代理人弁護士　架空花子
被告　株式会社架空
　　　主　　文
一　原告の請求を棄却する。
　　　事実及び理由
第一　請求
　被告は、原告に対し、金を支払え。
第二　争点
　過失の有無である。
第三　当裁判所の判断
　理由がない。よって、主文のとおり判決する。
　　架空地方裁判所東支部民事第二部
　　　　裁判長裁判官　　丁　田　四　郎
　　　　　　　裁判官　　戊　本　　　五
　裁判官己木六郎は、転補につき署名押印することができない。
　　　　裁判長裁判官　　丁　田　四　郎
別紙　物件目録
一　架空県の土地"""


def parts(text, found):
    return [(part["kind"], text[part["start"] : part["end"]].strip().split("\n")[0].strip()) for part in found]


def test_sections_cover_the_text_and_begin_at_their_titles():
    found = judgment(SUPREME, {})
    assert parts(SUPREME, found["sections"]) == [
        ("head", "令和９年（受）第１２号　架空金請求事件"),
        ("order", "主　　　　文"),
        ("reasons", "理　　　　由"),
        ("signatures", "(裁判長裁判官　乙川二郎　裁判官　甲山一郎　裁判官"),
    ]
    assert [part["kind"] for part in found["sections"][2]["sections"]] == ["outline", "judgment", "opinion"]
    assert "".join(SUPREME[part["start"] : part["end"]] for part in found["sections"]) == SUPREME
    assert found["case"] == {
        "case_number": "令和9(受)12",
        "case_name": "架空金請求事件",
        "date": "2027-05-06",
        "court": "最高裁判所第二小法廷",
        "form": "判決",
    }
    assert found["judges"] == [{"name": "乙川二郎", "presiding": True}, {"name": "甲山一郎"}, {"name": "丙野三"}]


def test_a_district_court_with_parties_absent_judge_and_attachment():
    found = judgment(DISTRICT, {})
    kinds = [part["kind"] for part in found["sections"]]
    assert kinds == ["head", "order", "facts-and-reasons", "signatures", "attachment"]
    assert [part["kind"] for part in found["sections"][2]["sections"]] == ["claims", "issues", "judgment"]
    assert found["parties"] == ["原告 Ａ", "同訴訟代理人弁護士 架空花子", "被告 株式会社架空"]
    assert [judge["name"] for judge in found["judges"]] == ["丁田四郎", "戊本五"]
    assert found["case"]["case_number"] == "昭和59(ワ)32"
    assert (found["case"]["court"], found["case"]["branch"]) == ("架空地方裁判所", "東支部")
    assert found["case"]["division"] == "民事第二部"


def test_the_detail_page_knows_best():
    fields = {
        "事件番号": "令和9(受)12",
        "裁判年月日": "令和9年5月6日",
        "原審裁判所名": "架空高等裁判所",
        "結果": "棄却",
    }
    meta = {"jiken_name": "架空金請求事件", "report_1": "民集 99巻1号1頁", "judge_date": "2027-05-06 00:00:00"}
    case = judgment(DISTRICT, {"fields": fields, "meta": meta})["case"]
    assert (case["case_number"], case["date"], case["case_name"]) == ("令和9(受)12", "2027-05-06", "架空金請求事件")
    assert (case["lower_court"], case["result"], case["reporter"]) == ("架空高等裁判所", "棄却", "民集 99巻1号1頁")


@pytest.mark.parametrize("text", ["主文\n長い公文書の例。", "この冊子の理由\nと事実", "第一条　主文とは何か。"])
def test_other_documents_are_no_judgments(text):
    assert judgment(text, {}) == {}
