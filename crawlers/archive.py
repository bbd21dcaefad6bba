"""WARC files as something to ask: where the newest answer of each URL lies.

Any WARC will do, ours or anybody's: `response` and `resource` records of http and https URLs. A `revisit` says that
the newest body before it still stood, so it changes nothing here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from w3lib.url import url_query_cleaner

from kobunko import warc
from kobunko.errors import UsageError
from kobunko.ids import url_key

KEYS = ("Subscription-Key", "appId")


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    offset: int
    moment: datetime
    url: str
    status: int


class Archive:
    """Where each URL's newest answer lies; bodies are read when they are asked for."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._places: dict[str, _Place] = {}
        for path in files:
            if not path.is_file():
                raise UsageError(f"no WARC file at {path}: give the path of a .warc or .warc.gz file.")
            for answer in warc.scan(path):
                if answer.record_type in ("response", "resource") and answer.url.startswith(("http://", "https://")):
                    self._add(answer, path)

    def _add(self, answer: warc.Answer, path: Path) -> None:
        url = without_key(answer.url)
        place = _Place(path, answer.offset, moment_of(answer), url, answer.status)
        known = self._places.get(url_key(url))
        if known is None or known.moment <= place.moment:
            self._places[url_key(url)] = place

    def urls(self) -> list[str]:
        """URLs with a successful answer, in the order in which they were first met."""
        return [place.url for place in self._places.values() if place.status == 200]

    def get(self, url: str) -> warc.Answer | None:
        place = self._places.get(url_key(url))
        return warc.read(place.path.parent, place.path.name, place.offset) if place else None


def without_key(url: str) -> str:
    """A URL without an API key that somebody's archive may hold."""
    return url_query_cleaner(url, KEYS, remove=True) if any(f"{key}=" in url for key in KEYS) else url


def moment_of(answer: warc.Answer) -> datetime:
    moment = datetime.fromisoformat(answer.date)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
