"""Spans of time, for sources that show only so much of themselves at once."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from kobunko.crawlers.hosts import JAPAN

T = TypeVar("T")
Span = tuple[date, date]


def today() -> date:
    return datetime.now(JAPAN).date()


def months(start: date, end: date) -> Iterator[Span]:
    """Calendar months from `start` to `end`, both included, the newest first."""
    first = end.replace(day=1)
    while first >= start.replace(day=1):
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        yield max(first, start), min(last, end)
        first = (first - timedelta(days=1)).replace(day=1)


def in_turn(items: Sequence[T], count: int, day: date) -> list[T]:
    """`count` of the items, others each day, so that all of them have their turn."""
    if count >= len(items):
        return list(items)
    first = day.toordinal() * count % len(items)
    return [items[(first + n) % len(items)] for n in range(count)]
