"""What publishing is told and tells: options, how far it is, what it would change, what it did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Gated = Literal["auto", "manual"]
Progress = Callable[[str, int, int], None]  # step, bytes done, bytes in all


def quiet(step: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """`private` and `gated` are for the Hub: who may read it, and whether readers have to ask."""

    private: bool = False
    gated: Gated | None = None
    timeout_s: float = 60  # without an answer to one call


DEFAULTS = PublishOptions()


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


@dataclass(frozen=True, slots=True)
class Purge:
    """What is deleted from a repository: names of tags and branches, commits, and stored files by sha256."""

    tags: list[str]
    branches: list[str]
    commits: list[str]
    files: list[str]
