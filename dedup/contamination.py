"""Contamination: how much of a document stands in benchmark sets that an operator names (`dedup.benchmarks`).

A benchmark's item is found by its n-grams of 13 characters, all of them, unlike passages, of which a sample is kept: a
question of two lines has to be found too.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko.dedup.keys import matching_keys
from kobunko.distinct import distinct

GRAM = 13  # characters of the key

Grams = NDArray[np.uint64]


def grams(keys: pa.Array) -> list[Grams]:
    """For every key the hashes of its n-grams, each once, in order."""
    from kobunko.dedup.passages import windows

    return windows(keys, GRAM, 1)


def benchmark(files: Iterable[Path]) -> Grams:
    """The n-grams of a set: text files, or JSON lines of which every string counts; one item a line."""
    items = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return distinct(np.concatenate([np.empty(0, np.uint64), *grams(matching_keys(pa.array(items, pa.large_string())))]))


def overlap(keys: pa.Array, sets: Mapping[str, Grams]) -> list[dict[str, float]]:
    """For every key, by set, the share of its n-grams that are in the set; only sets that it meets at all."""
    if not sets:
        return [{} for _ in range(len(keys))]
    shares = [{name: _share(mine, known) for name, known in sets.items()} for mine in grams(keys)]
    return [{name: share for name, share in found.items() if share} for found in shares]


def _share(mine: Grams, known: Grams) -> float:
    if not len(mine) or not len(known):
        return 0.0
    places = np.minimum(np.searchsorted(known, mine), len(known) - 1)
    return float(np.mean(known[places] == mine))
