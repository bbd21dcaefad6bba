"""What publishing tells: how far it is, what it would change, what it did."""

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]  # step, bytes done, bytes in all


def quiet(step: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of files by what happens to them, and how many bytes have to be sent."""

    add: list[str]
    replace: list[str]
    delete: list[str]
    keep: list[str]
    send_bytes: int

    @property
    def pending_files(self) -> list[str]:
        return [*self.add, *self.replace]

    @property
    def pending(self) -> bool:
        return bool(self.add or self.replace or self.delete)


@dataclass(frozen=True, slots=True)
class PublishResult:
    version: str
    location: str  # of the release at its destination
    copied: int  # files
    skipped: int  # files that were there already
    revision: str = ""  # commit that holds the release, on the Hub
