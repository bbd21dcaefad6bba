"""Personal data: what is found, what is left alone, and that a mask takes away exactly what it should."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.quality.privacy import CLASSES, mistakes
from kobunko.ids import sha256_hex
from kobunko.licensing import check_digits
from kobunko.licensing.names import find_names
from kobunko.licensing.privacy import Privacy, private
from kobunko.masking import Mask, masked, moved


def clean(text: str, found: Privacy) -> str:
    return masked(text, found.masks)


def test_the_hash_of_a_masked_text_is_known_without_it() -> None:
    text = "届出の用紙に電話番号を記入する。連絡先は携帯 090-1234-5678 とする。"
    found = private(text, "kept")
    assert "090-1234-5678" not in clean(text, found)
    assert found.masked_sha256 == sha256_hex(clean(text, found).encode())
    assert private("受付は毎月一日に始める。", "kept").masked_sha256 is None


def test_check_digits_hold_on_known_numbers() -> None:
    good = ("983205673214", "123456789018", "595748906820", "254122482440")
    assert all(check_digits.my_number(number) for number in good)
    assert all(check_digits.corporate_number(n) for n in ("7000012050002", "4011001098993", "7123456789012"))
    assert check_digits.driver_licence("309012345620")
    assert check_digits.insurer_number("33120015")
    assert not check_digits.my_number("983205673210")
    assert not check_digits.corporate_number("8010401000000")
    assert not check_digits.driver_licence("309212345610")
    assert not check_digits.insurer_number("33120016")


def test_recall_and_precision_on_the_generated_set() -> None:
    missed, extra, total, masks = mistakes()
    assert sum(total.values()) >= 1500
    for kind in CLASSES:
        assert sum(item.kind == kind for item in missed) <= 0.02 * total[kind], kind
    assert len(extra) <= 0.01 * masks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("電子メール tanaka@choseki.example まで", "電子メール ［メールアドレス］@choseki.example まで"),
        ("携帯０９０－１２３４－５６７８。", "携帯［電話番号］。"),
        ("携帯〇九〇―一二三四―五六七八。", "携帯［電話番号］。"),
        ("代金は二、〇〇〇、〇〇〇円。", "代金は二、〇〇〇、〇〇〇円。"),
        ("1960年1月5日生", "1960年［月日］生"),
        ("令和元年10月1日生産開始", "令和元年10月1日生産開始"),
        ("電話03-1234-5678（代表）", "電話03-1234-5678（代表）"),  # the line of an office
        ("法人番号7000012050002", "法人番号7000012050002"),
        ("個人番号カードは1234万枚", "個人番号カードは1234万枚"),
        ("基礎年金番号 1234\n567890 の", "基礎年金番号 ［基礎年金番号］ の"),
    ],
)
def test_masks_take_the_datum_and_leave_the_rest(text: str, expected: str) -> None:
    assert clean(text, private(text, "none")) == expected


def test_what_two_rules_find_counts_once() -> None:
    assert json.loads(private("連絡先（０９０－１２３４－５６７８）", "none").counts) == {"phone-mobile": 1}


def test_a_policy_of_masking_reaches_private_lines_too() -> None:
    text = "住所 東京都千代田区波止場町一丁目2番3号\n電話03-1234-5678 〒123-4567"
    found = private(text, "masked")
    assert clean(text, found) == "住所 東京都千代田区［住所］\n電話［電話番号］ 〒［郵便番号］"
    assert private(text, "none").masks == []


def test_an_individual_number_puts_the_document_into_quarantine() -> None:
    found = private("マイナンバー：1234-5678-9018", "none")
    assert (found.action, found.data_class) == ("quarantine", "personal")
    assert private("マイナンバー：1234-5678-9010", "none").action == "keep"  # the check digit is wrong


def test_counts_hold_no_data_and_classes_follow_the_strategy() -> None:
    found = private("連絡先 090-1234-5678", "none")
    assert json.loads(found.counts) == {"phone-mobile": 1}
    assert (found.action, found.data_class) == ("mask", "anonymised")
    assert private("潮位は90センチである。", "none").data_class == "non-personal"
    assert private("取締役の略歴", "kept").data_class == "personal"
    assert private("原告Ａは被告Ｂを訴えた。", "masked").data_class == "anonymised"


JUDGMENT = (
    "原告山野辺浪夫は、被告磯田千鶴に対し、損害の賠償を求めた。\n"
    "原告訴訟代理人弁護士　岬太郎\n"
    "被告人Ａは、甲野と共に現場を去った。\n"
    "その後、山野辺浪夫は入院した。\n"
    "裁判長裁判官　岸本一郎\n"
)


def test_names_of_parties_are_masked_and_those_in_office_stay() -> None:
    result = clean(JUDGMENT, private(JUDGMENT, "masked"))
    assert "山野辺浪夫" not in result
    assert "磯田千鶴" not in result
    assert "岸本一郎" in result
    assert "岬太郎" in result
    assert "被告人Ａは" in result
    assert result.count("［氏名］") >= 3
    assert clean(JUDGMENT, private(JUDGMENT, "none")) == JUDGMENT  # names are sought only where the policy asks


def test_the_model_is_asked_only_about_lines_that_speak_of_private_roles() -> None:
    asked: list[str] = []

    def people(text: str) -> list[tuple[int, int]]:
        asked.append(text)
        return []

    find_names("潮位の月報\n第一条\n被害者は山野辺浪夫である。\n", people)
    assert [line.lstrip("、") for line in asked] == ["は山野辺浪夫である。"]


def test_the_prose_of_judgments_is_no_name() -> None:
    text = "被告人両名に対し、この裁判確定の日から一年間その刑の執行を猶予する。原判決は、被告人らの控訴を棄却した。\n"
    assert clean(text, private(text, "masked")) == text


@given(
    st.text("あ1\n ", max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=6), st.data()
)
def test_masking_moves_pages_with_their_text(text: str, places: list[tuple[int, int]], data: st.DataObject) -> None:
    masks = [
        Mask(start, min(len(text), start + size), "x", data.draw(st.sampled_from(["", "［印］"])))
        for start, size in places
        if start + 1 <= len(text) and size
    ]
    half = len(text) // 2
    result = masked(text, masks)
    start, border, end = moved([0, half, len(text)], masks)
    assert 0 == start <= border <= end == len(result)
    if not masks:
        assert (result, border) == (text, half)
    untouched = [mask for mask in masks if mask.end <= half]
    if len(untouched) == len(masks):
        assert result[border:] == text[half:]
