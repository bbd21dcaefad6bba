"""What a home holds and how far its documents have come."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from kobunko.corpus import Corpus, State
from kobunko.home import Home


def status(home: Home, corpus: Corpus) -> dict[str, Any]:
    """`{"captures", "documents", "by_source": {source: {"documents", "outcomes": {stage: {outcome: n}}}}, "runs"}`.

    Outcomes are those of the stages as they are configured now; `pending` and `waiting` documents have none yet, and
    documents that a stage has nothing to do with are not counted for it.
    """
    source_of = home.catalogue.sources_of()
    sources = np.array([source_of[name] for name in corpus.inputs["doc_id"].to_pylist()], dtype=object)
    by_source: dict[str, dict[str, Any]] = {
        str(source): {"documents": int(n), "outcomes": {}} for source, n in sorted(Counter(sources).items())
    }
    for name in corpus.stages:
        tally: dict[str, Counter[str]] = defaultdict(Counter)
        for source, outcome, state in zip(sources, corpus.outcomes(name), corpus.states(name), strict=True):
            if outcome or state in (State.PENDING, State.BLOCKED):
                tally[source][outcome or ("pending" if state == State.PENDING else "waiting")] += 1
        for source, counts in tally.items():
            by_source[source]["outcomes"][name] = dict(sorted(counts.items()))
    runs = [
        row | {"started_at": row["started_at"].isoformat(), "finished_at": _iso(row["finished_at"])}
        for row in home.catalogue.runs(limit=10)
    ]
    return {**home.catalogue.counts(), "by_source": by_source, "runs": runs}


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def failures(corpus: Corpus, limit: int = 10) -> list[dict[str, str]]:
    """Documents that ended in `reject:` or `error:` with the reason: so many of each stage at most, errors first."""
    found = []
    for name in corpus.stages:
        outcomes, failed = corpus.outcomes(name), np.flatnonzero(corpus.states(name) == State.FAILED)
        worst = sorted(failed, key=lambda place: not str(outcomes[place]).startswith("error:"))[:limit]
        for chunk in corpus.chunks(worst, ["url", f"{name}.outcome", f"{name}.detail"]):
            for row in chunk.to_pylist():
                told = {"outcome": row[f"{name}.outcome"], "detail": row[f"{name}.detail"]}
                found.append({"doc_id": row["doc_id"], "url": row["url"], "stage": name, **told})
    return found
