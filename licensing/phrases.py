"""Reads a terms page, a footer or a notice: which licence its words name, and what they forbid.

A reading is evidence for a person, never a grant. A licence is read where a sentence affirms its name, or where the
name stands alone; where it is denied, carved out, ambiguous or only mentioned, the reading names none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kobunko.licensing.folding import Folded, fold
from kobunko.licensing.rulebook import Kind, terms_rules
from kobunko.licensing.vocabulary import NOASSERTION, find

RESERVED = "LicenseRef-JP-AllRightsReserved"
_AHEAD, _BEHIND = 60, 12  # characters in which a negation of a name may stand
# Sentences about parts of a site (items marked so, works of others, logos): no restriction of the rest.
_OF_PARTS = re.compile(
    r"第三者(?!への?(?:再配布|配布|提供|譲渡|開示))|ロゴ|シンボルマーク|キャラクター|(?:表示|記載|注記|明示|表記|旨)(?:が|の)(?:ある|あった|あり|された|されて)"
    r"|(?:注記|表示|明記)(?:された|され|した)(?:もの|コンテンツ|ページ|資料|写真)|(?:などの|等の)(?:注記|表示)"
)


_QUOTED = re.compile(r"[^。「『]{0,60}。?[」』](?:と|など|等|のよう)")  # somebody tells what terms say
_TOPIC = re.compile(r"[^。\n]*?は[、,]?")  # what a sentence is about, as it says itself
Standing = Literal["affirmed", "mentioned", "denied"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched: `phrase` is `page[start:end]`, word for word.

    `standing`: affirmed · mentioned · denied. A restriction that concerns parts of a site only is `mentioned`.
    """

    rule: str
    kind: Kind
    license: str
    rank: int
    phrase: str
    start: int
    end: int
    standing: Standing = "affirmed"


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
        of_licence = [hit for hit in self.hits if hit.license == self.license and hit.standing == "affirmed"]
        return max(of_licence, key=lambda hit: (hit.rank, -hit.start), default=None)


def read_terms(page: str) -> Reading:
    """What the words of a page say."""
    folded = fold(page, drop_space=True)
    hits = _hits(page, folded)
    restricted = any(hit.kind == "restriction" and hit.standing == "affirmed" for hit in hits)
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
            standing = _standing(folded.text, rule.kind, *match.span())
            if standing == "affirmed" and rule.kind in ("name", "link") and not _closes(page, start, end):
                standing = "mentioned"
            if standing == "mentioned" and rule.rank and _stands_alone(page, start, end):
                standing = "affirmed"
            found.append(Hit(rule.id, rule.kind, rule.license, rule.rank, page[start:end], start, end, standing))
    return sorted(found, key=lambda hit: (hit.start, hit.end))


def _standing(text: str, kind: Kind, start: int, end: int) -> Standing:
    """What its sentence makes of a phrase."""
    rules = terms_rules()
    first, stop = _sentence(text, start, end)
    if kind == "restriction":
        return "mentioned" if _OF_PARTS.search(text, first, stop) else "affirmed"
    if kind == "template" and _QUOTED.match(text, end):
        return "mentioned"
    if kind not in ("name", "link"):
        return "affirmed"
    behind = text[max(0, start - _BEHIND) : start]
    if rules.negated_after.match(text, end, end + _AHEAD) or rules.negated_before.search(behind):
        return "denied"
    if rules.affirmed_after.match(text, end) or rules.affirmed_before.search(behind):
        if rules.denial.search(text, end, stop) or rules.elsewhere.search(text, first, start):
            return "denied"
        topic = _TOPIC.match(text, first, start)
        return "affirmed" if topic is None or rules.own.search(topic[0]) else "mentioned"
    return "mentioned"


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around a place begins and where it stops; a full stop within brackets ends none."""
    first, stop = text.rfind("。", 0, start), text.find("。", end)
    while first >= 0 and text.startswith(_CLOSING, first + 1):
        first = text.rfind("。", 0, first)
    while stop >= 0 and text.startswith(_CLOSING, stop + 1):
        stop = text.find("。", stop + 1)
    return first + 1, stop if stop >= 0 else len(text)


_CLOSING = tuple(")）」』")


def _closes(page: str, start: int, end: int) -> bool:
    """Whether the sentence behind a name, or one of its lines, ends in words that affirm."""
    tail = page[end : _sentence(page, start, end)[1]]
    pieces = (tail, *filter(None, tail.split("\n")))
    return any(terms_rules().ends.search(fold(piece, drop_space=True).text) for piece in pieces)


def _stands_alone(page: str, start: int, end: int) -> bool:
    """Whether a name is a line or sentence of its own with a label, or the whole notice: a statement by its place.

    A name alone on a line among others may be an entry of a list of links.
    """
    first = max(page.rfind("\n", 0, start), page.rfind("。", 0, start)) + 1
    last = min((place for place in (page.find("\n", end), page.find("。", end)) if place >= 0), default=len(page))
    before = fold(page[first:start], drop_space=True).text.strip(_BRACKETS)
    after = fold(page[end:last], drop_space=True).text
    if _SIGNS.fullmatch(after) is None:
        return False
    label = terms_rules().label
    if before:
        return label.fullmatch(before) is not None
    above = fold(page[:first].rstrip().rpartition("\n")[2], drop_space=True).text.strip(_BRACKETS)
    return label.fullmatch(above) is not None or "\n" not in page[:start] + page[end:].strip()


_BRACKETS = "「」『』()<>[]:・*-、。,|/"
_SIGNS = re.compile(
    r"(?:全世界|国際|日本|International|Universal|ライセンス|<https?://[^<>]*>|\(https?://[^()]*\)|[「」『』()<>\[\]:・*、。,|/-])*"
)


def _licence(hits: Sequence[Hit]) -> tuple[str, list[str]]:
    """The licence that the strongest words affirm, and why there may be none."""
    ranked = [hit for hit in hits if hit.rank]
    best = max((hit.rank for hit in ranked if hit.standing == "affirmed"), default=0)
    ids = {hit.license for hit in ranked if hit.standing == "affirmed" and hit.rank == best}
    if any(hit.standing == "denied" and hit.rank >= best for hit in ranked):
        return NOASSERTION, ["negated-or-excluded"]
    if any(hit.standing == "mentioned" and hit.rank >= best and hit.license not in ids for hit in ranked):
        return NOASSERTION, ["only-mentioned"]
    if len(ids) > 1:
        return NOASSERTION, ["several-licences"]
    if best <= _WEAK and any(hit.kind == "ambiguous" for hit in hits):
        return NOASSERTION, ["ambiguous-version"]
    return (ids.pop() if ids else NOASSERTION), []


_WEAK = 5  # rank up to which an unversioned name leaves a page ambiguous
