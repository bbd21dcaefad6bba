"""Speed of deduplication beside other libraries, in one run.

    python -m bench.dedup [--texts N] [--signatures N…] [--lsh N] [--peers PYTHON] [--gpu]

Texts are invented; figures are the best of a few runs, per CPU-second of all threads. datasketch (a development
requirement) is always measured; `--peers` names a Python that has other libraries (see `bench/dedup_peers.py`), and
polars is measured where it can be imported. Clusters are made in a process of their own each, so that the memory that
is printed is what the method took beside the signatures. With `--gpu` the CUDA kernel is measured on the machine's GPU,
with the share of what its copies and its arithmetic would allow.
"""

import argparse
import importlib.util
import json
import multiprocessing
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from bench import dedup_peers
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

    def pick() -> str:
        return chance.choice(common if chance.random() < 0.3 else sentences)

    return ["".join(pick() for _ in range(chance.randrange(16, 160))) for _ in range(count)]


def ours(texts: pa.Array, count: int) -> Signatures:
    found = np.full((len(texts), count), EMPTY, dtype=np.uint32)
    sign_texts(*buffers(texts), SHINGLE, *permutations(count), found)
    return found


def signatures(console: Console, count: int, peers: str) -> None:
    texts = invented(count)
    few = texts[: max(1, count // 40)]
    rows: dict[str, float | str] = {
        "Kobunko, 128 permutations": dedup_peers.rate(_signing(128), texts, 5),
        "Kobunko, 256 permutations": dedup_peers.rate(_signing(256), texts, 5),
        "Kobunko, matching keys first": dedup_peers.rate(_signing(128, matching_keys), texts, 5),
    }
    if peers:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(few, file)
            file.flush()
            done = subprocess.run([peers, dedup_peers.__file__, file.name], stdout=subprocess.PIPE, check=True)
        rows |= json.loads(done.stdout)
    else:
        rows["datasketch bulk (SHA-1, the same signatures)"] = dedup_peers.rate(dedup_peers.datasketch, few)
    size = sum(len(text.encode()) for text in texts) / 1e6
    table = Table("", "MB/s", "times slower", title=f"{size:.0f} MB of text to signatures", title_justify="left")
    best = next(iter(rows.values()))
    for name, found in rows.items():
        shown = (found, "") if isinstance(found, str) else (f"{found:,.1f}", f"{float(best) / found:.1f}")
        table.add_row(name, *shown)
    console.print(table)


def _signing(
    count: int, before: Callable[[pa.Array], pa.Array] = lambda texts: texts
) -> Callable[[list[str]], dedup_peers.Work]:
    def prepare(texts: list[str]) -> dedup_peers.Work:
        array = pa.array(texts, pa.large_string())
        return lambda: ours(before(array), count)

    return prepare


def clusters(console: Console, count: int, lsh: int) -> None:
    """Signatures lie in a memory-mapped file, as they would."""
    title = f"{count:,} signatures to clusters ({BANDS} × {ROWS}, {THRESHOLD})"
    table = Table("", "CPU-s a million", "MB a million", "times slower", title=title, title_justify="left")
    with tempfile.TemporaryDirectory() as folder:
        matrix = _signatures(Path(folder) / "signatures", count)
        methods: list[tuple[str, Callable[[Signatures], object], int]]
        methods = [("Kobunko", families, count), ("polars, grouping of the bands alone", _polars, count)]
        methods += [("datasketch MinHashLSH", _datasketch, min(lsh, count))] if lsh else []
        best = 0.0
        for name, method, size in methods:
            if method is _polars and not importlib.util.find_spec("polars"):
                continue
            spent, memory = _alone(method, matrix[:size])
            spent, memory = spent * 1e6 / size, memory * 1e6 / size
            best = best or spent
            shown = name if size == count else f"{name} ({size:,})"
            table.add_row(shown, f"{spent:,.2f}", f"{memory:,.0f}", f"{spent / best:.1f}")
    console.print(table)


def _signatures(path: Path, count: int) -> Signatures:
    """Random signatures, of which a tenth nearly repeat another one."""
    generator = np.random.default_rng(1)
    matrix = np.memmap(path, np.uint32, "w+", shape=(count, 128))
    for start in range(0, count, 100_000):
        part = matrix[start : start + 100_000]
        part[:] = generator.integers(0, 1 << 32, part.shape, dtype=np.uint32)
        near = generator.choice(len(part), len(part) // 10, replace=False)
        copies = matrix[generator.integers(0, start + len(part), len(near))]
        copies[generator.random(copies.shape) < 0.1] = generator.integers(1 << 32)
        part[near] = copies
    matrix.flush()
    return matrix


def _alone(method: Callable[[Signatures], object], matrix: Signatures) -> tuple[float, float]:
    """CPU-seconds, and megabytes of memory that the process took itself, in a process of its own."""
    families(np.zeros((2, 128), np.uint32))  # compiled before the fork
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def work() -> None:
        before, done = _own_memory(), threading.Event()
        peak = [before]

        def watch() -> None:
            while not done.wait(0.02):
                peak[0] = max(peak[0], _own_memory())

        watching = threading.Thread(target=watch)
        watching.start()
        started = time.process_time()
        method(matrix)
        spent = time.process_time() - started
        done.set()
        watching.join()
        sending.send((spent, peak[0] - before))

    process = context.Process(target=work)
    process.start()
    sending.close()
    found: tuple[float, float] = receiving.recv()
    process.join()
    return found


def _own_memory() -> float:
    """Megabytes of this process that are no file's: the signatures are one."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


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


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of deduplication")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--signatures", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--lsh", type=int, default=20_000, help="of the first of them for datasketch's MinHashLSH")
    parser.add_argument("--peers", default="", help="a Python that has the other libraries")
    parser.add_argument("--gpu", action="store_true")
    asked = parser.parse_args()
    console = Console(width=110)
    if asked.gpu:
        on_gpu(console, asked.texts)
        return
    signatures(console, asked.texts, asked.peers)
    for number, count in enumerate(asked.signatures):
        clusters(console, count, 0 if number else asked.lsh)


if __name__ == "__main__":
    main()
