from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kobunko.dedup.keys import matching_keys
from kobunko.dedup.normalise import matching_key, without_layout
from kobunko.records import PageSpan


def spans(pages: Sequence[str]) -> tuple[str, list[PageSpan]]:
    text, found = "", []
    for number, page in enumerate(pages, 1):
        found.append(PageSpan(number, len(text), len(text) + len(page), "embedded", "", None, "horizontal", 0, number))
        text += page + "\n\n"
    return text, found


def test_forms_that_mean_the_same_have_the_same_key() -> None:
    assert matching_key("第１条　この　法律は、ＡＢＣ\nについて") == matching_key("第1条この法律は abcについて。")


def test_half_width_kana_and_their_marks_meet() -> None:
    assert matching_key("ｶﾞｲﾄﾞ") == matching_key("ガイド")


def test_what_ocr_takes_for_one_another_is_the_same() -> None:
    assert matching_key("力口エ二ッケル一O") == matching_key("カロ工ニツケルー0")


def test_rules_of_tables_do_not_count() -> None:
    assert matching_key("| 港 | 水深 |\n|---|---|\n| 架空 | 12 |") == matching_key("港\t水深\n架空\t12")


def test_where_a_line_ends_in_a_cell_does_not_count() -> None:
    assert (
        matching_key("| 灯台の<br>所在地 | 塗色 |") == matching_key("| 灯台の所<br>在地 | 塗色 |") == "灯台の所在地塗色"
    )


def test_what_is_written_differently_keeps_its_own_key() -> None:
    assert matching_key("國語") != matching_key("国語")


def test_symbols_alone_are_their_own_key() -> None:
    assert matching_key("※ ※※") == "※※※"
    assert matching_key(" \n　") == ""


def test_running_heads_and_page_numbers_do_not_count() -> None:
    bodies = ["港の名は別に定める。", "水深は毎年測る。", "届出は書面による。", "手数料は無料とする。"]
    dressed = [f"架空港湾要覧　第{n}章\n{body}\n- {n} -" for n, body in enumerate(bodies, 1)]
    assert matching_key(*spans(dressed)) == matching_key("".join(bodies))


def test_a_line_that_stands_on_few_pages_is_text() -> None:
    text, pages = spans(["一枚目", "二枚目", "三枚目", "四枚目"])
    assert without_layout(text, pages).split() == text.split()


@given(st.text())
def test_a_key_is_its_own_key_and_holds_no_white_space(text: str) -> None:
    key = matching_key(text)
    assert matching_key(key) == key
    assert not any(character.isspace() for character in key)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_many_keys_are_those_of_each_text_alone(texts: Sequence[str]) -> None:
    assert matching_keys(pa.array(texts, pa.string())).to_pylist() == [matching_key(text) for text in texts]


def test_every_character_has_the_key_of_the_reference() -> None:
    every = [chr(code) for code in range(0x32000) if not 0xD800 <= code < 0xE000]
    assert matching_keys(pa.array(every)).to_pylist() == [matching_key(character) for character in every]
