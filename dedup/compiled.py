"""How the numeric functions of this folder are compiled: once per machine, by numba, with the result kept on disk."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def compiled(function: F) -> F:
    """Compiles at the first call. Machine code is kept beside the source, or in the user's cache folder where the
    installation is read-only; where neither can be written every process compiles for itself."""
    try:
        return cast(F, njit(cache=True, **_OPTIONS)(function))
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return cast(F, njit(**_OPTIONS)(function))


def inlined(function: F) -> F:
    """The same for a small function that others call for every shingle: it becomes part of them."""
    return cast(F, njit(forceinline=True, **_OPTIONS)(function))
