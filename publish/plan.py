"""The plan of a release: its manifest, settled before a shard is written, and the draft of its rows."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kobunko import __version__, durable
from kobunko.catalogue import Catalogue
from kobunko.corpus import Corpus
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex, source_of
from kobunko.publish.ahead import ahead, beside
from kobunko.publish.clusters import Cluster, clustered
from kobunko.publish.columns import whole
from kobunko.publish.draft import Draft
from kobunko.publish.entries import entries_of, looked_at, masked_texts
from kobunko.publish.manifest import GROUP, OPTIONS, Entry, Removed, lines
from kobunko.publish.rows import Profile, Row
from kobunko.publish.shards import places, sizes_of
from kobunko.publish.totals import Totals
from kobunko.records import Provenance, arrow_schema
from kobunko.seed import Seed

PIECE = 10_000  # documents whose places in the side-cars are known together


@dataclass(frozen=True)
class Plan:
    """What a release holds: the entries sorted by id in a file, and of each document only what places it in a shard."""

    path: Path
    draft: Draft
    digest: str
    figures: Totals
    sources: set[str]
    configs: list[str]
    config: NDArray[np.int16]  # of each entry, as a place in `configs`
    places: NDArray[np.uint64]  # of each entry among the hashes
    sizes: NDArray[np.int64]  # of each row, about
    removed: list[str]  # documents that removals keep out

    def __len__(self) -> int:
        return len(self.places)


def plan(
    path: Path,
    corpus: Corpus,
    catalogue: Catalogue,
    seeds: Mapping[str, Seed],
    profile: Profile,
    cluster: Cluster,
    sources: Collection[str] = (),
) -> Plan:
    """Settles what a release of the corpus (or of some sources) holds, and writes the entries to a file.

    `cluster` finds the duplicates in it. Meanwhile, and while entries are made, what the next ones need is read.
    """
    removed = catalogue.removed()
    kept_out = removed | catalogue.withheld()
    looks = ahead(looked_at(_pieces(corpus, kept_out, sources), profile))
    clusters = clustered(_pieces(corpus, kept_out, sources), cluster)
    total, figures, found, configs = hashlib.sha256(), Totals(), set[str](), dict[str, int]()
    config, where, sizes = [], [], []
    draft = Draft(path.with_name("draft.arrow"))
    with durable.writing(path) as temporary, pq.ParquetWriter(temporary, arrow_schema(Entry), **OPTIONS) as writer:
        for look, texts in beside(masked_texts, looks):
            entries, drafted = entries_of(look, texts, seeds, profile, clusters)
            writer.write_table(entries, row_group_size=GROUP)
            draft.add(drafted)
            total.update(lines(entries))
            figures.add(entries)
            found |= set(entries["source"].unique().to_pylist())
            names = whole(entries["config"]).dictionary_encode()
            numbers = [configs.setdefault(name, len(configs)) for name in names.dictionary.to_pylist()]
            config.append(np.array(numbers, dtype=np.int16)[names.indices.to_numpy()])
            where.append(places(whole(entries["doc_id"])))
            sizes.append(sizes_of(entries["characters"]))
    if not where:
        raise UsageError("there is no document to release: crawl or import a source first.")
    draft.complete()
    return Plan(
        path=path,
        draft=draft,
        digest=total.hexdigest(),
        figures=figures,
        sources=found,
        configs=list(configs),
        config=np.concatenate(config),
        places=np.concatenate(where),
        sizes=np.concatenate(sizes),
        removed=sorted(removed),
    )


def _pieces(
    corpus: Corpus, kept_out: Collection[str], sources: Collection[str]
) -> Iterator[tuple[Corpus, NDArray[np.int64]]]:
    """The corpus in pieces that fit into memory, with the positions of the documents that the release holds."""
    for piece in corpus.pieces(PIECE):
        names = piece.inputs["doc_id"].to_pylist()
        kept = [name not in kept_out and (not sources or source_of(name) in sources) for name in names]
        if any(kept):
            yield piece, np.flatnonzero(kept)


def describe(planned: Plan, version: str, profile: Profile, stages: list[str]) -> dict[str, Any]:
    """The content of `manifest.json`."""
    by_config = {row.pop("config"): row for row in planned.figures.counts()}
    return {
        "version": version,
        "profile": profile,
        "software": {"kobunko": __version__, "pyarrow": pa.__version__},
        "schema": {record.__name__: record.version for record in (Row, Entry, Provenance, Removed)},
        "stages": stages,
        "documents": len(planned),
        "documents_sha256": planned.digest,
        "removed": len(planned.removed),
        "removed_sha256": sha256_hex("\n".join(planned.removed).encode()),
        "configs": by_config,
    }
