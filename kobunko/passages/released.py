"""Rows of a release as the passage index takes them: the text as it was published, or none where none was."""

import glob
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kobunko.durable import TEMPORARY
from kobunko.errors import NotFound
from kobunko.ids import short_hash
from kobunko.names import names_of
from kobunko.passages.store import Entry

_KEY = ["id", "sha256", "redistribute", "duplicate_cluster", "stages"]
_ROW = [*_KEY, "text", "pages", "source_key", "source_version", "url", "metadata"]


class Release:
    """One release of a home."""

    def __init__(self, folder: Path) -> None:
        self.version = folder.name
        self.shards = [Path(name) for name in sorted(glob.glob(f"{glob.escape(str(folder))}/data/*/*.parquet"))]
        if not self.shards:
            raise NotFound(f"no release {folder.name}: build it with `kobunko release build {folder.name}`.")

    def keys(self) -> Mapping[str, str]:
        found = {}
        for shard in self.shards:
            for batch in pq.ParquetFile(shard).iter_batches(columns=_KEY):
                found.update({row["id"]: _key(row) for row in batch.to_pylist()})
        return found

    def read(self, wanted: Collection[str]) -> Iterator[Entry]:
        for shard in self.shards:
            file = pq.ParquetFile(shard)
            for group in range(file.num_row_groups):
                ids = file.read_row_group(group, columns=["id"])["id"].to_pylist()
                places = [place for place, doc_id in enumerate(ids) if doc_id in wanted]
                if places:
                    rows = file.read_row_group(group, columns=_ROW).take(pa.array(places))
                    yield from map(_entry, rows.to_pylist())

    def row(self, config: str, number: int) -> str:
        """Document of row `number` (from 0) of a config, as `load_dataset(…, config)[number]` gives it."""
        for shard in self.shards:
            if shard.parent.name == config:
                file = pq.ParquetFile(shard)
                if number < file.metadata.num_rows:
                    return str(file.read(columns=["id"])["id"][number])
                number -= file.metadata.num_rows
        raise NotFound(f"release {self.version} has no row {number} in {config}.")


def _key(row: Mapping[str, Any]) -> str:
    return short_hash([row["sha256"], row["redistribute"], row["duplicate_cluster"], row["stages"]])


def _entry(row: Mapping[str, Any]) -> Entry:
    pages = tuple((page["number"], page["start"], page["end"]) for page in row["pages"] or ())
    text, cluster = row["text"] or "", row["duplicate_cluster"] or ""
    metadata = json.loads(row["metadata"] or "{}")
    names = names_of(row["source_key"], row["source_version"], row["url"], metadata)
    return Entry(row["id"], _key(row), cluster, text, pages, tuple(names))


def default_release(releases: Path) -> Release:
    """The newest release whose texts may be shown to anybody; raises `NotFound` where there is none."""
    whole = [path for path in releases.glob("*/manifest.json") if path.parent.suffix != TEMPORARY]
    manifests = [path for path in whole if json.loads(path.read_bytes())["profile"] == "open"]
    if not manifests:
        raise NotFound(
            "there is no open release: build one with `kobunko release build VERSION`, or name another release."
        )
    return Release(max(manifests, key=lambda path: (path.stat().st_mtime_ns, path.parent.name)).parent)
