"""What changed between two releases, and why, from their manifests alone."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
_CLUSTER = ("duplicate_cluster", "cluster_size")


@dataclass(frozen=True)
class Side:
    """One release as far as a comparison needs it."""

    manifest: Mapping[str, Any]
    entries: Path  # manifest.parquet
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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Step:
    """What differs in one range of ids, and who shares a cluster with whom in it."""

    added: list[str]
    gone: list[str]
    changed: list[Change]
    clusters: list[tuple[str, str | None, str | None]]  # id, cluster before, cluster now


def read_side(folder: Path) -> Side:
    """A release from its folder; raises `NotFound` where there is none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        schema = pq.read_schema(folder / "manifest.parquet")
        removed = pq.read_table(next((folder / "removed").glob("*.parquet")))["id"].to_pylist()
    except (OSError, StopIteration, pa.ArrowInvalid) as error:
        raise NotFound(f"{folder} holds no release: build it again ({error}).") from error
    if not schema.equals(arrow_schema(Entry), check_metadata=True):
        raise NotFound(f"{folder} holds no release of this version of Kobunko: build it again.")
    return Side(manifest, folder / "manifest.parquet", frozenset(removed))


def diff(older: Side, newer: Side) -> Diff:
    """Compares two releases."""
    steps = list(_steps(older, newer))
    return Diff(
        older=older.manifest["version"],
        newer=newer.manifest["version"],
        added=[name for step in steps for name in step.added],
        changed=[change for step in steps for change in step.changed],
        removed=[(name, _why_gone(name, newer)) for step in steps for name in step.gone],
        moved=_moved([row for step in steps for row in step.clusters]),
        stages=_stages(older.manifest["stages"], newer.manifest["stages"]),
    )


def counts(older: Side, newer: Side) -> dict[str, Any]:
    """How much of each kind `diff` would find, without a list of it."""
    added, changed, removed = 0, Counter[str](), Counter[str]()
    clusters: list[tuple[str, str | None, str | None]] = []
    for step in _steps(older, newer):
        added += len(step.added)
        changed.update(change.why for change in step.changed)
        removed.update(_why_gone(name, newer) for name in step.gone)
        clusters += step.clusters
    return {
        "since": older.manifest["version"],
        "added": added,
        "changed": dict(sorted(changed.items())),
        "removed": dict(sorted(removed.items())),
        "moved": len(_moved(clusters)),
        "stages": [list(pair) for pair in _stages(older.manifest["stages"], newer.manifest["stages"])],
    }


def _steps(older: Side, newer: Side) -> Iterator[_Step]:
    for a, b in _aligned(older.entries, newer.entries):
        before, after = a["doc_id"], b["doc_id"]
        common = before.filter(pc.is_in(before, after))
        one, other = (side.take(pc.index_in(common, side["doc_id"])) for side in (a, b))
        yield _Step(
            added=after.filter(pc.invert(pc.is_in(after, before))).to_pylist(),
            gone=before.filter(pc.invert(pc.is_in(before, after))).to_pylist(),
            changed=_changed(one, other),
            clusters=list(_clusters(one, other)),
        )


def _aligned(older: Path, newer: Path) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Both lists of entries in pieces; the pieces of a pair cover the same range of ids."""
    streams = [_pieces(path) for path in (older, newer)]
    rest = [next(stream) for stream in streams]
    while any(table.num_rows for table in rest):
        end = min(table["doc_id"][-1].as_py() for table in rest if table.num_rows)
        counts = [pc.sum(pc.less_equal(table["doc_id"], end)).as_py() or 0 for table in rest]
        yield rest[0].slice(0, counts[0]), rest[1].slice(0, counts[1])
        rest = [table.slice(count) for table, count in zip(rest, counts, strict=True)]
        rest = [table if table.num_rows else next(stream, table) for table, stream in zip(rest, streams, strict=True)]


def _pieces(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=["doc_id", *SOURCE, *RULE, *STAGE, *_CLUSTER])


def _changed(a: pa.Table, b: pa.Table) -> list[Change]:
    """Documents of both releases that differ; `a` and `b` hold the same ids in the same order."""
    facts: dict[int, list[str]] = {}
    for name in (*SOURCE, *STAGE, *RULE):
        for row in pc.indices_nonzero(_differ(a[name], b[name])).to_pylist():
            facts.setdefault(row, []).append(name)
    return [Change(a["doc_id"][row].as_py(), _why(names), names) for row, names in sorted(facts.items())]


def _differ(a: pa.ChunkedArray, b: pa.ChunkedArray) -> pa.ChunkedArray:
    same = pc.or_(pc.fill_null(pc.equal(a, b), False), pc.and_(a.is_null(), b.is_null()))
    return pc.invert(same)


def _why_gone(name: str, newer: Side) -> str:
    return "removal" if name in newer.removed else "gone"


def _why(facts: Collection[str]) -> str:
    """The first cause: a new original is read and judged anew, a new reading is not a new rule."""
    causes = (("source", SOURCE), ("stage", STAGE), ("rule", RULE))
    return next(why for why, names in causes if any(name in facts for name in names))


def _clusters(a: pa.Table, b: pa.Table) -> Iterator[tuple[str, str | None, str | None]]:
    """The clusters before and now of documents that do not stand alone in both releases."""
    alone = pc.and_(pc.equal(a["cluster_size"], 1), pc.equal(b["cluster_size"], 1))
    without = pc.and_(a["cluster_size"].is_null(), b["cluster_size"].is_null())
    rows = pc.indices_nonzero(pc.invert(pc.or_(pc.fill_null(alone, False), without)))
    columns = (a["doc_id"], a["duplicate_cluster"], b["duplicate_cluster"])
    return zip(*(column.take(rows).to_pylist() for column in columns), strict=True)


def _moved(clusters: Sequence[tuple[str, str | None, str | None]]) -> list[tuple[str, str, str]]:
    """Documents that share their cluster with others than before; a member that came or went moves nobody."""
    before = _labels((name, old) for name, old, _ in clusters)
    now = _labels((name, new) for name, _, new in clusters)
    moved = zip(clusters, before, now, strict=True)
    return [(name, old or "", new or "") for (name, old, new), label, other in moved if label != other]


def _labels(clusters: Iterable[tuple[str, str | None]]) -> list[str | None]:
    """Cluster of each document, named by its first member among these."""
    first: dict[str, str] = {}
    return [None if cluster is None else first.setdefault(cluster, name) for name, cluster in clusters]


def _stages(older: list[str], newer: list[str]) -> list[tuple[str, str]]:
    before, now = ({label.split("@")[0]: label for label in labels} for labels in (older, newer))
    pairs = [(before.get(name, ""), now.get(name, "")) for name in dict.fromkeys([*before, *now])]
    return [pair for pair in pairs if pair[0] != pair[1]]
