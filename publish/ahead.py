"""Work that is done in other threads before it is asked for: Arrow and hashing let several of them run at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(items: Iterable[T], most: int = 1) -> Iterator[T]:
    """The same items, made in another thread while those before them are used; so many of them wait at most.

    It begins at once, before the first is asked for.
    """
    source, end = iter(items), object()
    thread = ThreadPoolExecutor(1)
    coming: deque[Future[Any]] = deque(thread.submit(next, source, end) for _ in range(most))

    def made() -> Iterator[T]:
        with thread:
            while (item := coming.popleft().result()) is not end:
                coming.append(thread.submit(next, source, end))
                yield item

    return made()


def beside(make: Callable[[T], R], items: Iterable[T], threads: int = 2) -> Iterator[tuple[T, R]]:
    """Each item with what is made of it, in order; so many are made at a time."""
    with ThreadPoolExecutor(threads) as pool:
        coming: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            coming.append((item, pool.submit(make, item)))
            if len(coming) > threads:
                first, made = coming.popleft()
                yield first, made.result()
        for first, made in coming:
            yield first, made.result()
