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
    phrases: tuple[Phrase, ...]
    negated_after: re.Pattern[str]
    negated_before: re.Pattern[str]


def any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@functools.cache
def terms_rules() -> TermsRules:
    data = read("terms")
    phrases = tuple(_phrase(**entry) for entry in data["phrase"])
    return TermsRules(phrases, any_of(data["negation"]["after"]), any_of(data["negation"]["before"]))


def _phrase(id: str, kind: Kind, patterns: list[str], license: str = "", rank: int = 0) -> Phrase:
    if kind not in get_args(Kind):
        raise ValueError(f"rules/terms.toml: {id} is of no known kind: {kind}")
    return Phrase(id, kind, any_of(patterns), license, rank)
