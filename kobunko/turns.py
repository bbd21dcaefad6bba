"""Turns: which host works on what, where several of them share one installation.

They share it when they have the same PostgreSQL catalogue, and the same home on a file system that all of them see or
homes of their own with the same depot. A
turn is an advisory lock of the database's session, so a dead process never holds one. With SQLite there is one process
at a time, which holds the lock of the home, and every turn is its own.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

_INSTALLATION = "installation"


class Turns:
    """What this process has taken; all of it is given back when the session ends."""

    def __init__(self, session: Connection | None) -> None:
        self._session = session
        self.shared = False  # whether other hosts may work beside this one

    def alone(self) -> bool:
        """Takes the whole installation; False when any other host works on it."""
        return self.take(_INSTALLATION)

    def join(self) -> bool:
        """Works beside other hosts from now on; False when one of them has the installation for itself."""
        if self._session is None:
            return True
        if not self._call("pg_try_advisory_lock_shared", _INSTALLATION):
            return False
        self._call("pg_advisory_unlock", _INSTALLATION)  # of `alone`, if it was taken
        self.shared = True
        return True

    def take(self, name: str) -> bool:
        """Whether this process has that turn now; it never waits."""
        return self._session is None or self._call("pg_try_advisory_lock", name)

    def give(self, name: str) -> None:
        if self._session is not None:
            self._call("pg_advisory_unlock", name)

    @contextmanager
    def turn(self, name: str) -> Iterator[bool]:
        """Takes a turn for the time of the context, and says whether it did."""
        taken = self.take(name)
        try:
            yield taken
        finally:
            if taken:
                self.give(name)

    def _call(self, function: str, name: str) -> bool:
        assert self._session is not None
        key = int.from_bytes(hashlib.sha256(f"kobunko {name}".encode()).digest()[:8], signed=True)
        return bool(self._session.scalar(sa.select(getattr(sa.func, function)(sa.literal(key, sa.BigInteger)))))


@contextmanager
def turns(engine: Engine) -> Iterator[Turns]:
    """The turns of one process on a catalogue."""
    if engine.dialect.name != "postgresql":
        yield Turns(None)
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        try:
            yield Turns(session)
        finally:
            session.invalidate()  # closes it: a pooled session would keep its locks
