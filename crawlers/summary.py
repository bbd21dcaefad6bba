"""What a crawl of one source did, for people and for the nightly report."""

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_LISTED = 200


@dataclass
class CrawlSummary:
    """Counts of one crawl; lists are capped, their counts are not. Plain JSON by `to_json`."""

    source: str
    waiting: int = 0  # requests in the queue, as last counted
    requests: int = 0  # answers received, robots.txt and redirects included
    hosts: dict[str, int] = field(default_factory=dict)  # the same by host
    captured: int = 0  # answers with a new body
    revisited: int = 0  # answers whose body was held already
    new: int = 0  # documents of works that were not known
    changed: int = 0  # documents that are a new version of a known work, or were made from other bytes
    unchanged: int = 0
    held: int = 0  # versions that a list names and the catalogue has: not asked for again
    failed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)  # {url, reason}
    excluded: int = 0  # URLs that robots.txt keeps us from
    exclusions: list[str] = field(default_factory=list)
    postponed: int = 0  # requests that failed once and were put at the end of the queue
    gone: int = 0  # works that became certain to be gone
    withheld: int = 0  # new documents that wait until a person has read the changed terms
    skipped: dict[str, int] = field(default_factory=dict)  # left out on purpose, by reason
    alarms: list[str] = field(default_factory=list)  # changed terms, empty lists, mass disappearance
    broken_assertions: list[str] = field(default_factory=list)
    resumed: bool = False
    finished: bool = False
    # why it did not finish: interrupted, limit, budget, hours, http-429, http-503, refused, robots-unreachable,
    # write-error; with the moment until which the host is left alone, where there is one. A source of several hosts
    # names those that were closed; it went on with the others
    stopped: str = ""

    @property
    def fetched(self) -> int:
        return self.new + self.changed + self.unchanged

    @property
    def documents(self) -> int:
        return self.fetched + self.held

    def alarm(self, message: str) -> None:
        if message not in self.alarms:
            self.alarms.append(message)

    def add_failure(self, url: str, reason: str) -> None:
        self.failed += 1
        if len(self.failures) < MOST_LISTED:
            self.failures.append({"url": url, "reason": reason})

    def add_exclusion(self, url: str) -> None:
        self.excluded += 1
        if len(self.exclusions) < MOST_LISTED:
            self.exclusions.append(url)

    def counts(self) -> dict[str, int]:
        """The numbers only, for a progress line."""
        return {name: value for name, value in asdict(self).items() if type(value) is int}

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
