"""Rows of a release as the passage index takes them: the text as it was published, or none where none was."""

import glob
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.durable import TEMPORARY
from kobunko.errors import NotFound
from kobunko.ids import sha256_hex
from kobunko.names import names_of
from kobunko.passages.store import Changes, Entry

_FACTS = ["input_sha256", "text_sha256", "text", "duplicate_cluster"]  # of the manifest; hashes are of masked texts
_ROW = ["id", "duplicate_cluster", "text", "pages", "source_key", "source_version", "url", "metadata", "structure"]


class Release:
    """One release of a home."""

    def __init__(self, folder: Path) -> None:
        self.version = folder.name
        self._folder = folder
        self.shards = [Path(name) for name in sorted(glob.glob(f"{glob.escape(str(folder))}/data/*/*.parquet"))]
        if not self.shards:
            raise NotFound(f"no release {folder.name}: build it with `kobunko release build {folder.name}`.")
        manifest = (folder / "manifest.json").read_bytes()
        self.base = f"{folder.name} {sha256_hex(manifest)}"
        self._stages = json.loads(manifest)["stages"]

    def keys(self) -> Mapping[str, str]:
        """A key of every row: it changes whenever what is indexed of the row may."""
        return self._keys(self._entries())

    def changes(self, base: str) -> Changes | None:
        """What changed since another release of this home, named by its `base`; None where that is not here."""
        try:
            before = Release(self._folder.with_name(base.partition(" ")[0]))
        except (NotFound, OSError):
            return None
        if before.base != base or before._stages != self._stages:
            return None
        old, new = before._entries(), self._entries()
        place = pc.index_in(new["doc_id"], value_set=old["doc_id"])
        same = pc.is_valid(place)
        for name in _FACTS:
            then, now = old[name].take(place), new[name]
            equal = pc.or_(pc.fill_null(pc.equal(then, now), False), pc.and_(pc.is_null(then), pc.is_null(now)))
            same = pc.and_(same, equal)
        left = old["doc_id"].filter(pc.invert(pc.is_in(old["doc_id"], value_set=new["doc_id"])))
        return Changes(self._keys(new.filter(pc.invert(same))), left.to_pylist())

    def _entries(self) -> pa.Table:
        return pq.read_table(self._folder / "manifest.parquet", columns=["doc_id", *_FACTS])

    def _keys(self, entries: pa.Table) -> dict[str, str]:
        stages = " ".join(self._stages)
        facts = zip(*(entries[name].to_pylist() for name in _FACTS), strict=True)
        keys = (sha256_hex(f"{row} {stages}".encode())[:24] for row in facts)
        return dict(zip(entries["doc_id"].to_pylist(), keys, strict=True))

    def read(self, wanted: Mapping[str, str]) -> Iterator[Entry]:
        """The rows of documents, given by their keys; row groups that can hold none of them are passed over."""
        ids = sorted(wanted)
        for shard in self.shards:
            with pq.ParquetFile(shard) as file:
                for group in range(file.num_row_groups):
                    ends = file.metadata.row_group(group).column(0).statistics
                    first, last = bisect_left(ids, ends.min), bisect_right(ids, ends.max)
                    if first == last:
                        continue
                    held = file.read_row_group(group, columns=["id"])["id"]
                    places = pc.indices_nonzero(pc.is_in(held, value_set=pa.array(ids[first:last])))
                    if len(places):
                        rows = file.read_row_group(group, columns=_ROW).take(places).to_pylist()
                        yield from (_entry(row, wanted[row["id"]]) for row in rows)

    def row(self, config: str, number: int) -> str:
        """Document of row `number` (from 0) of a config, as `load_dataset(…, config)[number]` gives it."""
        for shard in self.shards:
            if shard.parent.name == config:
                file = pq.ParquetFile(shard)
                if number < file.metadata.num_rows:
                    return str(file.read(columns=["id"])["id"][number])
                number -= file.metadata.num_rows
        raise NotFound(f"release {self.version} has no row {number} in {config}.")


def _entry(row: Mapping[str, Any], key: str) -> Entry:
    pages = tuple((page["number"], page["start"], page["end"]) for page in row["pages"] or ())
    text, cluster = row["text"] or "", row["duplicate_cluster"] or ""
    metadata = json.loads(row["metadata"] or "{}")
    names = names_of(row["source_key"], row["source_version"], row["url"], metadata, row["structure"] or "")
    return Entry(row["id"], key, cluster, text, pages, tuple(names))


def default_release(releases: Path) -> Release:
    """The newest release whose texts may be shown to anybody; raises `NotFound` where there is none."""
    whole = [path for path in releases.glob("*/manifest.json") if path.parent.suffix != TEMPORARY]
    manifests = [path for path in whole if json.loads(path.read_bytes())["profile"] == "open"]
    if not manifests:
        raise NotFound(
            "there is no open release: build one with `kobunko release build VERSION`, or name another release."
        )
    return Release(max(manifests, key=lambda path: (path.stat().st_mtime_ns, path.parent.name)).parent)
