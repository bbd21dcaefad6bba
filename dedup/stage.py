"""The stage `signature`: what duplicates, versions and quotations of a document are found by."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from kobunko.dedup import signature as scheme
from kobunko.dedup.designations import designations
from kobunko.dedup.normalise import KEY_VERSION, matching_key, without_layout
from kobunko.errors import Reject, UsageError
from kobunko.ids import sha256_hex
from kobunko.records import PageSpan, column
from kobunko.stage import Stage

PASSAGE_VERSION = 1
WORDS_VERSION = 1

Unit = Literal["characters", "words"]
Benchmarks = Mapping[str, Sequence[Path]]  # files by name of the set


@dataclass(frozen=True, slots=True)
class SignatureInput:
    text: str = column("text.text")
    pages: list[PageSpan] = column("text.pages")


@dataclass(frozen=True, slots=True)
class Signature:
    """`key_sha256` is the same for texts that are the same; `minhash` is 128 little-endian uint32 for near ones.

    `shingles` counts the 5-grams that were signed: below some dozens the estimate is rough. `passages` are
    sampled strings of 32 characters, as sorted little-endian uint64. `designations` is what the text calls itself.
    `contamination` is the share of its n-grams in benchmark sets, by name (JSON).
    """

    key_sha256: str
    minhash: bytes
    shingles: int
    passages: bytes
    designations: list[str]
    contamination: str


class Signer:
    """Signs documents one by one or, with less overhead and on a GPU where there is one, many together."""

    def __init__(self, unit: Unit = "characters", benchmarks: Benchmarks | None = None) -> None:
        from kobunko.dedup.contamination import benchmark

        self._unit = unit
        self._sets = {name: benchmark(files) for name, files in (benchmarks or {}).items()}

    def __call__(self, document: SignatureInput) -> Signature:
        (result,) = self.many([document])
        if isinstance(result, Reject):
            raise result
        return result

    def many(self, documents: Sequence[SignatureInput]) -> list[Signature | Reject]:
        from kobunko.dedup.contamination import overlap
        from kobunko.dedup.keys import matching_keys  # numba takes a second to load
        from kobunko.dedup.passages import passages

        plain = [without_layout(item.text, item.pages) for item in documents]
        keys = matching_keys(pa.array(plain, pa.large_string()))
        signatures, counts = self._signed(plain, keys)
        found = zip(documents, keys, signatures, counts, passages(keys), overlap(keys, self._sets), strict=True)
        return [
            Signature(
                key_sha256=sha256_hex(key.as_buffer()),
                minhash=scheme.to_bytes(values),
                shingles=max(1, count - scheme.SHINGLE + 1),
                passages=kept.astype("<u8").tobytes(),
                designations=designations(document.text),
                contamination=json.dumps(shares),
            )
            if len(key.as_buffer())
            else Reject("no-text", "nothing but white space")
            for document, key, values, count, kept, shares in found
        ]

    def _signed(self, plain: Sequence[str], keys: pa.Array) -> tuple[scheme.Signatures, list[int]]:
        """Signatures, and how many characters or words there are."""
        if self._unit == "characters":
            return scheme.signatures(keys), [len(key.as_py()) for key in keys]
        from kobunko.dedup.words import word_signatures, words_of

        words = list(words_of(plain))
        return word_signatures(words), [len(found) for found in words]


def shingles(text: str, pages: Sequence[PageSpan], unit: Unit = "characters") -> frozenset[str]:
    """The set of which the signature of a document is made."""
    if unit == "words":
        from kobunko.dedup.words import words_of

        (words,) = words_of([without_layout(text, pages)])
        return frozenset(" ".join(words[at : at + scheme.SHINGLE]) for at in _starts(words))
    key = matching_key(text, pages)
    return frozenset(key[at : at + scheme.SHINGLE] for at in _starts(key))


def _starts(units: Sequence[str]) -> range:
    return range(max(1, len(units) - scheme.SHINGLE + 1))


def make(unit: Unit = "characters", files: Benchmarks | None = None, **_: Any) -> Signer:
    return Signer(unit, files)


def signature_stage(
    after: tuple[Stage[Any, Any], ...], unit: Unit = "characters", benchmarks: Benchmarks | None = None
) -> Stage[SignatureInput, Signature]:
    """The stage as data; beside `unit` its parameters only name what the numbers were made with."""
    return Stage(
        name="signature",
        version=3,
        make=partial(make, files=benchmarks or {}),
        reads=SignatureInput,
        writes=Signature,
        params={
            "key": KEY_VERSION,
            "shingle": scheme.SHINGLE,
            "unit": unit,
            "words": WORDS_VERSION if unit == "words" else 0,
            "permutations": scheme.PERMUTATIONS,
            "seed": scheme.SEED,
            "passages": PASSAGE_VERSION,
            "benchmarks": {name: _digest(files) for name, files in (benchmarks or {}).items()},
        },
        after=after,
        batch=32,
    )


def _digest(files: Sequence[Path]) -> str:
    """What a set is known by: the sha256 of its files, one behind the other."""
    found = hashlib.sha256()
    for path in files:
        if not path.is_file():
            raise UsageError(f"{path} of a benchmark set is not a file: see `dedup.benchmarks` in the settings.")
        found.update(path.read_bytes())
    return found.hexdigest()
