"""Reads a terms page, a footer or a notice: which licence its words name, and what they forbid.

A reading is evidence for a person, never a grant: words that take a grant back cannot be listed to the end. Where a
name is negated, carved out or ambiguous, the reading names no licence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kobunko.licensing.folding import Folded, fold
from kobunko.licensing.rulebook import Kind, terms_rules
from kobunko.licensing.vocabulary import NOASSERTION, find

RESERVED = "LicenseRef-JP-AllRightsReserved"
_AHEAD, _BEHIND = 60, 12  # characters in which a negation of a name may stand
# Sentences about parts of a site (items marked so, works of others, logos): no restriction of the rest.
_OF_PARTS = re.compile(
    r"第三者|ロゴ|シンボルマーク|キャラクター|(?:表示|記載|注記|明示|表記|旨)(?:が|の)(?:ある|あった|あり|された|されて)"
    r"|(?:注記|表示|明記)(?:された|され|した)(?:もの|コンテンツ|ページ|資料|写真)|(?:などの|等の)(?:注記|表示)"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched: `phrase` is `page[start:end]`, word for word. `void` says that its sentence undoes it."""

    rule: str
    kind: Kind
    license: str
    rank: int
    phrase: str
    start: int
    end: int
    void: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """`grants`: a person who confirms this page may open texts with it. `flags` are the reasons for doubt."""

    license: str
    grants: bool
    flags: tuple[str, ...]
    hits: tuple[Hit, ...]

    @property
    def deciding(self) -> Hit | None:
        """The words that the licence rests on."""
        of_licence = [hit for hit in self.hits if hit.license == self.license and not hit.void]
        return max(of_licence, key=lambda hit: (hit.rank, -hit.start), default=None)


def read_terms(page: str) -> Reading:
    """What the words of a page say."""
    folded = fold(page, drop_space=True)
    hits = _hits(page, folded)
    restricted = any(hit.kind == "restriction" and not hit.void for hit in hits)
    licence, flags = _licence(hits)
    if restricted:
        flags.append("restriction")
    flags += sorted({hit.kind for hit in hits if hit.kind in ("access", "reserved")})
    if licence == NOASSERTION and restricted and not any(hit.rank for hit in hits):
        licence = RESERVED
    known = find(licence)
    return Reading(licence, known is not None and known.grants and not restricted, tuple(flags), tuple(hits))


def _hits(page: str, folded: Folded) -> list[Hit]:
    rules, found = terms_rules(), []
    for rule in rules.phrases:
        for match in rule.pattern.finditer(folded.text):
            start, end = folded.span(match.start(), match.end())
            void = _is_void(folded.text, rule.kind, match.start(), match.end())
            found.append(Hit(rule.id, rule.kind, rule.license, rule.rank, page[start:end], start, end, void))
    return sorted(found, key=lambda hit: (hit.start, hit.end))


def _is_void(text: str, kind: Kind, start: int, end: int) -> bool:
    rules = terms_rules()
    if kind == "restriction":
        before = text.rfind("。", 0, start) + 1
        after = text.find("。", end)
        return _OF_PARTS.search(text, before, after if after >= 0 else len(text)) is not None
    if kind in ("name", "link"):
        behind = text[max(0, start - _BEHIND) : start]
        return rules.negated_after.match(text, end, end + _AHEAD) is not None or bool(
            rules.negated_before.search(behind)
        )
    return False


def _licence(hits: Sequence[Hit]) -> tuple[str, list[str]]:
    """The licence that the strongest words name, and why there may be none."""
    ranked = [hit for hit in hits if hit.rank]
    standing = [hit for hit in ranked if not hit.void]
    best = max((hit.rank for hit in standing), default=0)
    ids = {hit.license for hit in standing if hit.rank == best}
    if any(hit.void and hit.rank >= best for hit in ranked):
        return NOASSERTION, ["negated-or-excluded"]
    if len(ids) > 1:
        return NOASSERTION, ["several-licences"]
    if best <= _WEAK and any(hit.kind == "ambiguous" for hit in hits):
        return NOASSERTION, ["ambiguous-version"]
    return (ids.pop() if ids else NOASSERTION), []


_WEAK = 5  # rank up to which an unversioned name leaves a page ambiguous
