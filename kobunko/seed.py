"""Seeds: one TOML per source, with everything about it that is not code.

A seed says who publishes, where to begin, how to behave there, what is known of the licence and on which evidence,
and what must be true after a crawl. Unknown keys are errors, so that a typing mistake cannot switch a rule off.
"""

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from kobunko.errors import NotFound, UsageError

BUILT_IN = Path(__file__).parent / "seeds"
SOURCE_NAME = r"^[a-z][a-z0-9_]*$"  # of a source and of a release config; also names of folders


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Robots(_Frozen):
    """`obey` is the rule. Anything else needs a written reason, e.g. an official API that robots.txt forgets."""

    policy: Literal["obey", "published-api"] = "obey"
    reason: str = ""


_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _hours(value: str | None) -> str | None:
    if value and not _HOURS.fullmatch(value):
        raise ValueError(f"{value!r} is no span of hours: write e.g. 22:00-06:00 (in Japan)")
    return value


Hours = Annotated[str, AfterValidator(_hours)]


class HostOverride(_Frozen):
    """Other manners for one host than for the rest of the source. They need a written reason."""

    host: str
    reason: str = Field(min_length=10)
    delay_s: float | None = None
    requests_per_night: int | None = None
    bytes_per_night: int | None = None
    hours: Hours | None = None


class Manners(_Frozen):
    """How one host is asked. A night begins at noon in Japan."""

    delay_s: float
    requests_per_night: int
    bytes_per_night: int
    hours: str


class CrawlPolicy(_Frozen):
    """Where a spider may go and how it behaves there."""

    start: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()  # regular expressions on the whole URL; one must match
    deny: tuple[str, ...] = ()  # none may match
    depth: int = 3  # links followed from a start page
    delay_s: float = 5.0  # between two requests to one host
    requests_per_night: int = 2000  # to one host; what is left waits for the next night
    bytes_per_night: int = 4 << 30  # from one host
    hours: Hours = ""  # when a host may be asked, in Japan, e.g. 22:00-06:00; empty: at any time
    hosts: tuple[HostOverride, ...] = ()
    robots: Robots = Robots()
    params: dict[str, Any] = Field(default_factory=dict)  # what the spider itself needs

    @field_validator("allow", "deny")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            re.compile(pattern)
        return patterns

    def manners(self, host: str) -> Manners:
        """The policy for one host (without port), its override included."""
        mine = {name: getattr(self, name) for name in Manners.model_fields}
        for other in self.hosts:
            if other.host == host:
                mine |= {name: getattr(other, name) for name in mine if getattr(other, name) is not None}
        return Manners(**mine)


class ReviewedTerms(_Frozen):
    """A terms page that a person has read: only these bytes grant anything (evidence level E2)."""

    sha256: str
    phrase: str  # the exact words that grant
    reviewed_by: str
    reviewed_at: str  # ISO date


class LicenceHint(_Frozen):
    """What the registry of sources believes. By itself this is evidence level E4 and publishes nothing."""

    id: str = "NOASSERTION"
    basis: Literal["licence", "no-right(Art13)", "public-domain(term)", "limitation(Art40-1)", "unknown"] = "unknown"
    statute: str = ""  # E3: the article that leaves this class of document without rights
    roles: tuple[str, ...] = ()  # parts of a document that the statute or licence covers; empty: all
    terms_url: str = ""
    reviewed: tuple[ReviewedTerms, ...] = ()
    attribution: str = "出典：{publisher}（{url}）"
    edited: str = "{work}（{url}）を加工して{processor}作成"  # work: 「title」（publisher）
    note: str = ""


class UrlRole(_Frozen):
    """What an imported file is to its document, by its URL: crawled parts are given their role by the spider."""

    url: str  # regular expression
    role: str


class Assertions(_Frozen):
    """What must hold when a crawl of the source is finished; a broken one ends the night with exit code 3."""

    min_documents: int = 1
    max_failed_share: float = 0.1
    gone_after: int = Field(default=3, ge=1)  # crawls in a row that must miss a work before it counts as gone
    max_gone_share: float = 0.1  # more of a source missing than this is an alarm, and nothing counts as gone


class Seed(_Frozen):
    source: str = Field(pattern=SOURCE_NAME)
    title: str
    publisher: str
    homepage: str
    spider: Literal[
        "egov_laws", "courts", "edinet", "site", "exams", "kokkai", "ndl", "archives", "ckan", "estat", "none"
    ]
    config: str = Field(pattern=SOURCE_NAME)  # which config of a release its rows go to
    enabled: bool = True
    reason: str = ""  # why it is not crawled, where it is not
    roles: tuple[UrlRole, ...] = ()
    bulk: Literal["", "gazettes"] = ""  # what an imported archive of this source holds; empty: it is a document itself
    crawl: CrawlPolicy = CrawlPolicy()
    licence: LicenceHint = LicenceHint()
    assertions: Assertions = Assertions()

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Hosts that its crawl starts from, with their ports."""
        return frozenset(urlsplit(start).netloc.lower() for start in self.crawl.start)

    def role_of(self, url: str) -> str:
        """Role of a file at this URL; `file` where the seed does not know better."""
        return next((item.role for item in self.roles if re.search(item.url, url)), "file")


def load_seed(path: Path) -> Seed:
    try:
        seed = Seed.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError, re.error) as error:
        raise UsageError(f"seed {path} is not valid: {error}. See CONTRIBUTING.md for the format.") from error
    if seed.source != path.stem:
        raise UsageError(f"seed {path} names the source {seed.source!r}: rename the file or the source.")
    return seed


def load_seeds(folder: Path | None = None) -> dict[str, Seed]:
    """All seeds of a folder (the built-in ones by default), by source name, in order of name."""
    folder = folder or BUILT_IN
    if not folder.is_dir():
        raise NotFound(f"no seeds folder at {folder}: set `seeds` in kobunko.toml, or leave it out.")
    return {seed.source: seed for seed in map(load_seed, sorted(folder.glob("*.toml")))}
