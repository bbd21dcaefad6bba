"""Removed passages: found again wherever they stand, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobunko import quoted as module
from kobunko.quoted import held, quoted, unpacked, words_of

PASSAGE = "潮見三丁目の山野辺浪夫氏は、12日の夜に転落した。"


@given(st.text("潮見夜0１ \n", max_size=60), st.text("潮見夜0１ \n", max_size=60), st.integers(1, 30))
def test_a_passage_is_found_where_it_stands(before: str, after: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)  # so that it lies across the border of two
        mark = quoted(words_of(PASSAGE))
        assert held(before + PASSAGE + after, [mark]) == [mark.sha256]
        assert held(before + after, [mark]) == []


def test_width_and_white_space_do_not_hide_it() -> None:
    mark = quoted(words_of(PASSAGE))
    told = unpacked(mark.sha256, mark.packed())
    assert told == mark
    assert held("記録：" + PASSAGE.replace("12", "１２").replace("氏は、", "氏は、\n　"), [told]) == [mark.sha256]
    assert held(PASSAGE.replace("転落", "落下"), [mark]) == []
    assert held("", [mark]) == []
    assert "山野辺" not in repr(mark)
