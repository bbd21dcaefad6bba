import numpy as np
import pyarrow as pa
import pytest

from kobunko.dedup.designations import designations, law_in
from kobunko.dedup.numerals import arabic
from kobunko.dedup.passages import ONE_IN, WINDOW, passages

QUOTED = "".join(f"雲海庁長官は第{n}号の届出を受けたときは遅滞なく台帳に{n * n}と記載し" for n in range(60))
OWN = "".join(f"灯台の塗色は{n}色に分けその配列を別表{n * 7}に定める" for n in range(80))


def test_a_quotation_keeps_its_passages_wherever_it_stands() -> None:
    alone, within, other = passages(pa.array([QUOTED, "は" + OWN + QUOTED + OWN, OWN]))
    assert len(alone) > 40
    assert np.isin(alone, within).all()
    assert not np.isin(alone, other).any()
    assert abs(len(alone) - (len(QUOTED) - WINDOW + 1) / ONE_IN) < 0.5 * len(QUOTED) / ONE_IN


def test_a_text_shorter_than_a_passage_has_none() -> None:
    assert [len(found) for found in passages(pa.array(["", "短い文", None]))] == [0, 0, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("平成十五年政令第四十二号\n架空令\n昭和二年法律第一号に基づき", ["law:平成15政令42"]),
        ("昭和４０（オ）第１２６６号\n主文", ["case:昭和40オ1266"]),
        ("令和元年(受)第十二号 損害賠償", ["case:令和1受12"]),
        ("架空省令(平成二十二年潮汐省令第四十号)", ["law:平成22省令40"]),
        ("番号のない通知\n別記様式第1号", []),
        ("課潮４－11\n令和6年3月1日\n各港長　殿", ["notice:課潮4-11"]),
        ("雲海発0331第2号\n各知事　殿", ["notice:雲海発0331第2号"]),
    ],
)
def test_what_a_text_calls_itself(text: str, expected: list[str]) -> None:
    assert designations(text) == expected


def test_the_law_and_its_revision_in_a_url() -> None:
    assert law_in("x", "https://a/xml/415CO0000000042_20030218_000000000000000") == (
        "415CO0000000042",
        "20030218_000000000000000",
    )
    assert law_in("363CO0000000360.json") == ("363CO0000000360", "")
    assert law_in("415CO0000000042", "415CO0000000042_20230401_505AC0000000039")[1] == "20230401_505AC0000000039"
    assert law_in("nothing") == ("", "")


@pytest.mark.parametrize(
    ("text", "value"), [("十五", 15), ("二〇二三", 2023), ("千二百六十六", 1266), ("元", 1), ("42", 42)]
)
def test_numerals(text: str, value: int) -> None:
    assert arabic(text) == value
