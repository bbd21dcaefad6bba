from hypothesis import given
from hypothesis import strategies as st

from kobunko.dedup.normalise import matching_key


def test_forms_that_mean_the_same_have_the_same_key() -> None:
    assert matching_key("第１条　この　法律は、ＡＢＣ\nについて") == matching_key("第1条この法律は、abcについて")


def test_half_width_kana_and_their_marks_meet() -> None:
    assert matching_key("ｶﾞｲﾄﾞ") == matching_key("ガイド")


def test_what_is_written_differently_keeps_its_own_key() -> None:
    assert matching_key("國語") != matching_key("国語")


@given(st.text())
def test_a_key_is_its_own_key_and_holds_no_white_space(text: str) -> None:
    key = matching_key(text)
    assert matching_key(key) == key
    assert not any(character.isspace() for character in key)
