"""Deduplication: how well known edits are found, and whether real laws and court orders are kept apart.

The curve is of invented documents with known edits, against the true Jaccard similarity of the pair:
`python -c "from bench.quality.dedup import plot; plot('docs/dedup-recall.png')"` draws it. Laws (XML and JSON, several
revisions) and the shortest court orders are those of the samples.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kobunko.dedup.bands import THRESHOLD, families
from kobunko.dedup.clusters import cluster
from kobunko.dedup.designations import law_in
from kobunko.dedup.keys import matching_keys
from kobunko.dedup.signature import from_bytes, signatures
from kobunko.dedup.stage import Signature, SignatureInput, Signer
from kobunko.pipeline import reading_stages
from kobunko.single import read_file

NEEDS_SAMPLES = True
PAIRS = 2000
LARGEST = 400_000  # bytes of a law that is read here
FLOORS: dict[str, tuple[str, float]] = {
    "recall of pairs at Jaccard 0.8 to 0.85": (">=", 0.9),
    "recall of pairs at Jaccard 0.85 and more": (">=", 0.98),
    "precision of pairs that are joined": (">=", 1.0),
    "error of the estimate, of the theoretical one": ("<=", 1.1),
    "revisions of a law that were merged": ("==", 0),
    "revisions of a law that are linked": (">=", 1.0),
    "formats of a revision that share a cluster": (">=", 1.0),
    "court orders that were merged": ("==", 0),
}


def shingles(key: str) -> set[str]:
    return {key[start : start + 5] for start in range(max(1, len(key) - 4))}


def edited(text: str, share: float, kind: str, chance: random.Random) -> str:
    """A text of which a share was changed: single characters (as OCR errs), or whole sentences."""
    letters = [chr(code) for code in range(0x4E00, 0x5000)]
    if kind == "characters":
        return "".join(chance.choice(letters) if chance.random() < share else one for one in text)
    changed = [
        "".join(chance.choices(letters, k=len(one))) if chance.random() < share else one for one in text.split("。")
    ]
    return ("\n" if kind == "reflow" else "") + "。\n".join(changed)


def curve() -> list[tuple[float, float, bool]]:
    """`(true Jaccard, estimate, joined)` of pairs of a document and its edited copy."""
    chance = random.Random(7)
    letters = [chr(code) for code in (*range(0x3042, 0x3094), *range(0x4E00, 0x5600))]
    texts = []
    for number in range(PAIRS):
        sentences = [
            "".join(chance.choices(letters, k=chance.randrange(20, 50))) for _ in range(chance.randrange(10, 60))
        ]
        kind = ("characters", "sentences", "reflow")[number % 3]
        share = chance.uniform(0, 0.06) if kind == "characters" else chance.uniform(0, 0.5)
        texts += ["。".join(sentences), edited("。".join(sentences), share, kind, chance)]
    keys = matching_keys(pa.array(texts, pa.large_string()))
    matrix, sets = signatures(keys), [shingles(key) for key in keys.to_pylist()]
    found = []
    for first in range(0, 2 * PAIRS, 2):
        a, b = sets[first], sets[first + 1]
        real = len(a & b) / len(a | b)
        labels = families(matrix[first : first + 2], jaccard=lambda _one, _other, real=real: real)
        found.append((real, float(np.mean(matrix[first] == matrix[first + 1])), bool(labels[1] == 0)))
    return found


def plot(path: str) -> None:
    """Draws how likely a pair is found by its true similarity. Needs matplotlib, which Kobunko does not."""
    from matplotlib import pyplot

    found, edges = curve(), np.linspace(0.5, 1, 21)
    places = np.digitize([real for real, _, _ in found], edges)
    shares = [[joined for (_, _, joined), at in zip(found, places, strict=True) if at == n] for n in range(1, 21)]
    figure, axes = pyplot.subplots(figsize=(6, 3.2), dpi=90)
    axes.plot(
        (edges[:-1] + edges[1:]) / 2, [np.mean(one) if one else np.nan for one in shares], marker="o", label="measured"
    )
    fine = np.linspace(0.5, 1, 200)
    axes.plot(fine, 1 - (1 - fine**8) ** 16, linestyle=":", label="shares a band (16 × 8)")
    axes.axvline(THRESHOLD, color="grey", linewidth=0.8)
    axes.set(xlabel="true Jaccard similarity", ylabel="pairs in one family", ylim=(-0.03, 1.03))
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def measure(samples: Path) -> dict[str, float]:
    return _curve_figures() | _real_figures(samples)


def _curve_figures() -> dict[str, float]:
    found = curve()
    close = [joined for real, _, joined in found if THRESHOLD <= real < 0.85]
    closer = [joined for real, _, joined in found if real >= 0.85]
    joined = [real >= THRESHOLD for real, _, together in found if together]
    errors = [(estimate - real) ** 2 for real, estimate, _ in found]
    theory = [real * (1 - real) / 128 for real, _, _ in found]
    return {
        "recall of pairs at Jaccard 0.8 to 0.85": float(np.mean(close)),
        "recall of pairs at Jaccard 0.85 and more": float(np.mean(closer)),
        "precision of pairs that are joined": float(np.mean(joined)),
        "error of the estimate, of the theoretical one": float(np.sqrt(np.mean(errors) / np.mean(theory))),
    }


def _read(samples: Path) -> Iterator[tuple[dict[str, Any], Signature]]:
    rows = [json.loads(line) for line in (samples / "import.jsonl").read_text().splitlines()]
    laws = [row for row in rows if row["source"] == "egov_laws" and law_in(row.get("url", ""), row["path"])[1]]
    courts = [row for row in rows if row["source"] == "courts" and row["path"].endswith(".pdf")]
    courts.sort(key=lambda row: (samples / row["path"]).stat().st_size)
    for number, row in enumerate([*laws, *courts[:40]]):
        if (samples / row["path"]).stat().st_size > LARGEST:
            continue
        read = read_file(
            samples / row["path"], reading_stages(), engine="inline", source=row["source"], url=row.get("url", "")
        )
        if read["text"]:
            facts = {"doc_id": f"{row['source']}-{number:04}", "source": row["source"], "source_key": row["path"]}
            yield facts | {"url": row.get("url", "")}, Signer()(SignatureInput(read["text"], []))


def _real_figures(samples: Path) -> dict[str, float]:
    documents = list(_read(samples))
    facts = [known | {"designations": s.designations, "passages": s.passages} for known, s in documents]
    ids, keys = [known["doc_id"] for known in facts], [s.key_sha256 for _, s in documents]
    table = cluster(ids, keys, from_bytes([s.minhash for _, s in documents]), facts=facts).to_pylist()
    rows = {row["doc_id"]: row for row in table}
    clusters: dict[str, set[str]] = defaultdict(set)
    revisions: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for known in facts:
        law, revision = law_in(known["url"], known["source_key"])
        clusters[rows[known["doc_id"]]["cluster_id"]].add(revision if law else known["doc_id"])
        if law:
            revisions[law][revision].append(known["doc_id"])
    later = [name for found in revisions.values() for revision in sorted(found)[1:] for name in found[revision]]
    formats = [names for found in revisions.values() for names in found.values() if len(names) > 1]
    orders = [found for name, found in clusters.items() if name.startswith("courts")]
    return {
        "documents": float(len(ids)),
        "revisions of a law that were merged": float(sum(len(found) > 1 for found in clusters.values())),
        "revisions of a law that are linked": float(np.mean([bool(rows[name]["supersedes"]) for name in later])),
        "formats of a revision that share a cluster": float(
            np.mean([len({rows[name]["cluster_id"] for name in names}) == 1 for names in formats])
        ),
        "court orders that were merged": float(sum(len(found) > 1 for found in orders)),
    }
