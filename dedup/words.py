"""Word shingles: signatures of the set of five words in a row, for who compares with tools that sign words.

Words are those of fugashi with unidic-lite (wakati only, which is five times as fast as asking for features), joined by
single spaces; `datasketch` gets the same from `" ".join(words[i : i + 5])`.
"""

from collections.abc import Iterator, Sequence
from unicodedata import normalize

import numpy as np

from kobunko.dedup.signature import EMPTY, PERMUTATIONS, SHINGLE, Signatures, permutations

_PIECE = 20_000  # characters that MeCab gets at once; a few megabytes end its process


def words_of(texts: Sequence[str]) -> Iterator[list[str]]:
    """Words of each text in the form NFKC."""
    import fugashi
    import unidic_lite

    tagger = fugashi.GenericTagger(f'-Owakati -d "{unidic_lite.DICDIR}" -r "{unidic_lite.DICDIR}/dicrc"')
    for text in texts:
        plain = normalize("NFKC", text)
        pieces = (plain[start : start + _PIECE] for start in range(0, len(plain), _PIECE))
        yield [word for piece in pieces for word in tagger.parse(piece).split()]


def word_signatures(texts: Sequence[Sequence[str]], count: int = PERMUTATIONS) -> Signatures:
    """Signatures of the 5-grams of the words of texts; a text of fewer words is its own only shingle."""
    from kobunko.dedup.kernel import sign_spans

    data, starts, ends, bounds = bytearray(), [], [], [0]
    for words in texts:
        edges = []
        for word in words:
            begin = len(data)
            data += word.encode()
            edges.append((begin, len(data)))
            data += b" "
        reach = min(SHINGLE, len(edges))
        if reach:
            starts += [begin for begin, _ in edges[: len(edges) - reach + 1]]
            ends += [end for _, end in edges[reach - 1 :]]
        bounds.append(len(starts))
    found = np.full((len(texts), count), EMPTY, dtype=np.uint32)
    first, last, texts_of = (np.array(values, dtype=np.int64) for values in (starts, ends, bounds))
    sign_spans(np.frombuffer(bytes(data), np.uint8), first, last, texts_of, *permutations(count), found)
    return found
