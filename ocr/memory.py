"""How a worker's process uses memory.

A network's layers take and free tens of megabytes each. glibc asks the system for every such piece and gives it back
at once, and the system clears it page by page: more than half of the detector's time. Kept in the process the pieces
are used again.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # malloc.h
KEPT = 1 << 30  # bytes that are free at the top of the heap before some of it goes back to the system


def keep_freed_memory() -> None:
    """Lets malloc serve large pieces from its heap, which it does not shrink; no-op where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, KEPT)
