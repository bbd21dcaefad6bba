"""Small real stages for the tests of the machinery: what they do to a document is decided by its source key."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from kobunko.errors import Reject
from kobunko.logs import get_logger
from kobunko.records import Blob, Part, column
from kobunko.stage import Resources, Stage


@dataclass(frozen=True, slots=True)
class NumberInput:
    source_key: str


@dataclass(frozen=True, slots=True)
class Number:
    n: int
    odd: int


@dataclass(frozen=True, slots=True)
class DoubleInput:
    n: int = column("number.n")


@dataclass(frozen=True, slots=True)
class Double:
    double: int


@dataclass(frozen=True, slots=True)
class SumInput:
    n: int = column("number.n")
    double: int | None = column("double.double")


@dataclass(frozen=True, slots=True)
class Sum:
    total: int


@dataclass(frozen=True, slots=True)
class Filling:
    text: str


@dataclass(frozen=True, slots=True)
class BytesInput:
    blobs: list[Blob]


def number(document: NumberInput) -> Number:
    kind, _, rest = document.source_key.partition("-")
    if kind == "reject":
        raise Reject("encrypted", "needs a password")
    if kind == "fail":
        raise ValueError("no number")
    if kind == "hang":
        time.sleep(600)
    if kind == "die":
        os.kill(os.getpid(), 9)
    if kind == "eat":
        try:
            bytearray(8 << 30)
        except MemoryError as error:  # as readers do that take it for damage
            raise ValueError("damaged") from error
    if kind == "log":
        get_logger(__name__).warning("a remark", n=rest)
    if kind == "call":
        socket.create_connection(("127.0.0.1", 9))
    return Number(int(rest), int(rest) % 2)


def double(document: DoubleInput) -> Double:
    return Double(2 * document.n)


def total(document: SumInput) -> Sum:
    return Sum(document.n + (document.double or 0))


def weigh(document: BytesInput) -> Number:
    size = sum(len(blob.body) for blob in document.blobs)
    return Number(size, size % 2)


def filling(document: NumberInput) -> Filling:
    return Filling(document.source_key * (1 << 19))  # some megabytes: far more than a pipe holds


def no_bytes(part: Part) -> bytes:
    """These documents have no bytes that a stage would read."""
    raise AssertionError(part)


def make_number() -> Callable[[NumberInput], Number]:
    return number


def make_double() -> Callable[[DoubleInput], Double]:
    return double


def make_total() -> Callable[[SumInput], Sum]:
    return total


def make_weigh() -> Callable[[BytesInput], Number]:
    return weigh


def make_filling() -> Callable[[NumberInput], Filling]:
    return filling


WEIGH = Stage("weigh", 1, make_weigh, BytesInput, Number)
LARGE = Stage("large", 1, make_filling, NumberInput, Filling)
NUMBER = Stage("number", 1, make_number, NumberInput, Number, resources=Resources(wall_s=3, memory_mb=2048), batch=4)
DOUBLE = Stage("double", 1, make_double, DoubleInput, Double, after=(NUMBER,), where="number.odd")
TOTAL = Stage("total", 1, make_total, SumInput, Sum, after=(NUMBER, DOUBLE))
STAGES = (NUMBER, DOUBLE, TOTAL)
