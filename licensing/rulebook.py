"""The rules as data: what terms pages say (`rules/terms.toml`), third parties, hosts. Read once per process."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

FOLDER = Path(__file__).parent / "rules"
Kind = Literal["name", "template", "link", "restriction", "access", "reserved", "ambiguous"]


def read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Phrase:
    """One rule about the words of a terms page. `license` and `rank` are of the kinds that name a licence."""

    id: str
    kind: Kind
    pattern: re.Pattern[str]
    license: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class TermsRules:
    """`label` is what may stand beside a name on a line of its own. A sentence that affirms has to close as in `ends`;
    `denial` behind a name and `elsewhere` before it undo it, and `own` is what it may be about."""

    phrases: tuple[Phrase, ...]
    affirmed_after: re.Pattern[str]
    affirmed_before: re.Pattern[str]
    label: re.Pattern[str]
    ends: re.Pattern[str]
    denial: re.Pattern[str]
    elsewhere: re.Pattern[str]
    own: re.Pattern[str]
    negated_after: re.Pattern[str]
    negated_before: re.Pattern[str]


def any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _behind(patterns: list[str]) -> re.Pattern[str]:
    """Any of them behind a name and the brackets that follow it: （以下「PDL1.0」といいます。）, its URL, its date."""
    return re.compile(rf"(?:[」』]*(?:\([^()]{{1,120}}\)|<[^<>]*>))*(?:{any_of(patterns).pattern})")


@functools.cache
def terms_rules() -> TermsRules:
    data = read("terms")
    says, denies = data["affirmation"], data["negation"]
    return TermsRules(
        phrases=tuple(_phrase(**entry) for entry in data["phrase"]),
        affirmed_after=_behind(says["after"]),
        affirmed_before=any_of(says["before"]),
        label=re.compile(says["label"]),
        ends=re.compile(says["ends"]),
        denial=re.compile(says["denial"]),
        elsewhere=re.compile(says["elsewhere"]),
        own=re.compile(says["own"]),
        negated_after=_behind(denies["after"]),
        negated_before=any_of(denies["before"]),
    )


def _phrase(id: str, kind: Kind, patterns: list[str], license: str = "", rank: int = 0) -> Phrase:
    if kind not in get_args(Kind):
        raise ValueError(f"rules/terms.toml: {id} is of no known kind: {kind}")
    return Phrase(id, kind, any_of(patterns), license, rank)
