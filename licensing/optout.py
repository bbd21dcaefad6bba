"""Signals by which a site withholds its pages from training: whatever the licence, they bind `train`.

Signals are what the crawl kept of an answer (`Capture.headers`: header names in lower case, `meta-…` for those of a
page, `robots-…` and `tdmrep-…` for what its host said then) and the robots.txt and tdmrep.json of the host as they are
now. Absence of a signal says nothing and resets nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from kobunko.ai_agents import AI_AGENTS

_NO_TRAINING = {
    "content-signal": re.compile(r"(?i)\bai-train\s*=\s*no\b"),
    "content-usage": re.compile(r"(?i)\btrain-ai\s*=\s*n(?:o|\b)"),
    "x-robots-tag": re.compile(r"(?i)\bno(?:image)?ai\b"),
    "robots": re.compile(r"(?i)\bno(?:image)?ai\b"),
    "tdm-reservation": re.compile(r"^\s*1\s*$"),
    "rsl": re.compile(r""),  # whatever the licence says: nobody has read it
}
_RSL = re.compile(r"(?im)^\s*license\s*:\s*(https?://\S+)")


@dataclass(frozen=True, slots=True)
class OptOut:
    """`signal` is the mechanism, `value` its own words, `where` it was found."""

    signal: str
    value: str
    where: str


def opt_outs(url: str, headers: Mapping[str, str], robots: str = "", tdmrep: str = "") -> tuple[OptOut, ...]:
    """Everything that withholds this URL from training. Any one is enough."""
    found = (*_of_answer(headers), *_of_host(headers), *_of_robots(url, robots), *_of_tdmrep(url, tdmrep))
    return tuple(dict.fromkeys(found))


def _of_answer(headers: Mapping[str, str]) -> Iterator[OptOut]:
    for name, value in headers.items():
        pattern = _NO_TRAINING.get(name.removeprefix("meta-"))
        if pattern and pattern.search(value):
            yield OptOut(name.removeprefix("meta-"), value, "page" if name.startswith("meta-") else "header")


def _of_host(headers: Mapping[str, str]) -> Iterator[OptOut]:
    """What the host said when the page was asked for: it holds for a host that no seed names as well."""
    for agent in filter(None, headers.get("robots-ai-agents", "").split(", ")):
        yield OptOut("robots", f"User-agent: {agent}", "robots.txt")
    for name in ("content-signal", "content-usage"):
        if _NO_TRAINING[name].search(said := headers.get(f"robots-{name}", "")):
            yield OptOut(name, said, "robots.txt")
    if licence := headers.get("robots-rsl"):
        yield OptOut("rsl", licence, "robots.txt")
    if headers.get("tdmrep-reservation") == "1":
        yield OptOut("tdm-reservation", headers.get("tdmrep-policy", "1"), "tdmrep.json")


def _of_robots(url: str, robots: str) -> Iterator[OptOut]:
    """AI groups that forbid this URL, and what the file says of use in its own fields.

    A group for an agent counts only where it is named: what `*` forbids concerns fetching, and the crawler obeyed it.
    """
    if not robots:
        return
    parser = Protego.parse(robots)
    named = {agent.strip().lower() for agent in re.findall(r"(?im)^\s*user-agent\s*:\s*([^#\n]+)", robots)}
    for agent in AI_AGENTS:
        if agent.lower() in named and not parser.can_fetch(url, agent):
            yield OptOut("robots", f"User-agent: {agent}", "robots.txt")
    for name in ("content-signal", "content-usage"):
        for line in re.findall(rf"(?im)^\s*{name}\s*:\s*(.+)$", robots):
            if _NO_TRAINING[name].search(line):
                yield OptOut(name, line.strip(), "robots.txt")
    for licence in _RSL.findall(robots):
        yield OptOut("rsl", licence, "robots.txt")


def _of_tdmrep(url: str, tdmrep: str) -> Iterator[OptOut]:
    """The first location of `/.well-known/tdmrep.json` that fits decides."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    for entry in _entries(tdmrep):
        if _location(str(entry.get("location", ""))).match(path):
            if entry.get("tdm-reservation") == 1:
                yield OptOut("tdm-reservation", str(entry.get("tdm-policy", "1")), "tdmrep.json")
            return


def _entries(tdmrep: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(tdmrep or "[]")
    except json.JSONDecodeError:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _location(pattern: str) -> re.Pattern[str]:
    anchored = pattern.endswith("$")
    body = ".*".join(map(re.escape, pattern.removesuffix("$").split("*")))
    return re.compile(body + ("$" if anchored else ""))
