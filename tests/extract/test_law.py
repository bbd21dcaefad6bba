import json
from collections import Counter

import pytest
from lxml import etree

from kobunko.errors import Reject
from kobunko.extract.law_lines import articles
from kobunko.extract.law_xml import parse
from kobunko.extract.records import ExtractInput
from kobunko.extract.stage import extract_stage
from kobunko.records import Blob

LAW = """<Law Era="Reiwa" Year="9" Num="3" LawType="Act" Lang="ja" PromulgateMonth="04" PromulgateDay="01">
<LawNum>令和九年法律第三号</LawNum><LawBody><LawTitle Kana="かくうほう">架空図書保存法</LawTitle>
<TOC><TOCLabel>目次</TOCLabel><TOCChapter Num="1"><ChapterTitle>第一章　総則</ChapterTitle>
<ArticleRange>（第一条・第二条）</ArticleRange></TOCChapter>
<TOCSupplProvision><SupplProvisionLabel>附則</SupplProvisionLabel></TOCSupplProvision></TOC>
<MainProvision><Chapter Num="1"><ChapterTitle>第一章　総則</ChapterTitle>
<Article Num="1"><ArticleCaption>（目的）</ArticleCaption><ArticleTitle>第一条</ArticleTitle>
<Paragraph Num="1"><ParagraphNum/><ParagraphSentence>
<Sentence>この法律は、<Ruby>図書<Rt>としよ</Rt></Ruby>を守る。</Sentence>
<Sentence Function="proviso">ただし、紙のものに限る。</Sentence></ParagraphSentence>
<Item Num="1"><ItemTitle>一</ItemTitle><ItemSentence><Column><Sentence>甲</Sentence></Column>
<Column><Sentence>乙<Sup>２</Sup></Sentence></Column></ItemSentence>
<Subitem1 Num="1"><Subitem1Title>イ</Subitem1Title>
<Subitem1Sentence><Sentence>丙</Sentence></Subitem1Sentence></Subitem1>
</Item></Paragraph>
<Paragraph Num="2"><ParagraphNum>２</ParagraphNum><ParagraphSentence><Sentence>図は、別表による。
<QuoteStruct><Fig src="./pict/a.jpg"/></QuoteStruct></Sentence></ParagraphSentence></Paragraph></Article>
</Chapter></MainProvision>
<SupplProvision AmendLawNum="令和一〇年五月一日法律第九号" Extract="true">
<SupplProvisionLabel>附　則</SupplProvisionLabel>
<Paragraph Num="1"><ParagraphNum>１</ParagraphNum><ParagraphSentence><Sentence>公布の日から施行する。</Sentence>
</ParagraphSentence></Paragraph></SupplProvision>
<AppdxTable><AppdxTableTitle>別表第一</AppdxTableTitle><RelatedArticleNum>（第一条関係）</RelatedArticleNum>
<TableStruct><Table><TableRow><TableColumn rowspan="2"><Sentence>種類</Sentence></TableColumn>
<TableColumn><Sentence>一等</Sentence></TableColumn></TableRow>
<TableRow><TableColumn><Sentence>二等</Sentence></TableColumn></TableRow></Table>
<Remarks><RemarksLabel>備考</RemarksLabel><Sentence>等級は省令で定める。</Sentence></Remarks></TableStruct></AppdxTable>
<AppdxStyle><AppdxStyleTitle>別記様式</AppdxStyleTitle>
<StyleStruct><Style><Fig src="./pict/b.pdf"/></Style></StyleStruct></AppdxStyle></LawBody></Law>"""

EXPECTED = """架空図書保存法
（令和九年法律第三号）
目次
第一章　総則（第一条・第二条）
附則
第一章　総則
（目的）
第一条　この法律は、図書（としよ）を守る。ただし、紙のものに限る。
一　甲　乙２
イ　丙
２　図は、別表による。［図：./pict/a.jpg］
附　則　（令和一〇年五月一日法律第九号）　抄
１　公布の日から施行する。
別表第一（第一条関係）
| 種類 | 一等 |
| --- | --- |
|  | 二等 |
備考　等級は省令で定める。
別記様式
［図：./pict/b.pdf］"""


def tree(element):
    children = [element.text] if (element.text or "").strip() else []
    for child in element:
        children.append(tree(child))
        children += [child.tail] if (child.tail or "").strip() else []
    return {"tag": element.tag, "attr": dict(element.attrib), "children": children}


def solid(text):
    return Counter("".join(text.split()))


@pytest.mark.parametrize(
    "wrapper",
    [
        "{}",
        "<DataRoot><Result><Code>0</Code></Result><ApplData><LawId>509AC3</LawId><LawFullText>{}</LawFullText></ApplData></DataRoot>",
        "<law_data_response><law_info><law_id>509AC3</law_id></law_info><law_full_text>{}</law_full_text></law_data_response>",
    ],
)
def test_law_in_every_wrapper(read, wrapper):
    found = read(wrapper.format(LAW).encode())
    assert found.pages[0].text == EXPECTED
    assert (found.format, found.title, found.ocr_pages) == ("law-xml", "架空図書保存法", 0)
    metadata = json.loads(found.metadata)
    assert metadata["promulgation_date"] == "2027-04-01"
    assert metadata["law_num"] == "令和九年法律第三号"
    assert metadata["unknown_elements"] == []
    assert metadata.get("law_id", "509AC3") == "509AC3"


def test_json_tree_gives_the_same_text(read):
    body = json.dumps({"law_info": {"law_id": "509AC3"}, "law_full_text": tree(parse(LAW.encode()))}).encode()
    found = read(body)
    assert found.format == "law-json"
    assert found.pages[0].text == EXPECTED
    assert json.loads(found.metadata)["law_id"] == "509AC3"


def test_no_character_of_the_source_is_missing_even_in_unknown_places(read):
    odd = LAW.replace("<Sentence>丙</Sentence>", "浮<Sentence>丙</Sentence>遊<New>新<Inner>要</Inner>素</New>終")
    odd = odd.replace("<TableRow>", "表<TableRow>行", 1).replace("<Chapter Num", "章<Chapter Num")
    odd = odd.replace("</TOCChapter>", "</TOCChapter>次", 1).replace("<Column><Sentence>甲", "間<Column>前<Sentence>甲")
    found = read(odd.encode())
    source = "".join(etree.fromstring(odd.encode()).itertext())
    assert solid(source) - solid(found.pages[0].text) == Counter()
    assert json.loads(found.metadata)["unknown_elements"] == ["Inner", "New"]


def test_an_unknown_element_within_a_sentence_does_not_break_it(read):
    found = read(LAW.replace("公布の日から", "公布の<Mark>日</Mark>から").encode())
    assert "１　公布の日から施行する。" in found.pages[0].text.split("\n")
    assert json.loads(found.metadata)["unknown_elements"] == ["Mark"]
    assert found.published == "2027-04-01"


def test_provision_without_a_law_around_it(read):
    article = LAW[LAW.index("<Article Num") : LAW.index("</Chapter></MainProvision>")]
    body = (
        f"<DataRoot><Result><Code>0</Code></Result><ApplData><LawContents>{article}</LawContents></ApplData></DataRoot>"
    )
    found = read(body.encode())
    assert found.pages[0].text.startswith("（目的）\n第一条　この法律は")


def test_other_xml_is_its_text_in_document_order(read):
    found = read("<?xml version='1.0'?><data><a>一つ\n二つ</a><b x='no'>三つ</b></data>".encode())
    assert (found.format, found.pages[0].text) == ("xml", "一つ\n二つ\n三つ")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (LAW.replace("</LawBody>", ""), "malformed-xml"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "no-text"),
        (
            "<DataRoot><Result><Code>1</Code><Message>該当する法令がありません</Message></Result></DataRoot>",
            "error-document",
        ),
        ("<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "error-document"),
        ("<?xml version='1.0'?><a><b/></a>", "no-text"),
    ],
)
def test_xml_that_holds_nothing_for_us(read, body, code):
    with pytest.raises(Reject) as reject:
        read(body.encode())
    assert reject.value.code == code


def structure(found):
    return json.loads(found.structure)


def test_every_provision_has_a_path_and_its_place(read):
    found = read(LAW.encode())
    text, nodes = found.pages[0].text, {node["path"]: node for node in structure(found)["articles"]}
    assert list(nodes)[:4] == ["TOC", "MainProvision", "MainProvision/Chapter_1", "MainProvision/Article_1"]

    def of(path):
        return text[nodes[path]["start"] : nodes[path]["end"]]

    article = nodes["MainProvision/Article_1"]
    assert (article["title"], article["caption"]) == ("第一条", "（目的）")
    assert article["division"] == "MainProvision/Chapter_1"
    assert of("MainProvision/Article_1").startswith("（目的）\n第一条　この法律は")
    assert of("MainProvision/Article_1/Paragraph_1").startswith("この法律は、")
    assert of("MainProvision/Article_1/Paragraph_1/Item_1") == "一　甲　乙２\nイ　丙"
    assert of("MainProvision/Article_1/Paragraph_2") == "２　図は、別表による。［図：./pict/a.jpg］"
    assert of("SupplProvision_令和一〇年五月一日法律第九号/Paragraph_1") == "１　公布の日から施行する。"
    assert of("AppdxTable").startswith("別表第一（第一条関係）\n| 種類 | 一等 |")


def test_a_path_that_is_used_twice_stays_unique(read):
    article = LAW[LAW.index("<Article Num") : LAW.index("</Chapter></MainProvision>")]
    found = read(LAW.replace("</Chapter></MainProvision>", f"{article}</Chapter></MainProvision>").encode())
    paths = [node["path"] for node in structure(found)["articles"]]
    assert "MainProvision/Article_1~2" in paths
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        ("509AC0000000003_20280401_510AC0000000009.xml", {"enforcement": "decided", "enforcement_date": "2028-04-01"}),
        ("509AC0000000003_21171231_510AC0000000009.xml", {"enforcement": "undecided", "amended_by": "510AC0000000009"}),
        ("509AC0000000003_20270401_000000000000000.xml", {"revision_id": "509AC0000000003_20270401_000000000000000"}),
    ],
)
def test_revision_and_enforcement_from_the_name_of_the_file(read, url, facts):
    law = structure(read(LAW.encode(), url=url))["law"]
    assert facts.items() <= law.items()
    assert (law["law_id"], law["promulgation_date"]) == ("509AC0000000003", "2027-04-01")
    assert law["law_num_parts"] == {"era": "令和", "year": 9, "kind": "法律", "number": 3}
    assert ("amended_by" in law) == ("_000" not in url)


def test_a_repealed_law_says_so(read):
    info = {"law_id": "509AC0000000003", "promulgation_date": "2027-04-01"}
    revision = {"repeal_status": "Repeal", "repeal_date": "2030-01-01"}
    tree_ = tree(parse(LAW.encode()))
    body = json.dumps({"law_info": info, "revision_info": revision, "law_full_text": tree_}).encode()
    assert structure(read(body))["law"]["repeal"] == {"status": "Repeal", "date": "2030-01-01"}


def test_readings_can_be_left_out():
    text = extract_stage(ruby=False).make(ruby=False)(
        ExtractInput("s", "k", "", "", "", [Blob("law", "", "", "h", LAW.encode())])
    )
    assert "この法律は、図書を守る。" in text.pages[0].text


def test_the_printed_lines_give_the_tree_of_the_xml(read):
    found = read(LAW.encode())
    text = found.pages[0].text
    wanted = [
        (n["path"], n["start"]) for n in structure(found)["articles"] if n["path"].startswith("MainProvision/Art")
    ]
    again = [(n["path"], n["start"]) for n in articles(text) if n["path"].startswith("MainProvision/Art")]
    assert again == wanted


OLD_PAGE = """<HTML><HEAD><META http-equiv="Content-Type" content="text/html; charset=shift_jis"></HEAD><BODY>
<B>架空図書保存法<BR>（令和九年四月一日法律第三号）</B><BR>
<A HREF="#1">第一章　総則（第一条・第二条）</A><BR><P>　　　<B><A NAME="1">第一章　総則</A></B>
<P><DIV class="arttitle">（目的）</DIV><DIV class="item"><B>第一条</B>
　この法律は、図書を守る。</DIV><DIV class="item"><B>２</B>
　図は、別表による。</DIV><DIV class="number"><B>一</B>
　甲</DIV><P><DIV class="item"><B>第二条</B>
　削除</DIV><P>　　　<B>附　則　（令和一〇年五月一日法律第九号）</B><DIV class="item"><B>１</B>
　公布の日から施行する。</DIV></BODY></HTML>"""


def test_old_pages_of_a_law_have_the_same_paths(read):
    found = structure(read(OLD_PAGE.encode("cp932")))
    assert found["kind"] == "law"
    assert found["law"]["law_num"] == "令和九年法律第三号"
    assert found["law"]["promulgation_date"] == "2027-04-01"
    assert [node["path"] for node in found["articles"]] == [
        "MainProvision/Chapter_1",
        "MainProvision/Article_1",
        "MainProvision/Article_1/Paragraph_1",
        "MainProvision/Article_1/Paragraph_2",
        "MainProvision/Article_1/Paragraph_2/Item_1",
        "MainProvision/Article_2",
        "MainProvision/Article_2/Paragraph_1",
        "SupplProvision_令和一〇年五月一日法律第九号",
        "SupplProvision_令和一〇年五月一日法律第九号/Paragraph_1",
    ]


def test_an_ordinance_counts_in_arabic_figures(read):
    page = (
        "<h1>架空市図書条例</h1><p>（目的）</p><p>第1条　この条例は、図書を守る。</p><p>(1)　甲</p><p>第2条　雑則</p>"
    )
    paths = [node["path"] for node in structure(read(page.encode()))["articles"]]
    assert "MainProvision/Article_1/Paragraph_1/Item_1" in paths
    assert "MainProvision/Article_2" in paths
