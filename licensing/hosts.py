"""What is known of a host beside its seed (`rules/hosts.toml`)."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from kobunko.ids import sha256_hex
from kobunko.licensing.rulebook import FOLDER, read
from kobunko.licensing.vocabulary import NOASSERTION, find

Persons = Literal["none", "kept", "masked"]
OPENNESS = ("deny", "metadata-only", "review", "allow+conditions", "allow")


@dataclass(frozen=True, slots=True)
class HostRule:
    """One entry of `rules/hosts.toml`, which says what the fields mean."""

    id: str
    hosts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    path: str = ""
    license: str = NOASSERTION
    basis: str = "unknown"
    statute: str = ""
    roles: tuple[str, ...] = ()
    requires: tuple[Mapping[str, str], ...] = ()
    redistribute: str = "allow"
    part: Literal["", "numbers"] = ""
    train: str = "review"
    third_party: str = ""
    persons: Persons = "none"
    note: str = ""

    def __post_init__(self) -> None:
        if find(self.license) is None or self.redistribute not in OPENNESS:
            raise ValueError(f"rules/hosts.toml: {self.id} names an unknown licence or an unknown degree of openness")

    def fits(self, source: str, url: str) -> bool:
        host = host_of(url)
        mine = source in self.sources or any(host == name or host.endswith(f".{name}") for name in self.hosts)
        return mine and (not self.path or re.search(self.path, url) is not None)


@functools.cache
def _rules_page() -> tuple[str, str]:
    body = (FOLDER / "hosts.toml").read_bytes()
    return body.decode("utf-8"), sha256_hex(body)


def own_words(rule: HostRule) -> Mapping[str, Any]:
    """What a rule says of itself, as it stands in the page of rules that ships: fields of a piece of evidence."""
    text, sha256 = _rules_page()
    start = text.index(rule.note, text.index(f'id = "{rule.id}"'))
    return {"url": "kobunko/licensing/rules/hosts.toml", "sha256": sha256, "phrase": rule.note, "start": start}


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@functools.cache
def host_rules() -> tuple[HostRule, ...]:
    return tuple(_host_rule(entry) for entry in read("hosts")["host"])


def _host_rule(entry: Mapping[str, Any]) -> HostRule:
    facts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return HostRule(**facts)


NO_RULE = host_rules()[-1]  # for hosts of which nothing is known


def host_rule(source: str, url: str) -> HostRule:
    """The first rule that fits; a source's own documents that were imported without a URL are known by its name."""
    return next((rule for rule in host_rules() if rule.fits(source, url)), NO_RULE)
