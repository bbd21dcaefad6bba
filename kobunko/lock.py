"""One run at a time on a home. The lock is the kernel's, so a dead process never holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kobunko.errors import Busy


@contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """Holds the home for writing; raises `Busy` at once when another process has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise Busy(
                f"another kobunko works on {home} (process {holder}): wait for it, or use another --home."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
