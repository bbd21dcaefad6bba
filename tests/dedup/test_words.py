import numpy as np
from datasketch import MinHash

from kobunko.dedup.signature import EMPTY
from kobunko.dedup.words import word_signatures, words_of

TEXTS = [
    "潮汐省は、架空湾における潮位の観測を毎月行い、その結果を公表する。" * 3,
    "告示",
    "",
    "internationalisation " * 9,
]


def test_word_signatures_are_those_of_datasketch() -> None:
    for words, values in zip(words_of(TEXTS), word_signatures(TEXTS), strict=True):
        checked = MinHash(num_perm=128, seed=1)
        for start in range(max(1, len(words) - 4)):
            checked.update(" ".join(words[start : start + 5]).encode())
        assert np.array_equal(values, checked.hashvalues if words else np.full(128, EMPTY))
