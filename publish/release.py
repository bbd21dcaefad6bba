"""Builds a release: the manifest first, then shards made from it alone; the same manifest gives the same bytes."""

import gc
import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kobunko import depot, durable
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex
from kobunko.publish import checksums
from kobunko.publish.ahead import ahead
from kobunko.publish.card import card
from kobunko.publish.clusters import Cluster
from kobunko.publish.croissant import croissant
from kobunko.publish.diff import Side, counts, read_side
from kobunko.publish.manifest import Removed
from kobunko.publish.plan import Plan, describe, plan
from kobunko.publish.plots import plots
from kobunko.publish.provenance import version_order
from kobunko.publish.rows import Profile, Row, provenance_of, rows_of, with_long
from kobunko.publish.shards import (
    AT_ONCE,
    WAITING,
    partition,
    regrouped,
    row_groups,
    runs,
    shard_name,
    sizes_by_folder,
    write_shard,
)
from kobunko.publish.statements import data_provenance_standard, eu_summary, prov_json
from kobunko.publish.tally import Tally
from kobunko.records import Provenance, arrow_schema
from kobunko.seed import Seed
from kobunko.settings import ReleaseSettings, Settings

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    version: str
    profile: Profile
    folder: Path
    documents: int
    texts: int  # rows whose text is in the release
    removed: int  # documents that a removal keeps out
    manifest_sha256: str
    unchanged: bool  # the release was there already, with these very bytes


def build(
    corpus: Corpus,
    catalogue: Catalogue,
    settings: Settings,
    seeds: Mapping[str, Seed],
    version: str,
    profile: Profile,
    cluster: Cluster,
    sources: Collection[str] = (),
) -> ReleaseInfo:
    """Makes `releases/<version>` of everything in the corpus (or of some sources) that no removal keeps out.

    `cluster(doc_ids, key_sha256, minhash)` finds the duplicates among the documents of the release. Nothing is to be
    seen under the final name before the release is whole. Call it only while holding the home's lock.
    """
    _settle_memory()
    final = settings.releases / _checked(version)
    temporary = final.with_name(f"{version}{durable.TEMPORARY}")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a crash
    try:
        planned = plan(temporary / "manifest.parquet", corpus, catalogue, seeds, profile, cluster, sources)
        manifest = describe(planned, version, profile, [stage.label for stage in corpus.stages.values()])
        manifest["sources"] = sorted(sources)
        manifest["publishers"] = _publishers(planned, seeds)
        manifest["changes"] = _changes(settings.releases, catalogue, manifest, planned)
        _write(temporary, corpus, planned, manifest, settings)
        unchanged = _install(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    manifest_sha256 = sha256_hex((final / "manifest.json").read_bytes())
    documents, texts = len(planned), sum(row["texts"] for row in planned.figures.counts())
    if version not in {row["version"] for row in catalogue.releases()}:
        depot.keep(final)
        catalogue.add_release(version, profile, manifest_sha256, documents)
    return ReleaseInfo(version, profile, final, documents, texts, len(planned.removed), manifest_sha256, unchanged)


def _settle_memory() -> None:
    """Has Arrow's memory come from jemalloc, which keeps what one batch frees for the next, because new pages cost
    time, and the garbage collector look at nothing that was loaded before, and seldom at rows of the catalogue."""
    gc.freeze()
    gc.set_threshold(100_000)
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def _checked(version: str) -> str:
    if not _VERSION.fullmatch(version) or version.endswith(durable.TEMPORARY):
        raise UsageError(f"{version!r} cannot be the version of a release: use letters, digits, dots and hyphens.")
    return version


def _publishers(planned: Plan, seeds: Mapping[str, Seed]) -> dict[str, dict[str, str]]:
    """Who published the documents, by source."""
    found = sorted(planned.sources & seeds.keys())
    told = ("title", "publisher", "homepage")
    return {name: {key: str(getattr(seeds[name], key)) for key in told} for name in found}


def _changes(folder: Path, catalogue: Catalogue, manifest: Mapping[str, Any], planned: Plan) -> dict[str, Any] | None:
    """What is new since the release before this one, by version; none for a first release."""
    mine = manifest["version"]
    known = [row["version"] for row in catalogue.releases() if row["profile"] == manifest["profile"]]
    earlier = [name for name in known if version_order(name) < version_order(mine) and (folder / name).is_dir()]
    if not earlier:
        return None
    newest = folder / max(earlier, key=version_order)
    return counts(read_side(newest), Side(manifest, planned.path, planned.removed))


def _install(temporary: Path, final: Path) -> bool:
    """Gives a finished release its name; True when it was there with the same bytes."""
    if final.exists():
        sums = final / checksums.NAME
        if sums.is_file() and sums.read_bytes() == (temporary / checksums.NAME).read_bytes():
            return True
        raise UsageError(
            f"release {final.name} exists and what would be built now differs from it: choose a new version, "
            f"or delete {final} if it was never published."
        )
    temporary.rename(final)
    durable.fsync_folder(final.parent)
    return False


def _write(folder: Path, corpus: Corpus, planned: Plan, manifest: Mapping[str, Any], settings: Settings) -> None:
    durable.write_bytes(folder / "manifest.json", _json(manifest))
    with ThreadPoolExecutor(1) as beside:  # no row waits for the provenance or for a picture
        traced = beside.submit(_write_provenance, folder / "provenance", planned)
        pictures = beside.submit(plots, planned.figures)
        tally = _write_rows(folder / "data", corpus, planned, manifest["profile"])
        traced.result()
    _write_removed(folder / "removed", planned)
    sums = checksums.of(folder)
    papers = _papers(folder, planned, manifest, sums, tally, settings.release) | pictures.result()
    with ThreadPoolExecutor() as pool:  # a disk syncs many small files in the time of one
        deque(pool.map(lambda name: durable.write_bytes(folder / name, papers[name]), papers), maxlen=0)
    durable.write_bytes(folder / checksums.NAME, checksums.render(folder, sums))


def _write_rows(folder: Path, corpus: Corpus, planned: Plan, profile: Profile) -> Tally:
    """The rows of every config, and what is counted of them."""
    tally = Tally()
    released = _Files(Row, lambda rows: tally.add(rows_of(with_long(corpus, planned.draft.take(rows)), profile)))
    for number, config in enumerate(planned.configs):
        _write_shards(folder / config, released, planned, np.flatnonzero(planned.config == number))
    return tally


def _write_provenance(folder: Path, planned: Plan) -> None:
    traced = _Files(Provenance, lambda rows: provenance_of(planned.draft.take(rows)))
    _write_shards(folder, traced, planned, np.arange(len(planned)))


def _write_removed(folder: Path, planned: Plan) -> None:
    removed = pa.Table.from_pylist([{"id": name} for name in planned.removed], schema=arrow_schema(Removed))
    groups = [removed] if planned.removed else []  # `datasets` cannot read a row group without rows
    write_shard(folder / shard_name(0, 1), removed.schema, groups)


def _papers(
    folder: Path,
    planned: Plan,
    manifest: Mapping[str, Any],
    sums: Mapping[str, str],
    tally: Tally,
    settings: ReleaseSettings,
) -> dict[str, bytes]:
    """What is written about the data, by name: the card, and the descriptions for machines."""
    described = {
        "croissant.json": croissant(manifest, sums, tally, settings),
        "metadata/prov.json": prov_json(manifest, sums),
        "metadata/data-provenance-standard.json": data_provenance_standard(manifest, tally, settings),
        "metadata/eu-training-content.json": eu_summary(manifest, tally),
    }
    told = card(manifest, planned.figures, sizes_by_folder(folder), settings)
    return {name: _json(paper) for name, paper in described.items()} | {"README.md": told.encode()}


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class _Files:
    """A kind of file: the record that it holds, and how rows by number become it."""

    record: type
    make: Callable[[NDArray[np.int64]], pa.Table]


def _write_shards(folder: Path, files: _Files, planned: Plan, rows: NDArray[np.int64]) -> None:
    """Writes the entries at `rows` as shards; while one row group is written, the next ones are made."""
    where, sizes = planned.places[rows], planned.sizes[rows]
    shards = partition(where, sizes)
    for number, members in enumerate(shards):
        mine = rows[members]
        made = ahead((files.make(mine[some]) for some in runs(sizes[members], AT_ONCE)), WAITING)
        groups = regrouped(made, row_groups(where[members], sizes[members]))
        write_shard(folder / shard_name(number, len(shards)), arrow_schema(files.record), groups)
