"""What changed between two releases, and why, from their manifests alone."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.errors import NotFound
from kobunko.publish.manifest import Entry
from kobunko.records import arrow_schema

# Of a document that is in both releases: which facts tell that what happened.
SOURCE = ("input_sha256",)
RULE = ("rights_sha256", "text", "config")
STAGE = ("text_sha256", "outcome", "characters", "tokens", "tokens_tekken", "method", "ocr_confidence")


@dataclass(frozen=True)
class Side:
    """One release as far as a comparison needs it."""

    manifest: Mapping[str, Any]
    entries: pa.Table
    removed: Collection[str]  # ids that were removed on request


@dataclass(frozen=True, slots=True)
class Change:
    """A document that is not as it was. `why` is source, stage or rule; `facts` are the columns that differ."""

    id: str
    why: str
    facts: list[str]


@dataclass(frozen=True)
class Diff:
    """Ids are sorted. `removed` and `moved` name a reason or a cluster beside each id."""

    older: str
    newer: str
    added: list[str]
    changed: list[Change]
    removed: list[tuple[str, str]]  # id, and why: removal (on request) or gone (from the corpus)
    moved: list[tuple[str, str, str]]  # id, cluster before, cluster now
    stages: list[tuple[str, str]]  # label before, label now; empty where there was none

    def counts(self) -> dict[str, Any]:
        return {
            "since": self.older,
            "added": len(self.added),
            "changed": dict(sorted(Counter(change.why for change in self.changed).items())),
            "removed": dict(sorted(Counter(why for _, why in self.removed).items())),
            "moved": len(self.moved),
            "stages": [list(pair) for pair in self.stages],
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_side(folder: Path) -> Side:
    """A release from its folder; raises `NotFound` where there is none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        entries = pq.read_table(folder / "manifest.parquet", schema=arrow_schema(Entry))
        removed = pq.read_table(next((folder / "removed").glob("*.parquet")))["id"].to_pylist()
    except (OSError, StopIteration, pa.ArrowInvalid) as error:
        raise NotFound(f"{folder} holds no release of this version of Kobunko: build it again ({error}).") from error
    return Side(manifest, entries, frozenset(removed))


def diff(older: Side, newer: Side) -> Diff:
    """Compares two releases."""
    before, after = older.entries["doc_id"], newer.entries["doc_id"]
    gone = before.filter(pc.invert(pc.is_in(before, after))).to_pylist()
    common = before.filter(pc.is_in(before, after)).combine_chunks()
    a, b = (side.entries.take(pc.index_in(common, side.entries["doc_id"])) for side in (older, newer))
    return Diff(
        older=older.manifest["version"],
        newer=newer.manifest["version"],
        added=after.filter(pc.invert(pc.is_in(after, before))).to_pylist(),
        changed=_changed(a, b),
        removed=[(name, "removal" if name in newer.removed else "gone") for name in gone],
        moved=_moved(a, b),
        stages=_stages(older.manifest["stages"], newer.manifest["stages"]),
    )


def _changed(a: pa.Table, b: pa.Table) -> list[Change]:
    """Documents of both releases that differ; `a` and `b` hold the same ids in the same order."""
    facts: dict[int, list[str]] = {}
    for name in (*SOURCE, *STAGE, *RULE):
        same = pc.fill_null(pc.equal(a[name], b[name]), False)
        both_missing = pc.and_(a[name].is_null(), b[name].is_null())
        differs = pc.invert(pc.or_(same, both_missing))
        for row in pc.indices_nonzero(differs).to_pylist():
            facts.setdefault(row, []).append(name)
    return [Change(a["doc_id"][row].as_py(), _why(names), names) for row, names in sorted(facts.items())]


def _why(facts: Collection[str]) -> str:
    """The first cause: a new original is read and judged anew, a new reading is not a new rule."""
    causes = (("source", SOURCE), ("stage", STAGE), ("rule", RULE))
    return next(why for why, names in causes if any(name in facts for name in names))


def _moved(a: pa.Table, b: pa.Table) -> list[tuple[str, str, str]]:
    """Documents that share their cluster with others than before; a member that came or went moves nobody."""
    result = []
    before, now = _labels(a), _labels(b)
    for row, (old, new) in enumerate(zip(before, now, strict=True)):
        if old != new:
            clusters = [table["duplicate_cluster"][row].as_py() or "" for table in (a, b)]
            result.append((a["doc_id"][row].as_py(), clusters[0], clusters[1]))
    return result


def _labels(side: pa.Table) -> list[str | None]:
    """Cluster of each row, named by its first member among these rows."""
    first: dict[str, str] = {}
    ids, clusters = side["doc_id"].to_pylist(), side["duplicate_cluster"].to_pylist()
    return [
        None if cluster is None else first.setdefault(cluster, name)
        for name, cluster in zip(ids, clusters, strict=True)
    ]


def _stages(older: list[str], newer: list[str]) -> list[tuple[str, str]]:
    before, now = ({label.split("@")[0]: label for label in labels} for labels in (older, newer))
    pairs = [(before.get(name, ""), now.get(name, "")) for name in dict.fromkeys([*before, *now])]
    return [pair for pair in pairs if pair[0] != pair[1]]
