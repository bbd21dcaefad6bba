"""Verifies a release from its files alone: every hash, every shard, every promise. No problem found means good."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kobunko.ids import sha256_hex
from kobunko.policy import NUMBERS_ONLY, REPUBLISHED
from kobunko.publish import checksums
from kobunko.publish.checklist import Checklist, facts
from kobunko.publish.figures import holds_figures_alone
from kobunko.publish.manifest import Entry, Removed, digest
from kobunko.publish.rows import Row
from kobunko.records import Provenance, arrow_schema

PROVEN = ("E1", "E2", "E3")  # evidence levels on which a text may be published
_SAME = {  # columns of a row that are as in its entry
    "id": "doc_id",
    "sha256": "text_sha256",
    "license": "license",
    "redistribute": "redistribute",
    "outcome": "outcome",
    "config": "config",
    "withheld": "withheld",
}


def verify(folder: Path, removed: Collection[str] = frozenset()) -> list[str]:
    """Problems of a release, one line each. `removed` are the ids that must not be in it.

    Raises NotFound where there is no release at all.
    """
    problems = list(damaged_files(folder))
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        entries = Entries(folder / "manifest.parquet")
    except (OSError, ValueError, pa.ArrowException) as error:
        return [*problems, f"manifest cannot be read: {error}"]
    problems += _manifest(manifest, entries, removed)
    problems += _shards(folder, manifest, entries)
    problems += _provenance(folder, entries)
    problems += _removed(folder, manifest, entries)
    return problems


class Entries:
    """The list of documents in `manifest.parquet`, which may be longer than memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not pq.read_schema(path).equals(arrow_schema(Entry), check_metadata=True):
            raise ValueError("manifest.parquet has not the schema of this version of Kobunko")

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        with pq.ParquetFile(self._path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=list(columns))

    def digest(self) -> str:
        return digest(self._path)

    def find(self, names: Collection[str]) -> dict[str, tuple[int, dict[str, Any]]]:
        """Entries of some documents by id, with their numbers."""
        found, start, wanted = {}, 0, pa.array(sorted(names), pa.string())
        for piece in self.pieces(list(_SAME.values())):
            for row in pc.indices_nonzero(pc.is_in(piece["doc_id"], wanted)).to_pylist():
                found[piece["doc_id"][row].as_py()] = (start + row, piece.slice(row, 1).to_pylist()[0])
            start += piece.num_rows
        return found

    def names(self, rows: Sequence[int]) -> list[str]:
        """Ids by number."""
        found: list[str] = []
        start, wanted = 0, np.array(rows, dtype=np.int64)
        for piece in self.pieces(["doc_id"]):
            here = wanted[(wanted >= start) & (wanted < start + piece.num_rows)] - start
            found += piece["doc_id"].take(pa.array(here)).to_pylist()
            start += piece.num_rows
        return found


def damaged_files(folder: Path) -> Iterator[str]:
    """Every file has its hash, and there is no other file."""
    expected = checksums.read(folder)
    present = checksums.of(folder)
    for name in sorted(expected.keys() - present.keys()):
        yield f"{name}: missing"
    for name, sha256 in present.items():
        if name not in expected:
            yield f"{name}: not in {checksums.NAME}"
        elif sha256 != expected[name]:
            yield f"{name}: its bytes do not have the hash in {checksums.NAME}"


def _manifest(manifest: Mapping[str, Any], entries: Entries, removed: Collection[str]) -> Iterator[str]:
    count, last, sorted_, unwanted = 0, "", True, pa.array(sorted(removed), pa.string())
    for piece in entries.pieces(["doc_id"]):
        ids = piece["doc_id"].to_pylist()
        sorted_ = sorted_ and ids == sorted(set(ids)) and ids[0] > last
        count, last = count + len(ids), ids[-1]
        for name in piece["doc_id"].filter(pc.is_in(piece["doc_id"], unwanted)).to_pylist():
            yield f"{name}: was removed and must not be in a release"
    if entries.digest() != manifest["documents_sha256"] or count != manifest["documents"]:
        yield "manifest.parquet: not the list that manifest.json names"
    if not sorted_:
        yield "manifest.parquet: ids are not sorted or not unique"


def _shards(folder: Path, manifest: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """Rows are those of the manifest, each once, and each keeps its promises."""
    expected = Checklist(facts(piece, list(_SAME.values())) for piece in entries.pieces(list(_SAME.values())))
    texts: Counter[str] = Counter()
    for path in sorted((folder / "data").glob("*/*.parquet")):
        shard, config = path.relative_to(folder).as_posix(), path.parent.name
        for rows, problem in _groups(path, Row):
            if rows is None:
                yield f"{shard}: {problem}"
                continue
            texts[config] += rows.num_rows - rows["text"].null_count
            unknown = rows.filter(pa.array(~expected.tick(facts(rows, list(_SAME)))))
            problems = (*_unknown(unknown, entries, expected), *_promises(rows, config, manifest["profile"]))
            yield from (f"{shard}: {found}" for found in problems)
    wrong = expected.not_once()
    for name, (_, times) in zip(entries.names([row for row, _ in wrong]), wrong, strict=True):
        yield f"{name}: {times} times in the shards" if times else f"{name}: in the manifest and in no shard"
    for config, counted in manifest["configs"].items():
        if texts[config] != counted["texts"]:
            yield f"{config}: {texts[config]} texts where the manifest counts {counted['texts']}"


def _unknown(rows: pa.Table, entries: Entries, expected: Checklist) -> Iterator[str]:
    """What is wrong with rows that are not as the manifest says."""
    if not rows.num_rows:
        return
    entry_of = entries.find(rows["id"].to_pylist())
    for row in rows.select(list(_SAME)).to_pylist():
        if row["id"] not in entry_of:
            yield f"{row['id']}: not in the manifest"
            continue
        number, entry = entry_of[row["id"]]
        expected.saw(number)
        for mine, theirs in _SAME.items():
            if row[mine] != entry[theirs]:
                yield f"{row['id']}: {mine} is not as in the manifest"


def _promises(rows: pa.Table, config: str, profile: str) -> Iterator[str]:
    """What each row says must be true of it, and be allowed."""
    foreign = rows.filter(pc.not_equal(rows["config"], config))
    for name, other in zip(foreign["id"].to_pylist(), foreign["config"].to_pylist(), strict=True):
        yield f"{name}: is of the config {other}"
    yield from _figures(rows.filter(pc.and_(rows["text"].is_null(), rows["structure"].is_valid())))
    rows = rows.filter(rows["text"].is_valid())
    told = ("id", "withheld", "redistribute", "evidence_level", "sha256", "characters")
    texts = rows["text"]
    for number, row in enumerate(rows.select(told).to_pylist()):
        if row["withheld"] or (profile == "open" and row["redistribute"] not in REPUBLISHED):
            yield f"{row['id']}: has a text that its rights do not allow ({row['withheld'] or row['redistribute']})"
        if profile == "open" and row["evidence_level"] not in PROVEN:
            yield f"{row['id']}: has a text without evidence ({row['evidence_level']})"
        text = texts[number].as_py()
        if sha256_hex(text.encode()) != row["sha256"] or len(text) != row["characters"]:
            yield f"{row['id']}: its text is not the one that was hashed"
    yield from _pages(rows)


def _figures(rows: pa.Table) -> Iterator[str]:
    """Without its text a filing may have its figures, and nothing else may have a structure."""
    for row in rows.select(["id", "withheld", "evidence_level", "structure"]).to_pylist():
        proven = row["withheld"] == NUMBERS_ONLY and row["evidence_level"] in PROVEN
        if not (proven and holds_figures_alone(row["structure"])):
            yield f"{row['id']}: has a structure that its rights do not allow"


def _pages(rows: pa.Table) -> Iterator[str]:
    """Pages are in order, and inside of their texts."""
    lists = rows["pages"].combine_chunks()
    owner, pages = pc.list_parent_indices(lists).to_numpy(), lists.flatten()
    starts, ends = (pc.struct_field(pages, name).to_numpy() for name in ("start", "end"))
    length = pc.utf8_length(rows["text"]).to_numpy()[owner]
    before = np.where(np.diff(owner, prepend=-1) == 0, np.roll(ends, 1), 0)
    bad = (starts < before) | (ends < starts) | (ends > length)
    numbers = pc.struct_field(pages, "number")
    for place in np.flatnonzero(bad):
        yield f"{rows['id'][int(owner[place])]}: page {numbers[int(place)]} is outside of its text or of its order"


def _groups(path: Path, record: type) -> Iterator[tuple[pa.Table | None, str]]:
    """Row groups of a shard, or what is wrong with the shard; one in memory at a time."""
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(arrow_schema(record), check_metadata=True):
                yield None, f"its schema is not that of {record.__name__}"
                return
            last = ""
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                table.validate(full=True)  # among others: strings are UTF-8
                for name in table.column(0).to_pylist():
                    if name <= last:
                        yield None, f"{name} is not in the order of ids"
                    last = name
                yield table, ""
    except (OSError, ValueError, pa.ArrowException) as error:
        yield None, f"cannot be read: {error}"


def _provenance(folder: Path, entries: Entries) -> Iterator[str]:
    key = ["doc_id", "input_sha256"]
    expected = Checklist(facts(piece, key) for piece in entries.pieces(key))
    for path in sorted((folder / "provenance").glob("*.parquet")):
        for rows, problem in _groups(path, Provenance):
            if rows is None:
                yield f"{path.relative_to(folder).as_posix()}: {problem}"
                continue
            known = expected.tick(facts(rows, key))
            for name in rows["doc_id"].filter(pa.array(~known)).to_pylist():
                yield f"{name}: its provenance is not that of the manifest"
    if expected.not_once():
        yield "provenance: not one row for each document of the manifest"


def _removed(folder: Path, manifest: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    listed: list[str] = []
    for path in sorted((folder / "removed").glob("*.parquet")):
        for rows, problem in _groups(path, Removed):
            if rows is None:
                yield f"{path.relative_to(folder).as_posix()}: {problem}"
                return
            listed += rows["id"].to_pylist()
    if sha256_hex("\n".join(listed).encode()) != manifest["removed_sha256"]:
        yield "removed: not the list that manifest.json names"
    yield from (f"{name}: is listed as removed and is in the release" for name in entries.find(listed))
