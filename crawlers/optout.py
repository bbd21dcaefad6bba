"""What a host as a whole says about its use for AI: in robots.txt and in `/.well-known/tdmrep.json`.

These signals are kept with every capture that they hold for, beside those of its own headers and meta tags. What they
mean is for the licence rules to say; a crawler only must not lose them.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from kobunko.ai_agents import AI_AGENTS

_FIELDS = {"content-signal": "robots-content-signal", "content-usage": "robots-content-usage", "license": "robots-rsl"}
_LINE = re.compile(r"^\s*(content-signal|content-usage|license)\s*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class HostSignals:
    """Of one origin. `tdmrep` is the list of rules of its TDMRep file."""

    robots: str = ""
    tdmrep: Sequence[dict[str, Any]] = ()

    def of(self, url: str) -> dict[str, str]:
        """Signals for one URL, by name; empty where the host says nothing."""
        found: dict[str, str] = {}
        for name, value in _LINE.findall(self.robots):
            key = _FIELDS[name.lower()]
            found[key] = f"{found[key]}; {value}" if key in found else value
        if closed := self._closed_agents(url):
            found["robots-ai-agents"] = ", ".join(closed)
        return found | self._tdm(url)

    def _closed_agents(self, url: str) -> list[str]:
        """AI crawlers that robots.txt names and keeps from this URL."""
        named = [agent for agent in AI_AGENTS if re.search(rf"(?im)^\s*user-agent\s*:\s*{agent}\s*$", self.robots)]
        if not named:
            return []
        rules = Protego.parse(self.robots)
        return [agent for agent in named if not rules.can_fetch(url, agent)]

    def _tdm(self, url: str) -> dict[str, str]:
        path = urlsplit(url).path or "/"
        for rule in self.tdmrep:
            if _matches(str(rule.get("location", "")), path):
                names = {"tdm-reservation": "tdmrep-reservation", "tdm-policy": "tdmrep-policy"}
                return {key: str(rule[name]) for name, key in names.items() if name in rule}
        return {}


def _matches(pattern: str, path: str) -> bool:
    """TDMRep's patterns: `*` is anything, a `$` at the end is the end."""
    ends = pattern.endswith("$")
    expression = ".*".join(re.escape(piece) for piece in pattern.removesuffix("$").split("*"))
    return bool(pattern) and bool(re.match(expression + ("$" if ends else ""), path))


def parse_tdmrep(body: bytes) -> list[dict[str, Any]]:
    """Rules of a TDMRep file; none where the answer is something else."""
    try:
        rules = json.loads(body)
    except ValueError:
        return []
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
