import numpy as np
from datasketch import MinHash

from kobunko.dedup.signature import EMPTY, from_bytes
from kobunko.dedup.stage import SignatureInput, shingles, signature_stage
from kobunko.dedup.words import word_signatures, words_of

TEXTS = [
    "潮汐省は、架空湾における潮位の観測を毎月行い、その結果を公表する。" * 3,
    "告示",
    "",
    "internationalisation " * 9,
]


def test_word_signatures_are_those_of_datasketch() -> None:
    for words, values in zip(words_of(TEXTS), word_signatures(list(words_of(TEXTS))), strict=True):
        checked = MinHash(num_perm=128, seed=1)
        for start in range(max(1, len(words) - 4)):
            checked.update(" ".join(words[start : start + 5]).encode())
        assert np.array_equal(values, checked.hashvalues if words else np.full(128, EMPTY))


def test_the_unit_of_signatures_is_a_setting() -> None:
    characters, words = signature_stage(()), signature_stage((), "words")
    assert characters.fingerprint != words.fingerprint
    signed = words.make(**words.params)(SignatureInput(TEXTS[0], []))
    assert np.array_equal(from_bytes([signed.minhash])[0], word_signatures(list(words_of(TEXTS[:1])))[0])
    checked = MinHash(num_perm=128, seed=1)
    for shingle in shingles(TEXTS[0], [], "words"):
        checked.update(shingle.encode())
    assert np.array_equal(from_bytes([signed.minhash])[0], checked.hashvalues)
