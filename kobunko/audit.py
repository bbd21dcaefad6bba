"""`kobunko audit`: do raw store, catalogue, side-cars, releases and what was published agree? Every discord is named.

Nothing is mended here: what a crash may leave is mended at the next start of a job, and the rest needs a person.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from kobunko import removals, tables, warc
from kobunko.corpus import Corpus
from kobunko.errors import Corrupt, KobunkoError
from kobunko.home import Home
from kobunko.ids import sha256_hex, url_key
from kobunko.parts import every_part, parts_of
from kobunko.purge import ERASED
from kobunko.sidecar import SideCar

Progress = Callable[[str, int, int], None]
Published = Callable[
    [str, str], tuple[Sequence[str], Sequence[str]]
]  # version, place: files not there, files that differ
Damaged = Callable[[str], Sequence[str]]  # version: its files that are not as they were written


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`kind` is short and stable; `where` is a file, a capture, a document or a release."""

    kind: str
    where: str
    detail: str


def audit(
    home: Home, corpus: Corpus, damaged: Damaged, published: Published, progress: Progress = lambda *_: None
) -> Iterator[Disagreement]:
    """All disagreements of a home. Reads every byte once, so it takes as long as reading the store."""
    yield from _captures(home, progress)
    yield from _documents(home)
    torn = False
    for number, (name, sidecar) in enumerate(corpus.sidecars.items(), 1):
        for found in _parts(name, sidecar):
            torn = True
            yield found
        progress("side-cars", number, len(corpus.sidecars))
    if not torn:  # else nothing more can be said of what the side-cars hold
        yield from _rows(corpus)
        yield from _read(home, corpus)
    yield from _releases(home, damaged)
    yield from _published(home, published, progress)


def _captures(home: Home, progress: Progress) -> Iterator[Disagreement]:
    """WARC ↔ catalogue: each record that a capture names holds its bytes, and each answer in a file has a capture.

    Of what was erased on request there are no bytes, and that is as it should be.
    An answer that a killed crawl did not come to enter has none; its page was asked again, so a later one has.
    """
    table = tables.captures
    files = [path.relative_to(home.settings.raw).as_posix() for path in warc.files(home.settings.raw)]
    erased = set(removals.bound(home.catalogue, "sha256"))
    with home.catalogue.snapshot() as connection:
        named = connection.execute(sa.select(table.c.warc_file).distinct()).scalars().all()
        for name in sorted({*named} - {item.removesuffix(warc.OPEN) for item in files}):
            yield Disagreement("raw-file-missing", name, "the catalogue names it, the raw store does not have it")
        for number, name in enumerate(files):
            progress("raw files", number, len(files))
            final = name.removesuffix(warc.OPEN)
            rows = connection.execute(
                sa.select(table.c.capture_id, table.c.warc_offset, table.c.sha256).where(table.c.warc_file == final)
            )
            yield from _file(home.settings.raw / name, [tuple(row) for row in rows], _known(connection, final), erased)
    progress("raw files", len(files), len(files))


def _known(connection: sa.Connection, file: str) -> Callable[[warc.Answer], bool]:
    """Whether an answer in a file, or a later one from the same URL, has a capture."""
    table = tables.captures.c
    later = (table.url_key == sa.bindparam("key")) & (table.warc_file > file)
    query = sa.select(sa.literal(1)).where((table.capture_id == sa.bindparam("id")) | later).limit(1)
    return lambda answer: connection.scalar(query, {"id": answer.record_id, "key": url_key(answer.url)}) is not None


def _file(
    path: Path, captures: list[Any], known: Callable[[warc.Answer], bool], erased: set[str]
) -> Iterator[Disagreement]:
    """`captures` are `(capture_id, offset, sha256)` whose bodies the file should hold, those in `erased` aside."""
    bodies: dict[int, str] = {}
    try:
        for answer in warc.scan(path):
            if answer.record_type in ("response", "resource", "revisit"):
                bodies[answer.offset] = sha256_hex(answer.body)
                if not known(answer):
                    yield Disagreement(
                        "unknown-record", f"{path.name}:{answer.offset}", f"no capture is {answer.record_id}"
                    )
    except Corrupt as error:
        yield Disagreement("raw-file-damaged", path.name, str(error))
    for capture_id, offset, digest in captures:
        if bodies.get(offset) != digest and digest not in erased:
            found = "another body" if offset in bodies else "no record"
            yield Disagreement("capture-without-bytes", capture_id, f"{path.name}:{offset} holds {found}")


def _documents(home: Home) -> Iterator[Disagreement]:
    """Every part of a document rests on a capture of the same bytes."""
    part, capture = tables.parts, tables.captures
    joined = sa.outerjoin(part, capture, part.c.capture_id == capture.c.capture_id)
    query = sa.select(part.c.doc_id, part.c.role, part.c.sha256, capture.c.sha256.label("held")).select_from(joined)
    query = query.where(capture.c.sha256.is_distinct_from(part.c.sha256)).order_by(part.c.doc_id)
    with home.catalogue.snapshot() as connection:
        for row in connection.execute(query):
            reason = "has no capture" if row.held is None else "has a capture with other bytes"
            yield Disagreement("part-without-capture", row.doc_id, f"part {row.role} {reason}")


def _parts(name: str, sidecar: SideCar) -> Iterator[Disagreement]:
    """Every part of a side-car is there and can be read whole; each page in it has a checksum."""
    expected = 1
    for part in parts_of(sidecar.folder):
        if part.first > expected:
            yield Disagreement("side-car-missing", name, f"parts {expected} to {part.first - 1} are not there")
        expected = part.last + 1
        try:
            file = pq.ParquetFile(part.path, page_checksum_verification=True)
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            yield Disagreement("side-car-damaged", f"{sidecar.folder.name}/{part.path.name}", str(error))
    if files := [part for part in every_part(sidecar.folder) if part.last >= expected]:
        yield Disagreement("side-car-missing", name, f"files beside {files[0].path.name} are not there")


def _rows(corpus: Corpus) -> Iterator[Disagreement]:
    """Side-cars speak of documents that there are."""
    known = set(corpus.inputs["doc_id"].to_pylist())
    for name, sidecar in corpus.sidecars.items():
        ids = {key.split(" ")[0] for key in sidecar.index()["key"].to_pylist()}
        for doc_id in sorted(ids - known):
            yield Disagreement("row-without-document", doc_id, f"side-car {name}")


def _read(home: Home, corpus: Corpus) -> Iterator[Disagreement]:
    """Side-cars still hold what releases were made from, where the stages are the same."""
    labels = [stage.label for stage in corpus.stages.values()]
    ids = corpus.inputs["doc_id"]
    unread = {doc_id: name for name in corpus.stages for doc_id in ids.take(pa.array(corpus.pending(name))).to_pylist()}
    for row in home.catalogue.releases():
        manifest = home.settings.releases / row["version"] / "manifest.json"
        if unread and manifest.is_file() and json.loads(manifest.read_bytes())["stages"] == labels:
            held = pq.read_table(manifest.with_suffix(".parquet"), columns=["doc_id"])["doc_id"].to_pylist()
            for doc_id in sorted(unread.keys() & set(held)):
                yield Disagreement("row-missing", doc_id, f"release {row['version']} has it, {unread[doc_id]} has not")


def _releases(home: Home, damaged: Damaged) -> Iterator[Disagreement]:
    """Releases that are listed are there as they were written, and nothing else is."""
    listed = {row["version"]: row for row in home.catalogue.releases() if row["manifest_sha256"] != ERASED}
    folders = {path.name for path in home.settings.releases.glob("*") if path.is_dir()}
    for version in sorted(listed.keys() - folders):
        yield Disagreement("release-missing", version, "listed, but its folder is gone")
    for version in sorted(folders - listed.keys()):
        yield Disagreement("release-unknown", version, "a folder that the catalogue does not list")
    for version in sorted(folders & listed.keys()):
        manifest = home.settings.releases / version / "manifest.json"
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else "none"
        if digest != listed[version]["manifest_sha256"]:
            yield Disagreement("release-changed", version, "its manifest is not the one that was recorded")
        else:
            yield from (Disagreement("release-damaged", version, problem) for problem in damaged(version))


def _published(home: Home, published: Published, progress: Progress) -> Iterator[Disagreement]:
    """Releases are where they were published to, file by file, as they are here."""
    rows = [row for row in home.catalogue.releases() if (home.settings.releases / row["version"]).is_dir()]
    places = [(row["version"], to) for row in rows for to in row["published_to"]]
    for number, (version, to) in enumerate(places, 1):
        try:
            missing, different = published(version, to)
        except KobunkoError as error:
            yield Disagreement("published-unreadable", f"{to} {version}", str(error))
        else:
            yield from (Disagreement("published-missing", f"{to} {version}", name) for name in missing)
            yield from (Disagreement("published-differs", f"{to} {version}", name) for name in different)
        progress("published", number, len(places))
