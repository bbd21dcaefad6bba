"""SHA-1 as numba sees it: of many short messages at once in SIMD lanes, and of one message of any length.

`datasketch` hashes a shingle with the first four bytes of its SHA-1, read as a little-endian number; `first_word` is
that number. SHA-1 is a fixed point of the published signatures here and protects nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types, uint8, uint32, uint64
from numba.extending import intrinsic

from kobunko.dedup.compiled import compiled

LANES = 32  # two vectors of AVX-512 side by side: the rounds of the one fill the waits of the other
SHORT = 15  # bytes of the longest message that `sha1_lanes` takes: two words of eight bytes, with the bit that ends it

START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
ROUND = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
_STATE = np.array(START, dtype=np.uint32)
_KEYS = np.array(ROUND, dtype=np.uint32)


def _data(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Address of an element of a one-dimensional array."""
    return builder.gep(context.make_array(kind)(context, builder, value=array).data, [index])


@intrinsic  # type: ignore[untyped-decorator]
def load_big_endian(_typing: Any, data: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """Eight bytes of a uint8 array from an index on, as one big-endian number; the caller minds the bounds."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _data(context, builder, signature.args[0], *arguments)
        word = builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)
        return builder.bswap(word)

    return types.uint64(data, index), code


@intrinsic  # type: ignore[untyped-decorator]
def sha1_lanes(_typing: Any, messages: Any, out: Any, index: Any, stride: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001
    """First word of the SHA-1 of `LANES` short messages from `index` on, written to the uint32 array `out`.

    The uint64 array `messages` holds `stride` first halves of messages, then their second halves, both big-endian and
    ended by the bit 1, and then their lengths in bits.
    """
    vector, wide = ir.VectorType(ir.IntType(32), LANES), ir.VectorType(ir.IntType(64), LANES)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        messages, out, index, stride = arguments
        words = []
        for _ in range(3):
            address = _data(context, builder, signature.args[0], messages, index)
            half = builder.load(builder.bitcast(address, wide.as_pointer()), align=8)
            upper = builder.lshr(half, ir.Constant(wide, [32] * LANES))
            words += [builder.trunc(upper, vector), builder.trunc(half, vector)]
            index = builder.add(index, stride)
        result = _compress(builder, vector, words[:4], words[5])
        target = _data(context, builder, signature.args[1], out, arguments[2])
        builder.store(result, builder.bitcast(target, vector.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(messages, out, types.int64, types.int64), code


def _compress(builder: Any, vector: Any, words: list[Any], bits: Any) -> Any:
    """The eighty rounds, of which the first word of the state is wanted."""

    def constant(value: int) -> Any:
        return ir.Constant(vector, [value] * LANES)

    def rotated(value: Any, by: int) -> Any:
        return builder.or_(builder.shl(value, constant(by)), builder.lshr(value, constant(32 - by)))

    def mixed(stage: int, b: Any, c: Any, d: Any) -> Any:
        if stage == 0:
            return builder.xor(d, builder.and_(b, builder.xor(c, d)))
        if stage == 2:
            return builder.or_(builder.and_(b, c), builder.and_(d, builder.or_(b, c)))
        return builder.xor(builder.xor(b, c), d)

    schedule = [*words, *[constant(0)] * 11, bits]
    a, b, c, d, e = map(constant, START)
    for number in range(80):
        if number >= 16:
            parts = [schedule[number - back] for back in (3, 8, 14, 16)]
            word = builder.xor(builder.xor(parts[0], parts[1]), builder.xor(parts[2], parts[3]))
            schedule.append(rotated(word, 1))
        total = builder.add(builder.add(e, constant(ROUND[number // 20])), schedule[number])
        total = builder.add(builder.add(total, mixed(number // 20, b, c, d)), rotated(a, 5))
        a, b, c, d, e = total, a, rotated(b, 30), c, d
    return builder.add(a, constant(START[0]))


@compiled
def sha1(data: Any, start: int, end: int, state: Any, schedule: Any) -> None:
    """SHA-1 of `data[start:end]` into `state` (five uint32); `schedule` is room for 80 uint32."""
    state[:] = _STATE
    length = end - start
    for block in range((length + 9 + 63) // 64):
        for word in range(16):
            value = uint32(0)
            for byte in range(4):
                place = 64 * block + 4 * word + byte
                digit = uint8(0)
                if place < length:
                    digit = data[start + place]
                elif place == length:
                    digit = uint8(0x80)
                value = uint32(value << uint32(8)) | uint32(digit)
            schedule[word] = value
        if 64 * block + 64 >= length + 9:
            schedule[14] = uint32(uint64(length) >> uint64(29))
            schedule[15] = uint32(uint64(length) << uint64(3))
        _block(state, schedule)


@compiled
def _block(state: Any, schedule: Any) -> None:
    for t in range(16, 80):
        x = schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16]
        schedule[t] = uint32(x << uint32(1)) | uint32(x >> uint32(31))
    a, b, c, d, e = state[0], state[1], state[2], state[3], state[4]
    for t in range(80):
        f = b ^ c ^ d
        if t < 20:
            f = d ^ (b & (c ^ d))
        elif 40 <= t < 60:
            f = (b & c) | (d & (b | c))
        x = uint32(uint32(a << uint32(5)) | uint32(a >> uint32(27)))
        x = uint32(x + f + e + _KEYS[t // 20] + schedule[t])
        e, d, c, b, a = d, c, uint32(uint32(b << uint32(30)) | uint32(b >> uint32(2))), a, x
    state[0] = uint32(state[0] + a)
    state[1] = uint32(state[1] + b)
    state[2] = uint32(state[2] + c)
    state[3] = uint32(state[3] + d)
    state[4] = uint32(state[4] + e)
