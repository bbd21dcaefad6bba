"""How far two texts are apart."""

import numpy as np


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
