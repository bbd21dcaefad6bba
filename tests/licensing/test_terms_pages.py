"""Terms pages: what their words are read as, who decides, and what a change of the page does."""

import re

import pytest

from bench.quality.rights import labelled, mistakes
from kobunko.licensing.folding import fold
from kobunko.licensing.pages import page_text
from kobunko.licensing.phrases import read_terms
from kobunko.licensing.rulebook import read

PDL_PAGE = """<html><head><style>p{}</style></head><body><h1>利用規約</h1>
<p>当サイトのコンテンツは、公共データ
利用規約（第１．０版）に準拠した利用条件の下で利用できます。</p>
<p>従前の政府標準利用規約（第2.0版）により利用を始めた方は、引き続きその規約により利用できます。</p>
<p>本規約は<a href="https://creativecommons.org/licenses/by/4.0/legalcode.ja">CC BY 4.0</a>と互換性があります。</p>
<script>var x = "政府標準利用規約（第1.0版）に準拠"</script></body></html>"""


def test_no_labelled_text_is_taken_for_a_grant_that_it_is_not() -> None:
    known = list(labelled())
    wrong = mistakes(known)
    assert [item.text for item, _, grants in wrong if grants and not item.grants] == []
    assert len(wrong) <= 0.02 * len(known)


def test_the_labelled_set_meets_every_pattern_of_the_rules() -> None:
    texts = "\n".join(fold(item.text, drop_space=True).text for item in labelled())
    patterns = [(entry["id"], pattern) for entry in read("terms")["phrase"] for pattern in entry["patterns"]]
    assert [name for name, pattern in patterns if not re.search(pattern, texts, re.MULTILINE)] == []


def test_a_page_of_the_newest_licence_is_not_taken_for_those_that_it_mentions() -> None:
    text = page_text(PDL_PAGE.encode())
    reading = read_terms(text)
    assert (reading.license, reading.grants) == ("LicenseRef-JP-PDL-1.0", True)
    deciding = reading.deciding
    assert deciding is not None
    assert text[deciding.start : deciding.end] == deciding.phrase
    assert deciding.phrase == "公共データ 利用規約（第１．０版）"
    assert "var x" not in text
    assert "<https://creativecommons.org/licenses/by/4.0/legalcode.ja>" in text


def test_a_restriction_stops_a_grant_and_one_of_parts_does_not() -> None:
    named = "公共データ利用規約（第1.0版）に準拠します。"
    assert read_terms(named).grants
    forbidden = read_terms(named + "本書の無断転載を禁じます。")
    assert (forbidden.grants, "restriction" in forbidden.flags) == (False, True)
    assert read_terms(named + "「無断転載を禁じます」の注記があるものは除きます。").grants


def test_pages_in_old_charsets_and_other_formats() -> None:
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"></head><body>潮汐省'
    assert "潮汐省" in page_text(page.encode("cp932"))
    assert page_text(b"%PDF-1.7 ...") == ""
    assert page_text("公共データ利用規約".encode()) == "公共データ利用規約"


@pytest.mark.parametrize("text", ["㈱ﾃﾞｰﾀ　２０２６年\n（第１．０版）", "ｶﾞｷﾞ ㍻元年 ①②", "a\u3000b−c―d", "", "ﾟ"])
@pytest.mark.parametrize("drop_space", [True, False])
def test_every_folded_place_leads_back_into_the_text(text: str, drop_space: bool) -> None:
    folded = fold(text, drop_space=drop_space)
    ends = [folded.span(place, place + 1) for place in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in ends)
    assert ends == sorted(ends)
    for place, (start, end) in enumerate(ends):
        assert folded.text[place] in fold(text[start:end], drop_space=drop_space).text
    assert not drop_space or not any(char.isspace() for char in folded.text)
