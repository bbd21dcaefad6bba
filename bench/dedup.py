"""Speed of deduplication beside other libraries, in one run.

    python -m bench.dedup [--texts N] [--signatures N] [--gpu]

Texts are invented (a tenth of each repeats itself, as laws do); figures are medians, per CPU-second of one core.
Peers are measured when they can be imported: datasketch (a development requirement), rensa, polars. With `--gpu` the
CUDA kernel is measured on the machine's GPU, with the share of what its copies and its arithmetic would allow.
"""

import argparse
import importlib.util
import random
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from kobunko.dedup import gpu
from kobunko.dedup.bands import BANDS, ROWS, THRESHOLD, band_keys, families
from kobunko.dedup.kernel import sign_texts
from kobunko.dedup.keys import matching_keys
from kobunko.dedup.signature import EMPTY, SHINGLE, Signatures, buffers, permutations

INT32_PER_CLOCK = 64  # lanes for 32-bit integers of one multiprocessor (Ampere to Hopper)
OPERATIONS = {"hash": 1100, "permutation": 3}  # of a shingle: SHA-1 with its schedule, and one permutation
PCIE = 55e9  # bytes a second that pinned copies reach on an H100 host


def invented(count: int, seed: int = 1) -> list[str]:
    """Texts of 600 to 6,000 characters, of sentences that come again."""
    chance = random.Random(seed)
    letters = [chr(code) for code in (*range(0x3042, 0x3094), *range(0x4E00, 0x5600))]
    sentences = ["".join(chance.choices(letters, k=chance.randrange(12, 60))) + "。" for _ in range(20 * count)]
    common = sentences[: max(20, count)]
    pick = lambda: chance.choice(common if chance.random() < 0.3 else sentences)  # noqa: E731
    return ["".join(pick() for _ in range(chance.randrange(16, 160))) for _ in range(count)]


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Median CPU time."""
    found = []
    for _ in range(times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return statistics.median(found)


def ours(texts: pa.Array, count: int) -> Signatures:
    found = np.full((len(texts), count), EMPTY, dtype=np.uint32)
    sign_texts(*buffers(texts), SHINGLE, *permutations(count), found)
    return found


def signatures(console: Console, count: int) -> None:
    texts = invented(count)
    array, size = pa.array(texts, pa.large_string()), sum(len(text.encode()) for text in texts)
    ours(array[:2], 128), matching_keys(array[:2])
    rows: list[tuple[str, float]] = [
        ("Kobunko, 128 permutations", size / seconds(lambda: ours(array, 128))),
        ("Kobunko, 256 permutations", size / seconds(lambda: ours(array, 256))),
        ("Kobunko, matching keys first", size / seconds(lambda: ours(matching_keys(array), 128))),
    ]
    few = texts[: max(1, count // 50)]
    part = sum(len(text.encode()) for text in few)
    from datasketch import MinHash

    shingled = lambda: [[text[i : i + 5].encode() for i in range(len(text) - 4)] for text in few]  # noqa: E731
    rows.append(("datasketch bulk (SHA-1, the same signatures)", part / seconds(lambda: MinHash.bulk(shingled()), 3)))
    if importlib.util.find_spec("rensa"):
        from rensa import RMinHash

        def rensa() -> None:
            for text in few:
                RMinHash(num_perm=128, seed=1).update([text[i : i + 5] for i in range(len(text) - 4)])

        rows.append(("rensa as shipped", part / seconds(rensa, 3)))
    _show(console, f"{size / 1e6:.0f} MB of text to signatures", "MB/s", rows)


def clusters(console: Console, count: int) -> None:
    generator = np.random.default_rng(1)
    matrix = generator.integers(0, 1 << 32, (count, 128), dtype=np.uint32)
    for near in generator.choice(count, count // 10, replace=False):
        matrix[near] = matrix[generator.integers(count)]
        matrix[near, generator.random(128) < 0.1] = generator.integers(1 << 32)
    families(matrix[:10])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = seconds(lambda: families(matrix), 1)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    rows = [(f"Kobunko ({memory:.0f} MB more memory)", count / spent)]
    if importlib.util.find_spec("polars"):
        rows.append(("polars: group_by of the bands alone", count / seconds(lambda: _polars(matrix), 1)))
    few = matrix[: min(count, 20_000)]
    rows.append((f"datasketch MinHashLSH ({len(few)} documents)", len(few) / seconds(lambda: _datasketch(few), 1)))
    _show(console, f"{count} signatures to clusters ({BANDS} × {ROWS}, {THRESHOLD})", "documents/s", rows)


def _polars(matrix: Signatures) -> None:
    import polars

    for band in range(BANDS):
        frame = polars.DataFrame({"key": band_keys(matrix, band), "row": np.arange(len(matrix))})
        frame.group_by("key").agg(polars.col("row")).filter(polars.col("row").list.len() > 1)


def _datasketch(matrix: Signatures) -> None:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=128, params=(BANDS, ROWS))
    for number, values in enumerate(matrix):
        signature = MinHash(num_perm=128, seed=1, scheme="affine32", hashvalues=values)
        index.query(signature)
        index.insert(number, signature)


def on_gpu(console: Console, count: int) -> None:
    found = gpu._device()
    if found is None:
        raise SystemExit("no GPU: see the reason above (kobunko[gpu] and a driver are needed)")
    properties = found[0].properties
    clock, units = properties.clock_rate * 1e3, properties.multiprocessor_count
    data, offsets = buffers(pa.array(invented(count) * 20, pa.large_string()))
    for permuted in (128, 256):
        factors, terms = permutations(permuted)
        target = np.full((len(offsets) - 1, permuted), EMPTY, dtype=np.uint32)
        gpu._sign_texts(*found, data, offsets, factors, terms, target)
        started = time.perf_counter()
        gpu._sign_texts(*found, data, offsets, factors, terms, target)
        spent = time.perf_counter() - started
        expected = ours(pa.array(invented(count), pa.large_string()), permuted)
        assert np.array_equal(target[:count], expected), "the GPU's signatures are not those of the CPU"
        operations = len(data) / 3 * (OPERATIONS["hash"] + permuted * OPERATIONS["permutation"])
        roof = max(operations / (INT32_PER_CLOCK * units * clock), len(data) / PCIE)
        rate = f"{len(target) / spent:,.0f} documents/s, {len(data) / spent / 1e9:.2f} GB/s"
        console.print(f"{found[0].name}, {permuted} permutations: {rate}, {roof / spent:.0%} of the roofline")


def _show(console: Console, title: str, unit: str, rows: list[tuple[str, float]]) -> None:
    scale = 1e6 if unit == "MB/s" else 1
    table = Table("", unit, "times slower", title=title, title_justify="left")
    for name, rate in rows:
        table.add_row(name, f"{rate / scale:,.1f}", f"{rows[0][1] / rate:.1f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of deduplication")
    parser.add_argument("--texts", type=int, default=3000)
    parser.add_argument("--signatures", type=int, default=1_000_000)
    parser.add_argument("--gpu", action="store_true")
    asked = parser.parse_args()
    console = Console(width=110)
    if asked.gpu:
        on_gpu(console, asked.texts)
        return
    signatures(console, asked.texts)
    clusters(console, asked.signatures)


if __name__ == "__main__":
    main()
