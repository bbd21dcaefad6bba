import json

import pytest

from kobunko.errors import Reject
from kobunko.extract.charset import decode

BODY = "架空省は、次のとおり図書の保存に関する取扱いを定めたので、関係者は留意されたい。"
MENU = "<nav><ul><li><a href='/'>ホーム</a></li><li><a href='/law'>法令等</a></li></ul></nav>"
PAGE = f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">
<title>取扱いについて｜架空省</title>
<style>p {{ color: red }}</style></head><body>{MENU}
<div id="main"><h1>取扱いについて</h1><p>{BODY}</p>
<p>　第一に、<ruby>紙<rp>（</rp><rt>かみ</rt><rp>）</rp></ruby>の図書は、乾いた所に置くこと。</p>
<ul><li>湿度は五割までとする。</li></ul>
<table><tr><th>種類</th><th>年数</th></tr><tr><td>甲</td><td>十年</td></tr></table></div>
<footer><p>架空省 所在地 架空県架空市一丁目</p><a href='/'>ホーム</a></footer><script>alert(1)</script></body></html>"""


def test_main_content_with_its_structure(read):
    found = read(PAGE.encode("cp932"))
    assert found.pages[0].text.split("\n") == [
        "# 取扱いについて",
        BODY,
        "　第一に、紙（かみ）の図書は、乾いた所に置くこと。",
        "- 湿度は五割までとする。",
        "| 種類 | 年数 |",
        "| --- | --- |",
        "| 甲 | 十年 |",
    ]
    assert (found.title, found.pages[0].reason) == ("取扱いについて｜架空省", "main-content")
    assert json.loads(found.metadata)["encoding"] == "cp932"


def test_page_without_menus_is_kept_whole(read):
    articles = "".join(f"<p>第{n}条　この命令の第{n}条は、例として置く。</p>" for n in range(1, 60))
    found = read(
        f"<html><head><style>{'a' * 200_000}</style></head><body>{articles}<p>別表（略）</p></body></html>".encode()
    )
    assert found.pages[0].reason == "whole-body"
    assert len(found.pages[0].text.split("\n")) == 60


@pytest.mark.parametrize("encoding", ["utf_8", "utf_8_sig", "cp932", "euc_jp", "iso2022_jp", "utf_16"])
@pytest.mark.parametrize("declared", ["", "Shift_JIS", "euc-jp", "utf-8", "no-such-code"])
def test_charset_follows_the_bytes_not_the_declaration(encoding, declared):
    text = f"<meta charset='{declared}'>" + BODY * 3
    decoded = decode(text.encode(encoding))
    assert decoded.text.lstrip("\ufeff") == text
    assert decoded.replaced == 0


def test_windows_letters_survive_a_shift_jis_declaration():
    assert decode("charset=Shift_JIS ①㈱髙".encode("cp932")).text.endswith("①㈱髙")


def test_undecodable_bytes_are_counted():
    assert decode(BODY.encode() + b"\xff\xfe\xfd" + BODY.encode()).replaced == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf \n", "empty-file"),
        (b"<html><body><script>1</script></body></html>", "no-text"),
        (
            b"<html><head><title>Request Rejected</title></head><body>Your support ID is: 1</body></html>",
            "error-document",
        ),
        ("<html><title>404 Not Found</title><body>お探しのページはありません</body></html>".encode(), "error-document"),
        (b'{"metadata": {"status": "404", "message": "Not Found"}}', "error-document"),
        (b'{"StatusCode": 401, "message": "Access denied"}', "error-document"),
        (b"<html><body>" + b"<div>" * 5000 + b"deep" + b"</div>" * 5000, "too-deep"),
        (b'{"tag": "Law", "attr": {"a b": "1"}, "children": []}', "malformed-json"),
        (b"{\\rtf1 abc}", "unsupported-format"),
        (b"\x1f\x8b\x08\x00\x00\x00", "unsupported-format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unsupported-format"),
    ],
)
def test_named_rejects(read, body, code):
    with pytest.raises(Reject) as reject:
        read(body)
    assert reject.value.code == code


def test_page_of_html_under_a_pdf_name_is_not_a_pdf(read):
    with pytest.raises(Reject) as reject:
        read(PAGE.encode(), url="https://example.jp/a.pdf")
    assert reject.value.code == "not-a-pdf"


def test_csv_and_json_and_text(read):
    table = read("番号,名称\r\n1,架空図書館\r\n".encode("cp932"), url="https://example.jp/list.csv")
    assert (table.format, table.pages[0].text) == ("csv", "番号,名称\n1,架空図書館\n")
    assert read('{"名称": "架空"}'.encode()).pages[0].text == '{\n "名称": "架空"\n}'
    assert read(BODY.encode(), media_type="text/plain").format == "text"


def test_control_characters_go_and_are_counted(read):
    found = read("<p>一\x7f二\x9f三\tタブ</p><p>ＡＢＣ①　㍻</p>".encode())
    assert found.pages[0].text == "一二三 タブ\nＡＢＣ①　㍻"
    assert json.loads(found.metadata)["control_characters"] == {"1": 2}


def test_judgment_takes_text_from_the_pdf_and_metadata_from_the_page(read, make_blob, make_pdf):
    detail = """<meta name="judge_date" content="2027-01-02"><!DOCTYPE html>
    <html><head><title>架空事件 | 裁判例</title></head>
    <body><dl><dt>事件番号</dt><dd>令和9(あ)1</dd></dl></body></html>"""
    pdf = make_pdf([[(72, 100, "主文　本件上告を棄却する。")]])
    attached = make_blob(make_pdf([[(72, 100, "別紙　他人の著作物")]]), "attachment")
    found = read([make_blob(detail.encode(), "detail"), make_blob(pdf, "judgment"), attached])
    assert [(page.text, page.part) for page in found.pages] == [("主文　本件上告を棄却する。", 1)]
    metadata = json.loads(found.metadata)["detail"]
    assert metadata["meta"] == {"judge_date": "2027-01-02"}
    assert metadata["fields"] == {"事件番号": "令和9(あ)1"}
    assert found.title == "架空事件 | 裁判例"


def test_a_part_that_cannot_be_read_does_not_hide_the_others(read, make_blob):
    found = read([make_blob(b"\x1f\x8b\x08", "attachment"), make_blob(BODY.encode(), url="a.txt")])
    assert [(page.number, page.part) for page in found.pages] == [(1, 1)]
    assert json.loads(found.metadata)["rejected_parts"][0]["code"] == "unsupported-format"


def test_what_a_site_calls_menus_and_paths_is_left_out(read):
    """A long page: what stands around it is a small share of it, and the path ends in the page's own title."""
    body = "".join(
        f"<p>第{n}項　灯台の保守を行う者は、毎月{n}日までに点検の結果を記録しなければならない。</p>"
        for n in range(1, 60)
    )
    path = '<li><a href="/">ホーム</a></li><li><a href="/t/">通達</a></li><li>第4節　灯台の保守について</li>'
    page = (
        f'<html><head><title>灯台の保守</title></head><body><div id="contents"><ol class="breadcrumb">{path}</ol>'
        '<div class="page-header" id="page-top"><h1>第4節　灯台の保守について</h1></div>'
        f'<ul><li><a href="#a">目次</a></li></ul>{body}</div>'
        '<p class="page-top-link"><a href="#page-top">このページの先頭へ</a></p>'
        '<div class="panel sidenavi bmg20"><h2><a href="/law/">法令等</a></h2><h3>指針の一覧はこちらから</h3></div>'
        f'<ol class="breadcrumb footer">{path}</ol></body></html>'
    )
    (found,) = read(page.encode(), media_type="text/html").pages
    assert found.text.startswith("# 第4節　灯台の保守について\n- 目次\n第1項")
    assert found.text.endswith("毎月59日までに点検の結果を記録しなければならない。")


def test_text_for_browsers_without_frames_is_read_as_the_markup_that_it_is(read):
    page = (
        "<html><frameset cols='1,4'><frame src='a.html'><noframes><body><h1>潮位</h1><p>本文は<a href='b'>次</a>。</p>"
    )
    found = read(f"{page}</body></noframes></frameset></html>".encode())
    assert found.pages[0].text == "# 潮位\n本文は次。"
    assert json.loads(found.metadata)["frames"] == ["a.html"]


def test_the_panel_of_an_ordinance_is_no_part_of_it(read):
    articles = "".join(f"<p>第{n}条　この条例の第{n}条は、例として置くものである。</p>" for n in range(1, 5))
    panel = "<div id='secondary'><h2>灯台条例</h2><p>令和9年4月1日　条例第3号</p></div>"
    main = f"<div id='primary'><p>○灯台条例</p><p>令和9年4月1日</p><p>条例第3号</p>{articles}</div>"
    found = read(f"<html><body>{main}{panel}</body></html>".encode())
    assert found.pages[0].text.split("\n")[-1].startswith("第4条")


@pytest.mark.parametrize(("line", "day"), [("公開日：令和9年4月2日", "2027-04-02"), ("施行日：令和9年4月2日", None)])
def test_the_day_on_which_a_page_was_made_public(read, line, day):
    assert read(f"<html><body><p>{BODY}</p><p>{line}</p></body></html>".encode()).published == day


@pytest.mark.parametrize(
    ("line", "dates"),
    [
        ("<p>公開日：2031/04/01</p>", {"published": "2031-04-01"}),
        ("<p>最終更新 2031.4.1</p>", {"updated": "2031-04-01"}),
        ("<p>報道発表資料　2031年4月1日（火曜日）</p>", {"published": "2031-04-01", "stated": "2031-04-01"}),
        ("<p>令和13年4月1日（第12号）</p>", {"published": "2031-04-01", "stated": "2031-04-01"}),
        ("<p>令和13年4月1日</p><p>令和13年4月2日</p>", {"stated": "2031-04-01"}),  # a list
        ("<p>適用財産の価額（令和13年4月1日以後のもの）</p>", {"stated": "2031-04-01"}),  # no day of a rule in force
    ],
)
def test_days_of_a_page_as_pages_write_them(read, line, dates):
    found = read(PAGE.replace("<p>" + BODY, f"{line}<p>{BODY}").encode("cp932"))
    assert json.loads(found.structure).get("dates", {}) == dates
    assert found.published == dates.get("published")


def test_number_and_day_of_an_ordinance_stand_in_two_lines(read):
    rule = "<p>○架空市図書館条例</p><p>平成9年11月14日</p><p>条例第25号</p><p>(目的)</p>"
    articles = "".join(f"<p>第{n}条　この条例の第{n}条は、例として置く。</p>" for n in range(1, 9))
    found = read(f"<html><body>{rule}{articles}</body></html>".encode())
    assert json.loads(found.structure)["law"]["law_num"] == "平成9年条例第25号"
    assert found.published == "1997-11-14"


def test_the_holder_of_a_copyright_keeps_the_first_letter_of_its_name(read):
    page = PAGE.replace("<footer>", "<footer><small>Copyright (C) 2031 Cabinet Bureau, All Rights Reserved.</small>")
    found = read(page.replace("｜架空省", "").encode("cp932"))
    assert json.loads(found.structure)["publisher"] == "Cabinet Bureau"


def test_links_to_files_below_the_text_are_part_of_it(read):
    files = "".join(f"<li><a href='/f/{n}.{kind}'>資料{n}（{kind}）</a></li>" for n, kind in ((1, "pdf"), (2, "xlsx")))
    more = f"<h2><a href='/m'>関係する頁</a></h2><ul><li><a href='/other'>別の頁</a></li>{files}</ul>"
    menu = "<ul>" + "".join(f"<li><a href='/{n}'>政策その{n}</a></li>" for n in range(9)) + "</ul>"
    text = read(PAGE.replace("</table></div>", f"</table>{more}</div>{menu}").encode("cp932")).pages[0].text
    assert text.split("\n")[-5:] == ["| 甲 | 十年 |", "## 関係する頁", "- 別の頁", "- 資料1（pdf）", "- 資料2（xlsx）"]


def test_headings_that_are_buttons_are_headings(read):
    answer = "<h2><button>保存の年数</button></h2><p>年数は、図書の種類による。</p><button>閉じる</button>"
    text = read(PAGE.replace("<ul><li>湿度", answer + "<ul><li>湿度").encode("cp932")).pages[0].text
    assert "## 保存の年数\n年数は、図書の種類による。\n- 湿度" in text


def test_exponents_and_marks_are_no_digits_of_the_number_before_them(read):
    line = "<p>面積は10<sup>3</sup>m<sup>2</sup>、図書<sup>1</sup>は1,200<sup>2</sup>冊、H<sub>2</sub>Oは除く。</p>"
    text = read(PAGE.replace("<ul><li>湿度", line + "<ul><li>湿度").encode("cp932")).pages[0].text
    assert "面積は10³m²、図書1は1,200²冊、H2Oは除く。" in text
