"""The CUDA kernel from Python: compiled by NVRTC, launched through cuda.core, with the CPU as the fallback.

Texts are cut into pieces of a few thousand bytes, a block of threads for each, so that one long law does not keep the
others waiting. Batches go through two streams by turns: while one is computed the next one is copied.
"""

import ctypes
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kobunko.dedup.signature import EMPTY, SHINGLE, Signatures
from kobunko.logs import get_logger

log = get_logger(__name__)

SOURCE = Path(__file__).with_name("minhash.cu")
THREADS = 128
PIECE_BYTES = 8192
BATCH_BYTES = 32 << 20
ENOUGH_BYTES = 1 << 20  # below this, starting a launch costs more than the CPU takes
PIECE = np.dtype([(name, "<u8") for name in ("start", "end", "first", "stop", "text")])

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


def definitions() -> dict[str, str]:
    """The constants that the kernel is compiled with; they stand in `sha1` and `signature`."""
    from kobunko.dedup.sha1 import ROUND, START

    words = {f"START{n}": f"{value}u" for n, value in enumerate(START)}
    words |= {f"KEY{n}": f"{value}u" for n, value in enumerate(ROUND)}
    return words | {"SHINGLE": str(SHINGLE)}


def compiled(architecture: str) -> bytes:
    """Machine code of the kernel for an architecture such as `sm_90`. It needs NVRTC, but no GPU."""
    from cuda.bindings import nvrtc

    options = [f"--gpu-architecture={architecture}", *(f"-D{name}={value}" for name, value in definitions().items())]
    program = _checked(nvrtc.nvrtcCreateProgram(SOURCE.read_bytes(), SOURCE.name.encode(), 0, [], []))
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        words = bytearray(_checked(nvrtc.nvrtcGetProgramLogSize(program)))
        nvrtc.nvrtcGetProgramLog(program, words)
        raise RuntimeError(f"the CUDA kernel does not compile for {architecture}: {words.decode(errors='replace')}")
    code = bytearray(_checked(nvrtc.nvrtcGetCUBINSize(program)))
    nvrtc.nvrtcGetCUBIN(program, code)
    return bytes(code)


def _checked(result: tuple[Any, ...]) -> Any:
    status, *values = result
    if int(status) != 0:
        raise RuntimeError(f"NVRTC: {status}")
    return values[0]


def pieces(offsets: Offsets) -> NDArray[np.void]:
    """The texts in stretches of at most `PIECE_BYTES`, by their bytes."""
    sizes = np.diff(offsets)
    counts = -(-sizes // PIECE_BYTES)
    text = np.repeat(np.arange(len(sizes)), counts)
    within = np.arange(len(text)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = np.zeros(len(text), dtype=PIECE)
    found["text"], found["first"], found["stop"] = text, offsets[:-1][text], offsets[1:][text]
    found["start"] = found["first"] + within * PIECE_BYTES
    found["end"] = np.minimum(found["start"] + PIECE_BYTES, found["stop"])
    return found


def pays(size: int) -> bool:
    """Whether so many bytes are better signed by a GPU, which there has to be."""
    return size >= ENOUGH_BYTES and _device() is not None


@cache
def _device() -> tuple[Any, Any] | None:
    """The first GPU with its kernel, or None where there is none or something of CUDA is missing."""
    try:
        from cuda.core import Device, ObjectCode

        device = Device(0)
        device.set_current()
        return device, ObjectCode.from_cubin(compiled(f"sm_{device.arch}")).get_kernel("sign")
    except Exception as error:  # no driver, no device, no NVRTC, too old a card: in all cases the CPU signs
        log.info("no GPU for signatures", reason=f"{type(error).__name__}: {error}")
        return None


def sign_texts(
    data: Bytes, offsets: Offsets, a: NDArray[np.uint32], b: NDArray[np.uint32], signatures: Signatures
) -> bool:
    """Signs all texts; False where the GPU failed, so that the CPU has to do it."""
    found = _device()
    if found is None:
        return False
    try:
        _sign_texts(*found, data, offsets, a, b, signatures)
    except Exception as error:
        log.warning("the GPU failed, the CPU signs instead", reason=f"{type(error).__name__}: {error}")
        signatures[:] = EMPTY
        return False
    return True


def batches(offsets: Offsets) -> Iterator[tuple[int, int]]:
    """Ranges of texts of about `BATCH_BYTES` each."""
    first = 0
    while first < len(offsets) - 1:
        last = int(np.searchsorted(offsets, offsets[first] + BATCH_BYTES, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


def _sign_texts(
    device: Any, kernel: Any, data: Bytes, offsets: Offsets, a: Any, b: Any, signatures: Signatures
) -> None:
    lanes = [_Lane(device, kernel, a, b), _Lane(device, kernel, a, b)]
    for number, (first, last) in enumerate(batches(offsets)):
        lane = lanes[number % 2]
        lane.finish()
        lane.start(
            data[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first], signatures[first:last]
        )
    for lane in lanes:
        lane.finish()


class _Lane:
    """A stream with what it is working on."""

    def __init__(self, device: Any, kernel: Any, a: NDArray[np.uint32], b: NDArray[np.uint32]) -> None:
        from cuda.core import LegacyPinnedMemoryResource

        self._device, self._kernel, self._count = device, kernel, len(a)
        self._stream = device.create_stream()
        self._pinned = LegacyPinnedMemoryResource()
        self._kept: list[Any] = []
        self._target: tuple[Any, Signatures] | None = None
        self._permutations = [self._copied(a), self._copied(b)]

    def start(self, data: Bytes, offsets: Offsets, signatures: Signatures) -> None:
        """Queues copies and the launch for a batch; returns before they are done."""
        from cuda.core import LaunchConfig, launch

        cut = pieces(offsets)
        if not len(cut):
            return
        inputs = [self._copied(data), self._copied(cut)]
        minima = self._copied(signatures)
        config = LaunchConfig(grid=len(cut), block=THREADS)
        launch(self._stream, config, self._kernel, *inputs, *self._permutations, np.int32(self._count), minima)
        back = self._pinned.allocate(signatures.nbytes, stream=self._stream)
        minima.copy_to(back, stream=self._stream)
        self._kept += [*inputs, minima]
        self._target = back, signatures

    def finish(self) -> None:
        """Waits for the batch and brings its signatures to where they belong."""
        self._stream.sync()
        if self._target:
            back, signatures = self._target
            signatures[:] = _bytes_of(back).view(np.uint32).reshape(signatures.shape)
        for buffer in self._kept:
            buffer.close(self._stream)
        self._kept, self._target = [], None

    def _copied(self, values: NDArray[Any]) -> Any:
        """An array on the device. The copy is under way when this returns; the pinned source is kept until then."""
        source = self._pinned.allocate(max(values.nbytes, 1), stream=self._stream)
        _bytes_of(source)[: values.nbytes] = np.ascontiguousarray(values).view(np.uint8).ravel()
        target = self._device.allocate(source.size, stream=self._stream)
        target.copy_from(source, stream=self._stream)
        self._kept.append(source)
        return target


def _bytes_of(pinned: Any) -> Bytes:
    return np.frombuffer((ctypes.c_uint8 * pinned.size).from_address(int(pinned.handle)), dtype=np.uint8)
