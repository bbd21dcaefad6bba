"""The stage `signature`: what duplicates, versions and quotations of a document are found by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kobunko.dedup import signature as scheme
from kobunko.dedup.designations import designations
from kobunko.dedup.normalise import KEY_VERSION, without_layout
from kobunko.errors import Reject
from kobunko.ids import sha256_hex
from kobunko.records import PageSpan, column
from kobunko.stage import Stage

PASSAGE_VERSION = 1


@dataclass(frozen=True, slots=True)
class SignatureInput:
    text: str = column("text.text")
    pages: list[PageSpan] = column("text.pages")


@dataclass(frozen=True, slots=True)
class Signature:
    """`key_sha256` is the same for texts that are the same; `minhash` is 128 little-endian uint32 for near ones.

    `shingles` counts the 5-grams that were signed: below some dozens the estimate is rough. `passages` are
    sampled strings of 32 characters, as sorted little-endian uint64. `designations` is what the text calls itself.
    """

    key_sha256: str
    minhash: bytes
    shingles: int
    passages: bytes
    designations: list[str]


class Signer:
    """Signs documents one by one or, with less overhead and on a GPU where there is one, many together."""

    def __call__(self, document: SignatureInput) -> Signature:
        (result,) = self.many([document])
        if isinstance(result, Reject):
            raise result
        return result

    def many(self, documents: Sequence[SignatureInput]) -> list[Signature | Reject]:
        from kobunko.dedup.keys import matching_keys  # numba takes a second to load
        from kobunko.dedup.passages import passages

        keys = matching_keys(pa.array([without_layout(item.text, item.pages) for item in documents], pa.large_string()))
        found = zip(documents, keys, scheme.signatures(keys), passages(keys), strict=True)
        return [
            Signature(
                key_sha256=sha256_hex(key.as_buffer()),
                minhash=scheme.to_bytes(values),
                shingles=max(1, len(key.as_py()) - scheme.SHINGLE + 1),
                passages=kept.astype("<u8").tobytes(),
                designations=designations(document.text),
            )
            if len(key.as_buffer())
            else Reject("no-text", "nothing but white space")
            for document, key, values, kept in found
        ]


def make(**_: Any) -> Signer:
    return Signer()


def signature_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[SignatureInput, Signature]:
    """The stage as data; its parameters only name what the numbers were made with."""
    return Stage(
        name="signature",
        version=3,
        make=make,
        reads=SignatureInput,
        writes=Signature,
        params={
            "key": KEY_VERSION,
            "shingle": scheme.SHINGLE,
            "permutations": scheme.PERMUTATIONS,
            "seed": scheme.SEED,
            "passages": PASSAGE_VERSION,
        },
        after=after,
        batch=32,
    )
