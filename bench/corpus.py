"""What became of the documents of a home, as the Markdown table of docs/measurements.md.

python bench/corpus.py HOME
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from kobunko import pipeline
from kobunko.corpus import Corpus
from kobunko.home import open_home
from kobunko.settings import load_settings
from kobunko.status import status


def main(home: Path) -> None:
    with open_home(load_settings(home)) as place:
        corpus = pipeline.corpus(place)
        facts = status(place, corpus)
        (run,) = [item for item in facts["runs"] if item["kind"] == "run"][:1]
        print("| source | documents | extract | ocr | text |\n|---|---|---|---|---|")
        for source, found in facts["by_source"].items():
            cells = [_outcomes(found["outcomes"].get(stage, {})) for stage in ("extract", "ocr", "text")]
            print(f"| {source} | {found['documents']} | {' | '.join(cells)} |")
        print("\n| stage | documents | seconds | per second |\n|---|---|---|---|")
        pages = _pages(corpus)
        for name, stage in run["summary"]["stages"].items():
            count, unit = (pages[name], "pages") if name in pages else (stage["documents"], "documents")
            rate = f"{count / max(stage['seconds'], 1e-9):.1f} {unit}"
            print(f"| {name} | {stage['documents']} | {stage['seconds']:.0f} | {rate} |")
        print(f"\n{facts['documents']} documents, {facts['captures']} captures")
        print(f"{pages['extract']} pages, {pages['ocr']} of them read by OCR")


def _outcomes(counts: dict[str, int]) -> str:
    return ", ".join(f"{outcome} {n}" for outcome, n in counts.items()) or "—"


def _pages(corpus: Corpus) -> Counter[str]:
    """Pages that came out of the extraction, and those of them that OCR read."""
    counts: Counter[str] = Counter()
    for chunk in corpus.chunks(np.arange(len(corpus)), ["extract.pages", "ocr.pages"]):
        for row in chunk.to_pylist():
            counts["extract"] += len(row["extract.pages"] or [])
            counts["ocr"] += len(row["ocr.pages"] or [])
    return counts


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
