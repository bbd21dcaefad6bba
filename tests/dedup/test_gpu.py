"""The CUDA kernel without a GPU: it compiles with NVRTC, and its lines, run by a C++ compiler, give the signatures."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from kobunko.dedup import gpu
from kobunko.dedup.signature import EMPTY, buffers, permutations, signatures

TEXTS = ["", "あ", "告示", "ABCDE", "𠮷野川の水位𠮷", "aé港𠮷" * 40, "潮汐省は架空湾における潮位を測る" * 700]
COMPILER = shutil.which("g++") or shutil.which("c++")


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90", "sm_100"])
def test_the_kernel_compiles(architecture: str) -> None:
    assert gpu.compiled(architecture)[:4] == b"\x7fELF"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("gpu") / "emulation.so"
    assert COMPILER is not None
    defined = [f"-D{name}={value}" for name, value in gpu.definitions().items()]
    flags = ["-std=c++20", "-O1", "-shared", "-fPIC", "-pthread", f'-DKERNEL="{gpu.SOURCE}"', *defined]
    source = Path(__file__).with_name("emulation.cpp")
    subprocess.run([COMPILER, *flags, "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler to run the kernel's lines with")
@pytest.mark.parametrize("count", [128, 256])
def test_its_lines_give_the_same_signatures(emulated: ctypes.CDLL, count: int) -> None:
    data, offsets = buffers(pa.array(TEXTS))
    cut, (a, b) = gpu.pieces(offsets), permutations(count)
    found = np.full((len(TEXTS), count), EMPTY, dtype=np.uint32)
    arrays = [array.ctypes.data_as(ctypes.c_void_p) for array in (data, cut, a, b, found)]
    emulated.emulate(arrays[0], arrays[1], len(cut), arrays[2], arrays[3], count, arrays[4])
    assert len(cut) > len(TEXTS)
    assert np.array_equal(found, signatures(pa.array(TEXTS), count))


def test_batches_and_pieces_cover_every_byte_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "BATCH_BYTES", 1000)
    _, offsets = buffers(pa.array(TEXTS * 5))
    assert [first for first, _ in gpu.batches(offsets)][1:] == [last for _, last in gpu.batches(offsets)][:-1]
    cut = gpu.pieces(offsets)
    assert int((cut["end"] - cut["start"]).sum()) == offsets[-1]


def test_without_a_gpu_the_cpu_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that is there but fails half-way is none."""
    expected = signatures(pa.array(TEXTS))
    monkeypatch.setattr(gpu, "ENOUGH_BYTES", 0)
    monkeypatch.setattr(gpu, "_device", lambda: (None, None))
    assert np.array_equal(signatures(pa.array(TEXTS)), expected)
