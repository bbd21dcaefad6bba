"""Erases what removals bind: bytes in WARC files, side-cars, caches, passage index, releases, words in the catalogue.

Every step can be done again: after a crash the same command goes on. What was published elsewhere is out of reach from
here; `elsewhere` says where it is and how it is erased there.
"""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kobunko import depot, durable, removals, sidecar, tables, warc, warc_changes
from kobunko.home import Home
from kobunko.lookup.chain import releases_with
from kobunko.passages.store import Store, open_store
from kobunko.running import Progress

ERASED = "erased"  # takes the place of a release's hash
_IN_QUERY = 500  # values that a query names at once


@dataclass
class PurgeSummary:
    """What was erased. `elsewhere` are copies that only their host can erase: destination and the commands for it."""

    documents: int = 0
    warc_records: int = 0
    sidecar_rows: int = 0
    cache_files: int = 0
    releases: list[str] = field(default_factory=list)
    elsewhere: list[dict[str, Any]] = field(default_factory=list)


def purge(home: Home, progress: Progress = lambda *_: None) -> PurgeSummary:
    """Erases everything that is bound and not erased yet. Call it only while holding the home's lock."""
    catalogue, settings = home.catalogue, home.settings
    doc_ids, hashes = sorted(catalogue.removed()), set(removals.bound(catalogue, "sha256"))
    summary = PurgeSummary(documents=len(doc_ids))
    for left in settings.releases.glob(f"*{durable.TEMPORARY}"):  # by a purge or a build that was cut off
        shutil.rmtree(left)
    releases = sorted({name for doc_id in doc_ids for name in releases_with(settings.releases, doc_id)})
    summary.warc_records = _erase_warc(home, doc_ids, hashes, progress)
    summary.sidecar_rows = sidecar.erase(settings.stages, set(doc_ids), partial(progress, "side-cars"))
    summary.cache_files = _erase_caches(home.path / "cache", hashes)
    _scrub(home, doc_ids, hashes)
    if open_store(settings.index):
        with contextlib.closing(Store(settings.index, create=True)) as store:
            store.erase(doc_ids)
    for number, name in enumerate(releases, 1):
        catalogue.update_release(name, manifest_sha256=ERASED, verified=False)
        _erase_release(settings.releases / name)
        summary.releases.append(name)
        progress("releases", number, len(releases))
    depot.purged(home.path)
    summary.elsewhere = published(home) if doc_ids else []
    removals.mark_purged(catalogue, [row["request_id"] for row in removals.requests(catalogue)])
    home.catalogue.compact()
    return summary


def _erase_warc(home: Home, doc_ids: Sequence[str], hashes: set[str], progress: Progress) -> int:
    """Records with these bytes, the ones that confirm them, and the notes about them."""
    files: set[str] = set()
    records: set[str] = set()
    for sha256 in sorted(hashes):
        for capture in home.catalogue.captures_by_sha256(sha256):
            files.add(capture.warc_file)
            records.add(capture.capture_id)
    for document in home.catalogue.documents(doc_ids):
        files |= {part.warc_file for part in document.own_parts if part.size}
        records |= {part.capture_id for part in document.own_parts if part.size}
    # A record that only confirms the bytes stands in a file that no row names, so the whole series is looked through.
    series = {Path(name).parent for name in files if name}
    paths = sorted({path for folder in series for path in warc.files(home.settings.raw / folder)})
    erased = 0
    for number, path in enumerate(paths, 1):
        erased += warc_changes.erase(path, records, hashes)
        progress("WARC files", number, len(paths))
    return erased


def _erase_caches(folder: Path, hashes: set[str]) -> int:
    """Cached results, which are named after the bytes that they were made from."""
    found = [path for path in folder.rglob("*") if path.is_file() and any(name in str(path) for name in hashes)]
    for path in found:
        durable.remove(path)
    return len(found)


def _erase_release(folder: Path) -> None:
    """Under a temporary name first: half a release must not be taken for a whole one."""
    depot.forget(folder)
    gone = folder.with_name(f"{folder.name}{durable.TEMPORARY}")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    durable.fsync_folder(folder.parent)
    shutil.rmtree(gone)


def _scrub(home: Home, doc_ids: Sequence[str], hashes: set[str]) -> None:
    """Takes the words out of the catalogue's rows; ids, hashes, URLs and times stay, so that lookup can answer."""
    documents, captures, frontier = tables.documents, tables.captures, tables.frontier
    urls = removals.bound(home.catalogue, "url")
    with home.catalogue.transaction() as connection:
        for ids in _portions(doc_ids):
            empty = {"title": "", "metadata": "{}", "anchor_text": ""}
            connection.execute(sa.update(documents).where(documents.c.doc_id.in_(ids)).values(**empty))
        for values in _portions(sorted(hashes)):
            connection.execute(sa.update(captures).where(captures.c.sha256.in_(values)).values(anchor_text=""))
        for keys in _portions(urls):
            done = (frontier.c.request_key.in_(keys)) & (frontier.c.state != "pending")
            connection.execute(sa.delete(frontier).where(done))


def _portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _IN_QUERY):
        yield values[start : start + _IN_QUERY]


def published(home: Home) -> list[dict[str, Any]]:
    """Releases that were erased here and published elsewhere, with the commands that erase them there. One whose folder
    somebody deleted may hold anything."""
    return [
        {"release": row["version"], "destination": to, "commands": commands(row["version"], to)}
        for row in home.catalogue.releases()
        if row["manifest_sha256"] == ERASED or not (home.settings.releases / row["version"]).is_dir()
        for to in row["published_to"]
    ]


def commands(version: str, destination: str) -> list[str]:
    """How a published release is erased. On the Hub a commit is not enough: old commits, tags and files keep it."""
    if destination.startswith("hf://"):
        replaced = f"kobunko release build NEW && kobunko publish NEW --to {destination}"
        return [replaced, f"kobunko purge NEW --to {destination}"]
    if destination.startswith("s3://"):
        return [f"aws s3 rm --recursive {destination.rstrip('/')}/{version}"]
    return [f"rm -r {destination.removeprefix('file://').rstrip('/')}/{version}"]
