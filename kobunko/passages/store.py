"""Where the passage index is kept: one SQLite file with the texts, and a file of sorted postings per segment.

A posting is one number, `hash << 32 | place`; a segment's documents stand one behind the other on a line, and a place
is a character of that line. The SQLite file says which segments count and which documents live, so a crash between
any two steps leaves at most a file that nobody names, and a document that is deleted is found by no one from then on.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko import durable
from kobunko.errors import NotFound

Postings = NDArray[np.uint64]
PIECE = 1 << 14  # characters of text that are compressed together
_FORMAT = "2"  # raised when what is indexed of a row changes: an index of another format is made anew
_ASKED = 1000  # ids in one query
_CODEC = pa.Codec("zstd", compression_level=3)
_SCHEMA = """
CREATE TABLE segments (number INTEGER PRIMARY KEY, postings INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, doc_id TEXT NOT NULL UNIQUE, row_key TEXT NOT NULL, text_sha256 TEXT NOT NULL,
    cluster TEXT NOT NULL,
    segment INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, pages BLOB NOT NULL,
    UNIQUE (segment, start)
);
CREATE INDEX documents_by_cluster ON documents (cluster);
CREATE TABLE texts (
    document INTEGER NOT NULL, piece INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX texts_by_document ON texts (document, piece);
CREATE TABLE names (name TEXT, document INTEGER, PRIMARY KEY (name, document)) WITHOUT ROWID;
CREATE INDEX names_by_document ON names (document);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    postings: int
    length: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document of the index. `pages` are `(number, start, end)` in its text."""

    number: int
    doc_id: str
    text_sha256: str  # of the text as it was released; empty where none was
    cluster: str
    segment: int
    start: int  # of its text on the segment's line
    length: int  # characters
    pages: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A released row as the index takes it. `row_key` changes whenever what is indexed of the row may."""

    doc_id: str
    row_key: str
    cluster: str
    text: str
    pages: tuple[tuple[int, int, int], ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """From one release to another: row keys of the documents that are new or not as they were, and who has left."""

    changed: Mapping[str, str]
    left: Sequence[str]


class Store:
    """The files of an index. Readers may be many, in threads and processes; the writer holds the home's lock."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self._path = folder / "passages.sqlite"
        self._create = create
        self._local = threading.local()
        if create:
            durable.make_folder(folder)
            if self._path.exists() and self.fact("format") != _FORMAT:
                self.close()
                for path in folder.iterdir():
                    durable.remove(path)
            if not self._path.exists():
                self._connection.executescript(_SCHEMA)
                self._connection.execute("INSERT INTO facts VALUES ('format', ?)", (_FORMAT,))
        elif not self._path.is_file():
            raise NotFound(f"there is no passage index in {folder}: build it with `kobunko index`.")

    @property
    def _connection(self) -> sqlite3.Connection:
        """One connection per thread: sqlite3 objects do not travel between threads."""
        if not hasattr(self._local, "connection"):
            mode = "rwc" if self._create else "ro"
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30
            )
            if self._create:
                for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                    connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
        found: sqlite3.Connection = self._local.connection
        return found

    def close(self) -> None:
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """For the fold; readers have methods with names."""
        return self._connection.execute(query, values).fetchall()

    # reading

    def segments(self) -> list[Segment]:
        return [Segment(*row) for row in self.rows("SELECT number, postings, length FROM segments ORDER BY number")]

    def postings(self, segment: int) -> Postings:
        path = self.path_of(segment)
        return _mapped(path, path.stat().st_ino)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whatever a writer does meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def path_of(self, segment: int) -> Path:
        return self.folder / f"segment-{segment:08d}.npy"

    def document(self, doc_id: str) -> Indexed | None:
        return self._one("doc_id = ?", doc_id)

    def at(self, segment: int, place: int) -> Indexed | None:
        """The document that stands at a place of a segment's line; none where it has left the index."""
        found = self._one("segment = ? AND start <= ? ORDER BY start DESC LIMIT 1", segment, place)
        return found if found and place < found.start + found.length else None

    def keys(self, doc_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Row keys of all documents (or of these) that are in the index."""
        if doc_ids is None:
            return dict(self.rows("SELECT doc_id, row_key FROM documents"))
        found: dict[str, str] = {}
        for begin in range(0, len(doc_ids), _ASKED):
            some = doc_ids[begin : begin + _ASKED]
            marks = ",".join("?" * len(some))
            found |= dict(self.rows(f"SELECT doc_id, row_key FROM documents WHERE doc_id IN ({marks})", some))  # noqa: S608
        return found

    def cluster_of(self, doc_id: str) -> list[str]:
        """The documents of the duplicate cluster that a document is in, itself among them."""
        query = "SELECT other.doc_id FROM documents AS own JOIN documents AS other ON other.cluster = own.cluster"
        query += " WHERE own.doc_id = ? AND own.cluster != '' ORDER BY other.doc_id"
        return [row[0] for row in self.rows(query, (doc_id,))]

    def named(self, name: str) -> list[str]:
        """Documents that are known by a name, such as a case number."""
        query = "SELECT doc_id FROM names JOIN documents ON document = number WHERE name = ? ORDER BY doc_id"
        return [row[0] for row in self.rows(query, (name,))]

    def text(self, document: Indexed, start: int = 0, end: int | None = None) -> str:
        """`text[start:end]` of a document, decompressing only the pieces that hold it."""
        end = document.length if end is None else min(end, document.length)
        query = "SELECT size, body FROM texts WHERE document = ? AND piece BETWEEN ? AND ? ORDER BY piece"
        first = start // PIECE
        found = self.rows(query, (document.number, first, max(first, (end - 1) // PIECE)))
        text = "".join(_CODEC.decompress(body, size, asbytes=True).decode() for size, body in found)
        return text[start - first * PIECE : end - first * PIECE]

    def fact(self, name: str) -> str:
        """What the fold wrote down, such as the release that it was made from; empty if nothing."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def _one(self, condition: str, *values: Any) -> Indexed | None:
        query = "SELECT number, doc_id, text_sha256, cluster, segment, start, length, pages FROM documents WHERE "
        if not (found := self.rows(query + condition, values)):
            return None
        number, name, text_sha256, cluster, segment, start, length, pages = found[0]
        return Indexed(number, name, text_sha256, cluster, segment, start, length, _unpack_pages(pages))

    # writing

    def add(self, connection: sqlite3.Connection, entry: Entry, segment: int, start: int) -> None:
        """Adds a document that stands at `start` of a segment's line, in a transaction."""
        body = entry.text.encode(errors="replace")
        row = {
            "doc_id": entry.doc_id,
            "row_key": entry.row_key,
            "text_sha256": hashlib.sha256(body).hexdigest() if entry.text else "",
            "cluster": entry.cluster,
            "segment": segment,
            "start": start,
            "length": len(entry.text),
            "pages": np.array(entry.pages, dtype="<u4").tobytes(),
        }
        query = f"INSERT INTO documents ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
        number = connection.execute(query, tuple(row.values())).lastrowid
        for piece, begin in enumerate(range(0, len(entry.text), PIECE)):
            body = entry.text[begin : begin + PIECE].encode(errors="replace")
            packed = _CODEC.compress(body, asbytes=True)
            connection.execute("INSERT INTO texts VALUES (?,?,?,?)", (number, piece, len(body), packed))
        connection.executemany("INSERT OR IGNORE INTO names VALUES (?,?)", [(name, number) for name in entry.names])

    def delete(self, connection: sqlite3.Connection, doc_ids: Sequence[str]) -> None:
        """Takes documents out, in a transaction; those that are not in the index are passed over."""
        for doc_id in doc_ids:
            for (number,) in connection.execute("SELECT number FROM documents WHERE doc_id = ?", (doc_id,)).fetchall():
                for table, column in (("texts", "document"), ("names", "document"), ("documents", "number")):
                    connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))  # noqa: S608

    def erase(self, doc_ids: Sequence[str]) -> None:
        """Takes documents out so that nothing of their texts is left in the files."""
        with self.transaction() as connection:
            self.delete(connection, doc_ids)
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def note(self, connection: sqlite3.Connection, name: str, value: str) -> None:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, value))

    def write_postings(self, segment: int, postings: Postings) -> None:
        """Makes a segment's file durable. It counts when a transaction names it."""
        with durable.writing(self.path_of(segment)) as temporary, temporary.open("wb") as handle:
            np.save(handle, postings)

    def sweep(self) -> None:
        """Removes what no segment names."""
        named = {self.path_of(segment.number) for segment in self.segments()}
        for path in self.folder.glob("segment-*"):
            if path not in named:
                durable.remove(path)


@lru_cache(maxsize=64)
def _mapped(path: Path, inode: int) -> Postings:  # noqa: ARG001  an index that is built anew has new files
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def _unpack_pages(data: bytes) -> tuple[tuple[int, int, int], ...]:
    return tuple((int(a), int(b), int(c)) for a, b, c in np.frombuffer(data, dtype="<u4").reshape(-1, 3))


def open_store(folder: Path) -> Store | None:
    """The index of a home for reading; None where none has been built."""
    try:
        return Store(folder)
    except NotFound:
        return None
