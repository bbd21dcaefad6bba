"""Families over partitions are those of one matrix; tests/slow/test_ray.py has processes and a cluster find them."""

from pathlib import Path

import numpy as np
import pytest

from kobunko.dedup.bands import families
from kobunko.dedup.partitions import families_of_parts
from kobunko.dedup.signature import Signatures
from kobunko.executors import Inline


def made(count: int) -> Signatures:
    """Variants of some base signatures, near and just too far, in random order; many are equal."""
    chance = np.random.default_rng(11)
    matrix = chance.integers(0, 1 << 32, (count // 8, 128), dtype=np.uint32)[chance.integers(0, count // 8, count)]
    for share in (0.05, 0.12, 0.2, 0.28):
        some = chance.integers(0, count, count // 5)
        changed = matrix[some]
        changed[chance.random(changed.shape) < share] += 1
        matrix[some] = changed
    return matrix


def saved(folder: Path, matrix: Signatures) -> Path:
    np.save(folder / "signatures.npy", matrix)
    return folder / "signatures.npy"


@pytest.mark.parametrize(("part", "ranges"), [(1000, 1), (130, 1), (57, 3), (1000, 5)])
def test_any_partition_gives_the_families_of_the_whole(tmp_path: Path, part: int, ranges: int) -> None:
    matrix = made(400)
    expected = families(matrix)
    found = families_of_parts(saved(tmp_path, matrix), tmp_path, Inline(_nothing), part=part, ranges=ranges)
    assert np.array_equal(found, expected)
    assert len(np.unique(expected)) < len(matrix)


def test_texts_decide_the_same_pairs(tmp_path: Path) -> None:
    matrix = made(400)
    real = lambda one, other: ((one * 31 + other * 17) % 100) / 100  # noqa: E731
    expected = families(matrix, jaccard=real)
    found = families_of_parts(saved(tmp_path, matrix), tmp_path, Inline(_nothing), jaccard=real, part=90, ranges=2)
    assert np.array_equal(found, expected)


def test_a_task_that_fails_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path, made(80))
    with pytest.raises(RuntimeError, match="band-keys 0 failed"):
        families_of_parts(path, tmp_path / "nowhere", Inline(_nothing))


def _nothing(_part: object) -> bytes:
    return b""
