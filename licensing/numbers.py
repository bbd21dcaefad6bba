"""Numbers and addresses that lead to a person, found by the rules in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kobunko.licensing.folding import Folded
from kobunko.licensing.number_rules import RULES, Act, Candidate, Rule

_REACH = 80  # characters that `behind` may look at


@dataclass(frozen=True, slots=True)
class Datum:
    """Something personal at `text[start:end]` of the original."""

    start: int
    end: int
    kind: str
    act: Act
    replacement: str


def find_numbers(folded: Folded) -> Iterator[Datum]:
    """Everything that a rule finds, rule by rule: an earlier one is surer of its kind than a later one."""
    text = folded.text
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            place = _place(rule, match, text)
            if place is not None and (rule.check is None or rule.check(Candidate(text, *place))):
                yield Datum(*folded.span(*place), rule.kind, rule.act, rule.replacement)


def _place(rule: Rule, match: re.Match[str], text: str) -> tuple[int, int] | None:
    """Where the datum of a match is; None when what has to stand before it does not."""
    if rule.behind is None:
        return match.span("value")
    first = max(0, match.start() - _REACH)
    before = rule.behind.search(text[first : match.start()])
    if before is None:
        return None
    if rule.whole:
        return first + before.start("value"), match.end("value")
    return first + before.start("value"), first + before.end("value")
