"""The figures of a filing: what may be republished of it where its words may not.

Figures are no works of authorship, and 公共データ利用規約 says so itself. The words are the filer's and the auditor's,
and the Japanese names of elements are those of a taxonomy with terms of its own: both stay out. So do figures that a
filing gives of one person.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_KEPT = ("element", "context", "value", "unit", "decimals", "time", "scope", "period", "dimensions")
_OF_PERSONS = re.compile(r"Director|Officer|Executive|Auditor|Remuneration|Holder|^jplvh")
_OWN_MEMBER = re.compile(r"-\d{3}:?\w*Member")  # coined by the filer: of a person it is the name


def figures(structure: str | None) -> str | None:
    """The structure of a filing with its figures alone, as JSON; None where there is none."""
    found = json.loads(structure or "{}")
    if found.get("kind") != "filing":
        return None
    facts = [_figure(fact) for fact in found.get("facts", []) if _is_figure(fact)]
    if not facts:
        return None
    return json.dumps({"kind": "filing", "filing": found.get("filing", {}), "facts": facts}, ensure_ascii=False)


def holds_figures_alone(structure: str) -> bool:
    """Whether a structure is one that `figures` made."""
    return figures(structure) == structure


def _figure(fact: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fact[name] for name in _KEPT if name in fact}


def _is_figure(fact: Mapping[str, Any]) -> bool:
    value = fact.get("value")
    if not fact.get("unit") or not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return False
    return not (_OWN_MEMBER.search(fact.get("context", "")) and _OF_PERSONS.search(fact.get("element", "")))
