"""A fact of a filing, the same whether it was read from XBRL or from EDINET's CSV."""

import re
from dataclasses import asdict, dataclass
from typing import Any

# What the id of a context says of the time, in EDINET's own words; the rest of the id names members.
_TIMES = {
    "FilingDateInstant": "提出日時点",
    "CurrentYearDuration": "当期",
    "CurrentYearInstant": "当期末",
    "InterimDuration": "中間期",
    "InterimInstant": "中間期末",
    "CurrentYTDDuration": "当四半期累計期間",
    "CurrentQuarterDuration": "当四半期会計期間",
    "CurrentQuarterInstant": "当四半期会計期間末",
    "Prior1YTDDuration": "前年度同四半期累計期間",
    "Prior1YearDuration": "前期",
    "Prior1YearInstant": "前期末",
    "Prior2YearDuration": "前々期",
    "Prior2YearInstant": "前々期末",
    "Prior3YearDuration": "三期前",
    "Prior3YearInstant": "三期前時点",
    "Prior4YearDuration": "四期前",
    "Prior4YearInstant": "四期前時点",
}
_NOTHING = {"", "－", "-"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Fact:
    """`element` in `context`; `period` is an ISO day or `start/end`. None is what the source does not say.

    `value` is a number as a string of digits in the unit itself (not in thousands), or text; None for nil.
    `time` and `scope` are the words of EDINET's CSV (当期末; 連結, 個別).
    """

    element: str
    context: str
    value: str | None
    unit: str | None = None
    decimals: str | None = None
    name: str | None = None
    time: str | None = None
    scope: str | None = None
    period: str | None = None
    dimensions: dict[str, str] | None = None

    @property
    def numeric(self) -> bool:
        return self.unit is not None

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None or key == "value"}


def csv_fact(row: dict[str, str]) -> Fact:
    """A fact of a row of EDINET's CSV."""
    unit = _given(row["ユニットID"])
    value: str | None = row["値"]
    if unit and (value in _NOTHING or not _NUMBER.fullmatch(value or "")):
        value = None if value in _NOTHING else value
    return Fact(
        element=row["要素ID"],
        context=row["コンテキストID"],
        value=value,
        unit=unit,
        name=_given(row["項目名"]),
        time=_given(row["相対年度"]),
        scope=_given(row["連結・個別"]),
    )


def context_time(context: str) -> str | None:
    return _TIMES.get(context.split("_")[0])


def context_scope(context: str) -> str:
    """連結 or 個別, where the id says so; the filing's own facts have neither."""
    if "NonConsolidatedMember" in context:
        return "個別"
    return "その他" if context.startswith("FilingDate") else "連結"


def _given(value: str) -> str | None:
    return None if value in _NOTHING else value
