"""Differences: between the texts of two documents, and between two releases."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rapidfuzz.distance import Indel, Levenshtein

from kobunko.errors import NotFound

MOST_LINES = 4000  # that differ, on one side; aligning more would take too long
_CONTEXT = 2
_LIKE = 0.4  # of two lines whose characters are compared
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class DiffLine:
    sign: str  # "+", "-", " ", or "@" where equal lines are left out
    pieces: Pieces  # the line in order; True is what the other side's line does not have


def text_diff(old: str, new: str) -> list[DiffLine] | None:
    """Lines that differ with a little of what is around them; empty where nothing does, None where too much does."""
    a, b = old.splitlines(), new.splitlines()
    head = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    left = min(len(a), len(b)) - head
    tails = zip(reversed(a[head:]), reversed(b[head:]), strict=False)
    tail = next((n for n, (x, y) in enumerate(tails) if x != y), left)
    begin, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    a, b = a[begin : len(a) - end], b[begin : len(b) - end]
    if max(len(a), len(b)) > MOST_LINES:
        return None
    found = list(difflib.unified_diff(a, b, n=_CONTEXT, lineterm=""))[2:]
    lines: list[DiffLine] = []
    for sign, group in groupby(found, key=lambda line: line[0] in "-+"):
        block = list(group)
        if sign:
            lines += _changed([line[1:] for line in block if line[0] == "-"], [s[1:] for s in block if s[0] == "+"])
        else:
            lines += [DiffLine(line[0], () if line[0] == "@" else ((line[1:], False),)) for line in block]
    return lines


def _changed(old: list[str], new: list[str]) -> list[DiffLine]:
    """Lines that were replaced; where there are as many of both, the characters that differ are told."""
    pairs = zip(old, new, strict=True) if len(old) == len(new) else ()
    marked = [_pieces(a, b) for a, b in pairs] or [(((a, False),), ()) for a in old] + [
        ((), ((b, False),)) for b in new
    ]
    minus = [DiffLine("-", a) for a, _ in marked if a]
    return minus + [DiffLine("+", b) for _, b in marked if b]


def _pieces(old: str, new: str) -> tuple[Pieces, Pieces]:
    if Indel.normalized_similarity(old, new) < _LIKE:
        return ((old, False),), ((new, False),)
    steps = Levenshtein.opcodes(old, new)
    a = tuple((old[step.src_start : step.src_end], step.tag != "equal") for step in steps)
    b = tuple((new[step.dest_start : step.dest_end], step.tag != "equal") for step in steps)
    return tuple(piece for piece in a if piece[0]), tuple(piece for piece in b if piece[0])


def release_diff(releases: Path, old: str, new: str) -> dict[str, list[str]]:
    """Ids of documents by what became of them from one release to the other: added, removed, text, rights."""
    before, after = _entries(releases, old), _entries(releases, new)
    both = before.keys() & after.keys()
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "text_changed": sorted(name for name in both if before[name][0] != after[name][0]),
        "rights_changed": sorted(name for name in both if before[name][1:] != after[name][1:]),
    }


def _entries(releases: Path, version: str) -> Mapping[str, tuple[Any, ...]]:
    path = releases / version / "manifest.parquet"
    if not path.is_file():
        raise NotFound(f"there is no release {version}.")
    columns = ["doc_id", "text_sha256", "license", "redistribute"]
    table = pq.read_table(path, columns=columns)
    return {row[0]: row[1:] for row in zip(*(table[name].to_pylist() for name in columns), strict=True)}
