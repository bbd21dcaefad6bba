"""`kobunko import`: files that somebody already has become captures and documents, whatever their state.

Every file gets a WARC `resource` record, so an imported document has the same way back as a crawled one.
"""

import json
import mimetypes
import os
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kobunko.document import document, part
from kobunko.errors import Reject, UsageError
from kobunko.gazettes import gazettes
from kobunko.home import Home
from kobunko.ids import sha256_hex, url_key
from kobunko.records import Capture, Document
from kobunko.seed import SOURCE_NAME, Seed
from kobunko.unpack import is_archive
from kobunko.warc import WarcWriter

COMMIT_FILES = 200
COMMIT_BYTES = 256 << 20


class ImportRow(BaseModel):
    """One line of an import list. `path` is relative to the list; other keys than these are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: Path
    source: str = Field("import", pattern=SOURCE_NAME)
    url: str = ""
    source_key: str = ""
    title: str = ""
    fetched_at: datetime | None = None
    media_type: str = ""
    linked_from: str = ""
    anchor_text: str = ""


@dataclass
class ImportSummary:
    """What became of the files: `failed` could not be read at all, `removed` are kept out by a removal."""

    files: int = 0
    new: int = 0
    unchanged: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def rows_of_list(path: Path) -> list[ImportRow]:
    """Rows of a JSON-lines list, paths made absolute; raises `UsageError` naming the line that is wrong."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = ImportRow.model_validate(json.loads(line))
            except (json.JSONDecodeError, ValidationError) as error:
                raise UsageError(f"{path}:{number} is not a row of an import list: {error}") from error
            rows.append(row.model_copy(update={"path": path.parent / row.path}))
    return rows


def rows_of_path(path: Path, source: str, url: str) -> Iterator[ImportRow]:
    """A file, or every file under a folder in order of name."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    try:
        for file in files:
            yield ImportRow(path=file, source=source or "import", url=url)
    except ValidationError as error:
        raise UsageError(f"{source!r} cannot be a source: use small letters, digits and _.") from error


@dataclass(frozen=True, slots=True)
class _File:
    """Bytes that become one part of a document."""

    role: str
    url: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    """What becomes one document."""

    row: ImportRow
    files: tuple[_File, ...]
    published: str | None = None

    def document(self, captures: Sequence[Capture]) -> Document:
        row = self.row
        parts = [part(file.role, capture) for file, capture in zip(self.files, captures, strict=True)]
        return document(
            row.source,
            row.source_key or row.url or row.path.name,
            captures[0].sha256,
            parts,
            url=captures[0].url,
            title=row.title,
            published=self.published,
            linked_from=row.linked_from,
            anchor_text=row.anchor_text,
        )


def import_files(
    home: Home, run_id: str, rows: Sequence[ImportRow], on_progress: Callable[[int], None] = lambda _: None
) -> ImportSummary:
    """Brings files in, durably in groups: a group that was interrupted is simply imported again."""
    summary = ImportSummary(files=len(rows))
    known, kept_out = dict(home.catalogue.inputs()), home.catalogue.tombstones()
    with _Writers(home.settings.raw) as writers:
        batch = _Batch(home, run_id, writers)
        for row in rows:
            try:
                for entry in _entries(row, home.seeds.get(row.source)):
                    made = entry.document([_capture(row, file) for file in entry.files])
                    if _is_removed(kept_out, row, made):
                        summary.removed.append(str(row.path))
                    elif known.get(made.doc_id) == made.input_sha256:
                        summary.unchanged += 1
                    else:
                        known[made.doc_id] = made.input_sha256
                        batch.add(entry)
                        summary.new += 1
            except OSError as error:
                summary.failed.append({"path": str(row.path), "reason": f"{type(error).__name__}: {error.strerror}"})
                continue
            except Reject as reject:
                summary.failed.append({"path": str(row.path), "reason": f"{reject.code}: {reject.detail}"})
                continue
            on_progress(1)
        batch.commit()
    return summary


def _is_removed(kept_out: Set[tuple[str, str]], row: ImportRow, made: Document) -> bool:
    things = {("document", made.doc_id), *(("sha256", part.sha256) for part in made.parts)}
    if row.url:
        things.add(("url", url_key(row.url)))
    return not things.isdisjoint(kept_out)


def _entries(row: ImportRow, seed: Seed | None) -> Iterator[_Entry]:
    """The documents of a file: itself, or what is in it where the source's bulk files hold many."""
    if seed and seed.bulk == "gazettes" and is_archive(row.path):
        yield from _gazettes(row)
        return
    url = row.url or f"file:{row.path.name}"  # the folder that it lies in is this machine's affair
    media_type = row.media_type or mimetypes.guess_type(row.path.name)[0] or ""
    role = seed.role_of(row.url) if seed else "file"
    yield _Entry(row, (_File(role, url, media_type, row.path.read_bytes()),))


def _gazettes(row: ImportRow) -> Iterator[_Entry]:
    base, count = row.url or f"file:{row.path.name}", 0
    for gazette in gazettes(row.path):
        count += 1
        members = (("gazette", gazette.xml), *(("image", image) for image in gazette.images))
        files = (
            _File(role, f"jar:{base}!/{member.name}", mimetypes.guess_type(member.name)[0] or "", member.body)
            for role, member in members
        )
        named = row.model_copy(update={"source_key": gazette.key, "title": gazette.title})
        yield _Entry(named, tuple(files), gazette.published)
    if not count:
        raise Reject("no-gazettes", "the archive holds no gazette XML: give a bulk file of JPO")


def _capture(row: ImportRow, file: _File, record: tuple[str, str, int] = ("", "", 0)) -> Capture:
    capture_id, warc_file, offset = record
    fetched = row.fetched_at
    return Capture(
        capture_id=capture_id,
        source=row.source,
        url=file.url,
        record_type="resource",
        status=200,
        media_type=file.media_type,
        sha256=sha256_hex(file.body),
        size=len(file.body),
        fetched_at=fetched.astimezone(UTC) if fetched else None,
        warc_file=warc_file,
        warc_offset=offset,
        linked_from=row.linked_from,
        anchor_text=row.anchor_text,
    )


class _Writers:
    """One WARC series per source."""

    def __init__(self, raw: Path) -> None:
        self._raw = raw
        self._open: dict[str, WarcWriter] = {}

    def __enter__(self) -> "_Writers":
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    def of(self, source: str) -> WarcWriter:
        if source not in self._open:
            self._open[source] = WarcWriter(self._raw, source)
        return self._open[source]

    def sync(self) -> None:
        for writer in self._open.values():
            writer.sync()


class _Batch:
    """Files written to WARC but not yet in the catalogue: first the bytes are synced, then the rows committed."""

    def __init__(self, home: Home, run_id: str, writers: _Writers) -> None:
        self._home = home
        self._run_id = run_id
        self._writers = writers
        self._sequence = home.catalogue.next_sequence()
        self._captures: list[tuple[int, Capture]] = []
        self._documents: list[Document] = []
        self._bytes = 0

    def add(self, entry: _Entry) -> None:
        row = entry.row
        moment = row.fetched_at or datetime.fromtimestamp(os.stat(row.path).st_mtime, UTC)
        captures = []
        for file in entry.files:
            record = self._writers.of(row.source).resource(file.url, moment, file.media_type, file.body)
            captures.append(_capture(row, file, record))
            self._captures.append((self._sequence, captures[-1]))
            self._sequence += 1
            self._bytes += len(file.body)
        self._documents.append(entry.document(captures))
        if len(self._captures) >= COMMIT_FILES or self._bytes >= COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        self._writers.sync()
        catalogue = self._home.catalogue
        with catalogue.transaction() as connection:
            catalogue.add_captures(connection, self._run_id, self._captures)
            catalogue.add_documents(connection, self._run_id, self._documents)
        self._captures, self._documents, self._bytes = [], [], 0


def summary_json(summary: ImportSummary) -> dict[str, Any]:
    return asdict(summary)
