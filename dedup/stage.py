"""The stage `signature`: what duplicates of a document are found by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kobunko.dedup.normalise import KEY_VERSION, matching_key
from kobunko.dedup.signature import PERMUTATIONS, SEED, SHINGLE, distinct_shingles, minhash, to_bytes
from kobunko.errors import Reject
from kobunko.ids import sha256_hex
from kobunko.records import column
from kobunko.stage import Stage


@dataclass(frozen=True, slots=True)
class SignatureInput:
    text: str = column("text.text")


@dataclass(frozen=True, slots=True)
class Signature:
    """`key_sha256` is the same for exact duplicates; `minhash` is 128 little-endian uint32 for near ones.

    `shingles` counts the distinct 5-grams that were signed: below some dozens the estimate is rough.
    """

    key_sha256: str
    minhash: bytes
    shingles: int


def sign(document: SignatureInput) -> Signature:
    key = matching_key(document.text)
    if not key:
        raise Reject("no-text", "nothing but white space")
    shingles = distinct_shingles(key)
    return Signature(sha256_hex(key.encode()), to_bytes(minhash(shingles)), len(shingles))


def make(**_: Any) -> Callable[[SignatureInput], Signature]:
    return sign


def signature_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[SignatureInput, Signature]:
    """The stage as data; its parameters only name what the numbers were made with."""
    return Stage(
        name="signature",
        version=1,
        make=make,
        reads=SignatureInput,
        writes=Signature,
        params={"key": KEY_VERSION, "shingle": SHINGLE, "permutations": PERMUTATIONS, "seed": SEED},
        after=after,
        batch=16,
    )
