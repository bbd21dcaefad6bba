"""e-Stat API 3.0: lists of tables and the cells of one. Errors come as HTTP 200 with a status of their own.

Status 0 is good, 1 is "good, but nothing was found", 100 and more are errors.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kobunko.errors import Reject

TABLES = 100  # of one page of the list
CELLS = 100_000  # of one page of a table: what one call gives at most


@dataclass(frozen=True, slots=True)
class Table:
    table_id: str
    title: str
    updated: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tables:
    tables: list[Table]
    next_key: int | None


def list_url(api: str, query: dict[str, Any], start: int = 1) -> str:
    return f"{api}/json/getStatsList?{urlencode({**query, 'limit': TABLES, 'startPosition': start})}"


def data_url(api: str, table_id: str, start: int = 1) -> str:
    query = {"statsDataId": table_id, "limit": CELLS, "startPosition": start}
    return f"{api}/json/getStatsData?{urlencode(query)}"


def parse_list(body: bytes) -> Tables:
    answer = _answer(body, "GET_STATS_LIST")
    if answer is None:
        return Tables([], None)
    inside = answer.get("DATALIST_INF", {})
    rows = inside.get("TABLE_INF", [])
    tables = [_table(row) for row in (rows if isinstance(rows, list) else [rows])]
    result = inside.get("RESULT_INF", {})
    if result and len(tables) != int(result["TO_NUMBER"]) - int(result["FROM_NUMBER"]) + 1:
        raise Reject("incomplete-list", f"{len(tables)} tables where {result} was announced")
    following = result.get("NEXT_KEY")
    return Tables(tables, int(following) if following else None)


def next_cells(body: bytes) -> int | None:
    """Position of the next page of a table; raises `Reject` where the answer holds no cells."""
    answer = _answer(body, "GET_STATS_DATA")
    data = (answer or {}).get("STATISTICAL_DATA", {})
    if not data.get("DATA_INF", {}).get("VALUE"):
        raise Reject("no-cells", "the table has no values")
    following = data.get("RESULT_INF", {}).get("NEXT_KEY")
    return int(following) if following else None


def _answer(body: bytes, name: str) -> dict[str, Any] | None:
    """What stands under `name`; None where the API found nothing."""
    try:
        answer = json.loads(body)[name]
        status = int(answer["RESULT"]["STATUS"])
    except (ValueError, KeyError, TypeError):
        raise Reject("unexpected-format", body[:80].decode("utf-8", errors="replace")) from None
    if status >= 100:
        raise Reject(f"estat-{status}", str(answer["RESULT"].get("ERROR_MSG", "")))
    return None if status == 1 else answer


def _table(row: dict[str, Any]) -> Table:
    words = (_text(row.get(name)) for name in ("STAT_NAME", "STATISTICS_NAME", "TITLE"))
    names = {"STAT_NAME": "statistics", "GOV_ORG": "organisation", "CYCLE": "cycle", "SURVEY_DATE": "survey_date"}
    facts = {key: text for name, key in names.items() if (text := _text(row.get(name)))}
    return Table(str(row["@id"]), " ".join(filter(None, words)), _text(row.get("UPDATED_DATE")), facts)


def _text(value: Any) -> str:
    """A value, or the `$` of one that has attributes."""
    return _text(value.get("$")) if isinstance(value, dict) else str(value or "")
