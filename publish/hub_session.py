"""Talking to the Hub with patience and an end: time-outs on every call, bounded retries, errors without secrets."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._http import default_client_factory

from kobunko.errors import KobunkoError

T = TypeVar("T")

# What the client library raises when the Hub or the way to it fails (uploads end in RuntimeError or OSError).
FAILURES = (HfHubHTTPError, httpx2.HTTPError, OSError, RuntimeError, ValueError)
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_CONFLICTS = 5  # times that the library may ask again, without pausing, for a repository that is being made
_LONGEST_WAIT = 300.0


@contextmanager
def hub_session(timeout_s: float) -> Iterator[None]:
    """Has the client library give up on a silent Hub; by itself it waits for ever."""
    conflicts = 0

    def pause_on_conflict(response: httpx2.Response) -> None:
        nonlocal conflicts
        if response.status_code != 409 or not response.request.url.path.endswith("/api/repos/create"):
            return
        if "another conflicting operation" in response.read().decode(errors="replace"):
            conflicts += 1
            if conflicts >= _CONFLICTS:
                raise KobunkoError("the Hub is busy with another repository of this account: try again in a minute.")
            time.sleep(0.5 * conflicts)

    def limit(request: httpx2.Request) -> None:
        # Many calls of the library say "no time-out" themselves, which a client's default does not overrule.
        asked = request.extensions.get("timeout", {})
        kinds = ("connect", "read", "write", "pool")
        request.extensions["timeout"] = {kind: min(asked.get(kind) or timeout_s, timeout_s) for kind in kinds}

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {"request": [*hooks["request"], limit], "response": [pause_on_conflict]}
        return made

    for name in ("CONNECT_TIMEOUT", "READ_TIMEOUT", "RETRY_MAX_DURATION"):  # of hf-xet, which has a client of its own
        os.environ.setdefault(f"HF_XET_CLIENT_{name}", f"{max(1, round(timeout_s))}s")
    set_client_factory(client)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)


def cause_of(error: BaseException) -> BaseException:
    """The failed call behind an error; the library wraps it in errors of its own."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, (HfHubHTTPError, httpx2.HTTPError)):
            return found
        found = found.__cause__
    return error


def status_of(error: BaseException) -> int:
    """HTTP status behind an error; 0 where no answer came."""
    cause = cause_of(error)
    return int(cause.response.status_code) if isinstance(cause, HfHubHTTPError) else 0


def passing(error: BaseException) -> bool:
    """Whether the same call may succeed a little later."""
    return status_of(error) in _PASSING or isinstance(cause_of(error), httpx2.TransportError)


def pause(error: BaseException, attempt: int) -> None:
    """Waits as long as the Hub asks for, else 1, 2, 4, … seconds."""
    cause = cause_of(error)
    asked = cause.response.headers.get("Retry-After", "") if isinstance(cause, HfHubHTTPError) else ""
    time.sleep(min(float(asked) if asked.isdigit() else 2.0**attempt, _LONGEST_WAIT))


def ask(what: str, call: Callable[[], T], tries: int = 4) -> T:
    """The answer to a call that may be repeated; raises `KobunkoError` when it does not come."""
    for attempt in range(tries):
        try:
            return call()
        except FAILURES as error:
            if not passing(error) or attempt == tries - 1:
                raise refused(what, error) from None
            pause(error, attempt)
    raise AssertionError("unreachable")


def refused(what: str, error: BaseException) -> KobunkoError:
    """The error for people. The original is not chained: its request carries the token."""
    cause = cause_of(error)
    told = " ".join(f"{type(cause).__name__}: {cause}".split())
    if status_of(error) in (401, 403):
        return KobunkoError(
            f"{what}: the Hub does not accept the token for this ({told}). Set HF_TOKEN to one that may write there."
        )
    if status_of(error) == 413:
        return KobunkoError(f"{what}: too large for the Hub or over its quota ({told}). Nothing was published.")
    return KobunkoError(f"{what}: {told}. The same command goes on from here.")
