"""Seeds: one TOML per source, with everything about it that is not code.

A seed says who publishes, where to begin, how to behave there, what is known of the licence and on which evidence,
and what must be true after a crawl. Unknown keys are errors, so that a typing mistake cannot switch a rule off.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kobunko.errors import NotFound, UsageError

BUILT_IN = Path(__file__).parent / "seeds"
SOURCE_NAME = r"^[a-z][a-z0-9_]*$"  # of a source and of a release config; also names of folders


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Robots(_Frozen):
    """`obey` is the rule. Anything else needs a written reason, e.g. an official API that robots.txt forgets."""

    policy: Literal["obey", "published-api"] = "obey"
    reason: str = ""


class CrawlPolicy(_Frozen):
    """Where a spider may go and how it behaves there."""

    start: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()  # regular expressions on the whole URL; one must match
    deny: tuple[str, ...] = ()  # none may match
    depth: int = 3  # links followed from a start page
    delay_s: float = 5.0  # between two requests to one host
    requests_per_night: int = 2000
    robots: Robots = Robots()
    params: dict[str, Any] = Field(default_factory=dict)  # what the spider itself needs

    @field_validator("allow", "deny")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            re.compile(pattern)
        return patterns


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
    note: str = ""


class UrlRole(_Frozen):
    """What an imported file is to its document, by its URL: crawled parts are given their role by the spider."""

    url: str  # regular expression
    role: str


class Assertions(_Frozen):
    """What must hold when a crawl of the source is finished; a broken one ends the night with exit code 3."""

    min_documents: int = 1
    max_failed_share: float = 0.1


class Seed(_Frozen):
    source: str = Field(pattern=SOURCE_NAME)
    title: str
    publisher: str
    homepage: str
    spider: Literal["egov_laws", "courts", "edinet", "site", "none"]
    config: str = Field(pattern=SOURCE_NAME)  # which config of a release its rows go to
    enabled: bool = True
    reason: str = ""  # why it is not crawled, where it is not
    roles: tuple[UrlRole, ...] = ()
    crawl: CrawlPolicy = CrawlPolicy()
    licence: LicenceHint = LicenceHint()
    assertions: Assertions = Assertions()

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
