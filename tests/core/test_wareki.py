from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobunko.wareki import from_era, number, parse_wareki, to_era


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年５月１日", "2019-05-01"),
        ("昭和64年1月7日判決", "1989-01-07"),
        ("昭和二十二年十一月廿九日", "1947-11-29"),
        ("平成　元　年　一　月　八　日", "1989-01-08"),
        ("2024年6月1日", "2024-06-01"),
        ("二〇二四年六月一日", "2024-06-01"),
        ("令和5年2月30日、令和5年3月1日", "2023-03-01"),
        ("平成２年", None),
        ("令和5年2月30日", None),
        ("明治五年十二月二日", None),
    ],
)
def test_dates(text, day):
    found = parse_wareki(text)
    assert (found.isoformat() if found else None) == day


def test_era_of_a_day():
    assert to_era(date(2019, 4, 30)) == ("平成", 31)
    assert to_era(date(2019, 5, 1)) == ("令和", 1)


@given(st.dates(date(1873, 1, 1), date(2100, 1, 1)))
def test_there_and_back(day):
    assert from_era(*to_era(day), day.month, day.day) == day


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("百二十三", 123),
        ("二〇二六", 2026),
        ("壱万弐千", 12_000),
        ("三十五万二千", 352_000),
        ("１，２３４", 1234),
        ("廿三", 23),
        ("元", 1),
        ("万", 10_000),
        ("第一", None),
        ("", None),
    ],
)
def test_numbers(text, value):
    assert number(text) == value
