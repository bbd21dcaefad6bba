"""Character error rates: what every measurement of recognised text compares by."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

import numpy as np

from kobunko.records import Line


def normal(text: str) -> str:
    """NFKC without white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def as_read(text: str, lines: Iterable[Line]) -> str:
    """The lines of a page in reading order, without the markup of tables and without ruby."""
    return "".join(text[line.start : line.end] for line in lines if line.kind != "ruby")


def error_rates(expected: str, found: str) -> tuple[float, float]:
    """Percent of characters that are wrong: in strict order, and wherever they stand."""
    expected, found = normal(expected), normal(found)
    missing, extra = (Counter(one) - Counter(two) for one, two in ((expected, found), (found, expected)))
    free = max(missing.total(), extra.total())
    return 100 * edit_distance(expected, found) / len(expected), 100 * free / len(expected)


def edit_distance(one: str, two: str) -> int:
    """Levenshtein distance, a row at a time."""
    codes = np.array([ord(character) for character in two])
    steps = np.arange(len(two) + 1)
    row = steps
    for number, character in enumerate(one, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(character)))
        best = np.concatenate([[number], best])
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])
