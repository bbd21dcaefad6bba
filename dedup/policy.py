"""Which document of a cluster stands for it, and why: rights first, then how well it could be read.

The order of the criteria is the policy. The reason that is recorded is the first one in which the chosen document is
better than the next best.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

# The more a format says of the structure of a text, the less had to be guessed.
_FORMATS = ("law-xml", "law-json", "xbrl", "edinet", "judgment", "xml", "json", "html", "docx", "xlsx", "csv", "pptx")
_OFFICIAL = (".go.jp", ".lg.jp")
ONLY_ONE = "only one"
_OPEN = {"allow": 0, "allow+conditions": 1}


def _rights(facts: Mapping[str, Any]) -> int:
    return _OPEN.get(facts.get("redistribute") or "", 2)


def _reading(facts: Mapping[str, Any]) -> int:
    return facts.get("ocr_confidence") is not None


def _format(facts: Mapping[str, Any]) -> int:
    name = (facts.get("format") or "").lower()
    return _FORMATS.index(name) if name in _FORMATS else len(_FORMATS)


def _host(facts: Mapping[str, Any]) -> int:
    host = urlsplit(facts.get("url") or "").hostname or ""
    return not host.endswith(_OFFICIAL)


def _confidence(facts: Mapping[str, Any]) -> float:
    return -(facts.get("ocr_confidence") or 1.0)


def _length(facts: Mapping[str, Any]) -> int:
    return -(facts.get("characters") or 0)


def _id(facts: Mapping[str, Any]) -> str:
    return str(facts["doc_id"])


CRITERIA: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "rights": _rights,
    "text over OCR": _reading,
    "format": _format,
    "official host": _host,
    "OCR confidence": _confidence,
    "longest text": _length,
    "smallest id": _id,
}


def canonical(members: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The id of the document that stands for its cluster, and the criterion that decided.

    A member has `doc_id` and, where they are known, `redistribute`, `format`, `ocr_confidence`, `url`, `characters`.
    """
    ranked = sorted((tuple(rank(facts) for rank in CRITERIA.values()), facts["doc_id"]) for facts in members)
    best = ranked[0]
    if len(ranked) == 1:
        return best[1], ONLY_ONE
    decided = next(name for name, one, other in zip(CRITERIA, best[0], ranked[1][0], strict=True) if one != other)
    return best[1], decided
