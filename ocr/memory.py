"""Networks on a CPU whose layers lie in one region of memory.

Each layer takes and frees tens of megabytes. `malloc` gives such pieces back to the system at once, which clears them
page by page: more than half of the detector's time. Told to keep them, it scatters them between small pieces, and a
worker grows to twice of what is in use; so does onnxruntime's own arena, which takes a new region for every new size.
In a single region that is as large as the largest page needs, freed layers join again, and only what was ever in use
at one time becomes memory.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

REGION = 640 << 20  # bytes of addresses: a page of 2000 × 2000 pixels needs 480 MB, and more gets a second region


class OneRegion:
    """A model, called like PaddleX's runners: one array in, a list of arrays out."""

    def __init__(self, path: Path, threads: int) -> None:
        _share_region()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # it would plan a region of its own for every size of page
        options.enable_mem_reuse = False  # it would keep layers for later ones of the same size
        options.add_session_config_entry("session.use_env_allocators", "1")
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, x: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        (array,) = x
        found: list[np.ndarray[Any, Any]] = self._session.run(None, {self._input: array})
        return found

    def close(self) -> None:
        """PaddleX closes its runners."""


@cache
def _share_region() -> None:
    """Gives all sessions of this process, which are yet to be made, one allocator."""
    single = {"arena_extend_strategy": 0, "initial_chunk_size_bytes": REGION, "max_dead_bytes_per_chunk": 1 << 20}
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    where = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(where, onnxruntime.OrtArenaCfg(single))
