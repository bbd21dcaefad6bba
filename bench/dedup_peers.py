"""Speed of other libraries' signatures, run by `bench.dedup --peers PYTHON` in the Python that has them.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install datasketch rensa 'hojichar[dedup]' daft 'datatrove[processing]' spacy[ja]
    python -m bench.dedup --peers /tmp/peers/bin/python

It needs nothing of Kobunko. The file named on the command line holds a JSON list of texts; what is printed is a JSON
object of megabytes per CPU-second, or the reason why there is no figure, by name. All peers sign the same 5-grams of
characters with 128 permutations, as far as they can: daft and datatrove know words only, so daft is given the
characters with spaces between them (outside the time that is measured), and datatrove its own Japanese tokeniser.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Work = Callable[[], Any]


def datasketch(texts: list[str]) -> Work:
    from datasketch import MinHash

    return lambda: MinHash.bulk([[text[i : i + 5].encode() for i in range(len(text) - 4)] for text in texts])


def rensa(texts: list[str]) -> Work:
    from rensa import RMinHash

    def work() -> None:
        for text in texts:
            RMinHash(num_perm=128, seed=1).update([text[i : i + 5] for i in range(len(text) - 4)])

    return work


def rensa_matrix(texts: list[str]) -> Work:
    from rensa import RMinHash

    def work() -> object:
        sets = [[text[i : i + 5] for i in range(len(text) - 4)] for text in texts]
        return RMinHash.digest_matrix_from_token_sets(sets, num_perm=128, seed=1)

    return work


def hojichar(texts: list[str]) -> Work:
    from hojichar.filters.deduplication import GenerateDedupLSH

    signer = GenerateDedupLSH(num_perm=128, n_grams=5)
    return lambda: [signer.calculate_minhash_signature(text) for text in texts]


def daft(texts: list[str]) -> Work:
    import daft
    from daft.functions import minhash

    frame = daft.from_pydict({"text": [" ".join(text) for text in texts]}).collect()
    return lambda: frame.select(minhash(daft.col("text"), num_hashes=128, ngram_size=5)).collect()


def datatrove(texts: list[str]) -> Work:
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.typeshelper import Languages

    signer = MinhashDedupSignature("/tmp/unused", MinhashConfig(num_buckets=16), language=Languages.japanese)
    return lambda: [signer.get_signature(signer.get_shingles(text)) for text in texts]


PEERS: dict[str, Callable[[list[str]], Work]] = {
    "datasketch bulk (SHA-1, the same signatures)": datasketch,
    "rensa, one by one": rensa,
    "rensa, a matrix": rensa_matrix,
    "HojiChar": hojichar,
    "daft (characters as words)": daft,
    "datatrove (words)": datatrove,
}


def rate(prepare: Callable[[list[str]], Work], texts: list[str], times: int = 3) -> float:
    """Megabytes of text per CPU-second of all threads, the best of a few runs after a first one."""
    work = prepare(texts)
    prepare(texts[:2])()
    spent = []
    for _ in range(times):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return sum(len(text.encode()) for text in texts) / 1e6 / min(spent)


def main() -> None:
    texts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found: dict[str, float | str] = {}
    for name, prepare in PEERS.items():
        try:
            found[name] = rate(prepare, texts)
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"[:200]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
