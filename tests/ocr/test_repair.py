"""What the recogniser confuses is mended where Japanese leaves no doubt, and nowhere else."""

import pytest

from kobunko.ocr.repair import is_modern, repaired


@pytest.mark.parametrize(
    ("found", "meant", "rule"),
    [
        ("安全センタ一ビル", "安全センタービル", "dash-in-katakana"),
        ("第ー条", "第一条", "one-in-number"),
        ("プ口グラム", "プログラム", "kanji-in-katakana"),
        ("昨年と比ベると", "昨年と比べると", "katakana-in-hiragana"),
        ("アルファべット", "アルファベット", "hiragana-in-katakana"),
        ("横断歩道見守リ実施要領", "横断歩道見守り実施要領", "katakana-in-hiragana"),
        ("月·火", "月・火", "raised-dot"),
        ("人口の增加", "人口の増加", "chinese-form"),
    ],
)
def test_certain_confusions_are_repaired_and_recorded(found: str, meant: str, rule: str) -> None:
    text, notes = repaired(found, modern=True)
    assert text == meant
    (note,) = notes
    assert (note.rule, found[note.place], text[note.place]) == (rule, note.was, note.now)


@pytest.mark.parametrize(
    "text",
    [
        "メンバー一人",
        "東京へ行く",
        "ハローワーク",
        "入口と出口",
        "1·5 a·b",
        "一般会計",
        "三力所",
        "東京ー大阪間",
        "ー、見守り員",
    ],
)
def test_what_may_be_meant_stays(text: str) -> None:
    assert repaired(text, modern=True) == (text, [])


def test_old_forms_stay_on_a_page_that_is_written_in_them() -> None:
    assert not is_modern("國會ニ於テ增額ヲ議決ス")
    assert is_modern("国会で増額を議決する")
    assert repaired("增額ヲ議決ス", modern=False) == ("增額ヲ議決ス", [])
