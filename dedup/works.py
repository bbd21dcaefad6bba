"""Different documents and versions of one: what keeps near duplicates apart, and which of them follows which.

A template (a yearly ordinance, a short court order) gives texts that differ in a number and a date; they are different
documents. A law as it stood on two days, a filing and its correction are versions of one work: they are linked by
`supersedes`, and stay apart, because whoever drops one of them loses what the law was.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from kobunko.dedup.designations import law_in

SHORTEST = 0.6  # of the longest text of a cluster; a copy that lost a page is longer
KIN = 0.3  # similarity of two versions of one law, however much was amended; what merely cites it has a tenth of that
FORMS = 8  # of a law that a text with its number is compared with

Facts = Mapping[str, Any]


def marks(facts: Facts) -> dict[str, str]:
    """What a document is, as far as it says so, by kind: two documents that differ in a kind are different ones.

    Kinds: `law` and `case` (from the text), `law-id`, `revision` (from e-Gov's names), and `version:<work>`.
    """
    found = dict(item.split(":", 1) for item in facts.get("designations") or ())
    law, revision = _law(facts)
    if law:
        found.pop("law", None)  # the law's own id is better than the first number in its text
        found["law-id"] = law
    if revision:
        found["revision"] = revision
    if facts.get("work_id"):
        found[f"version:{facts['work_id']}"] = str(facts.get("key_sha256"))
    return found


def _law(facts: Facts) -> tuple[str, str]:
    return law_in(*(facts.get(name) or "" for name in ("source_version", "source_key", "url")))


def compatible(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two documents, or two clusters, may be the same by what they say of themselves."""
    return all(other.get(kind, value) == value for kind, value in one.items())


def has_kin(facts: Facts) -> tuple[bool, str]:
    """Whether a document says that it is a form or a version of something, and the id of the one that it corrects."""
    corrected = _corrects(facts)
    return bool(any(_law(facts)) or _number(facts) or corrected), corrected


def supersedes(documents: Sequence[Facts]) -> dict[str, list[str]]:
    """For every document the versions that it followed directly: usually one, or none."""
    chains: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    by_key = {(facts["source"], facts["source_key"]): facts["doc_id"] for facts in documents}
    found: dict[str, set[str]] = defaultdict(set)
    for facts in documents:
        law, revision = _law(facts)
        if law and revision:
            chains["law", law][revision].append(facts["doc_id"])
        elif facts.get("work_id") and facts.get("published"):
            moment = f"{facts['published']} {facts['source_version']}"
            chains["work", facts["work_id"]][moment].append(facts["doc_id"])
        corrected = _corrects(facts)
        if corrected and (facts["source"], corrected) in by_key:
            found[facts["doc_id"]].add(by_key[facts["source"], corrected])
    for versions in chains.values():
        ordered = [versions[moment] for moment in sorted(versions)]
        for earlier, later in pairwise(ordered):
            for name in later:
                found[name].update(earlier)
    return {name: sorted(earlier - {name}) for name, earlier in found.items()}


def _corrects(facts: Facts) -> str:
    """The id of the filing that a 訂正 corrects, as EDINET's list of documents gives it."""
    metadata = json.loads(facts.get("metadata") or "{}")
    return str(metadata.get("parentDocID") or "") if isinstance(metadata, dict) else ""


def separate(members: Sequence[Facts], similar: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Divides a family into clusters: closest pairs first, and never two that say they are different.

    `similar` are the pairs of positions in order of closeness. Members that say nothing of themselves go where the
    text is closest, but for one thing: what does not say which revision of a law it is joins a revision only if it has
    the very same text. The result is in order of position.
    """
    cluster = list(range(len(members)))
    groups = {place: [place] for place in cluster}
    said = {place: marks(facts) for place, facts in enumerate(members)}
    texts = {place: {facts.get("key_sha256")} for place, facts in enumerate(members)}
    for one, other in similar:
        a, b = sorted((cluster[one], cluster[other]))
        unsaid = ("revision" in said[a]) != ("revision" in said[b])
        if a == b or not compatible(said[a], said[b]) or (unsaid and not texts[a] & texts[b]):
            continue
        if not as_long([members[one], members[other]]):
            continue
        said[a] = said[a] | said.pop(b)
        texts[a] |= texts.pop(b)
        for place in groups[b]:
            cluster[place] = a
        groups[a] += groups.pop(b)
    return [sorted(group) for _, group in sorted(groups.items())]


def as_long(members: Sequence[Facts]) -> bool:
    """Whether texts are of about one length. Two editions side by side say most things twice, and a set of shingles
    does not notice: such a comparison is a copy of neither."""
    lengths = [facts["shingles"] for facts in members if facts.get("shingles")]
    return not lengths or min(lengths) >= SHORTEST * max(lengths)


def works(documents: Sequence[Facts], similarity: Callable[[int, int], float]) -> list[tuple[int, int]]:
    """Pairs of positions of documents that are forms or versions of the same work.

    Those are documents with one law id or one work id, corrections, and texts that name the number of a law at their
    head and are at least `KIN` like a text of that law: a notice that only cites the law is not. What the pairs
    connect is one work.
    """
    firsts: dict[str, int] = {}
    laws: dict[str, list[int]] = defaultdict(list)
    by_key = {(facts.get("source"), facts.get("source_key")): place for place, facts in enumerate(documents)}
    pairs = list[tuple[int, int]]()
    for place, facts in enumerate(documents):
        said = marks(facts)
        names = [said["law-id"]] if "law-id" in said else []
        names += [kind for kind in said if kind.startswith("version:")]
        pairs += [(firsts.setdefault(name, place), place) for name in names]
        corrected = _corrects(facts)
        if corrected and (facts.get("source"), corrected) in by_key:
            pairs.append((by_key[facts.get("source"), corrected], place))
        if "law-id" in said and (number := _number(facts)):
            laws[number].append(place)
    for place, facts in enumerate(documents):
        if "law-id" not in marks(facts):
            forms = laws[_number(facts)][:FORMS]
            pairs += [(law, place) for law in forms if similarity(place, law) >= KIN][:1]
    return pairs


def _number(facts: Facts) -> str:
    return next((said for said in facts.get("designations") or () if said.startswith("law:")), "")
