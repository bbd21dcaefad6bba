"""Letting a step of a pipeline run ahead of what consumes it."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
DEPTH = 2  # items that are ready at most: bounds memory


def running_ahead(items: Iterable[T]) -> Iterator[T]:
    """The items, made in a thread of their own up to `DEPTH` ahead; an error in it is raised here."""
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(DEPTH)
    wanted = threading.Event()
    wanted.set()

    def put(made: bool, item: T | BaseException | None) -> None:
        while wanted.is_set():
            try:
                ready.put((made, item), timeout=0.1)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                put(True, item)
                if not wanted.is_set():
                    return
            put(False, None)
        except BaseException as error:
            put(False, error)

    threading.Thread(target=make, daemon=True).start()
    try:
        while True:
            made, item = ready.get()
            if isinstance(item, BaseException):
                raise item
            if not made:
                return
            yield item  # type: ignore[misc]
    finally:
        wanted.clear()
