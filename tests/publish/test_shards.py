import numpy as np
import pyarrow as pa
from datasets import Features
from hypothesis import given
from hypothesis import strategies as st

from kobunko.publish.features import features
from kobunko.publish.rows import Row
from kobunko.publish.shards import partition, row_groups
from kobunko.records import Provenance, arrow_schema

SIZES = st.lists(st.integers(1, 100), min_size=1, max_size=200)


@given(SIZES)
def test_shards_hold_every_document_once_and_stay_under_the_limit(sizes: list[int]) -> None:
    ids = [f"tides-{number:04}" for number in range(len(sizes))]
    shards = partition(ids, np.array(sizes), limit=500)
    assert sorted(np.concatenate(shards).tolist()) == list(range(len(sizes)))
    assert len(shards).bit_count() == 1
    for members in shards:
        assert members.tolist() == sorted(members)
        assert sum(sizes[number] for number in members) <= 500


def test_one_document_over_the_limit_is_a_shard_of_its_own_size() -> None:
    assert [members.tolist() for members in partition(["a"], np.array([900]), limit=500)] == [[0]]


def test_new_documents_leave_the_others_in_their_shards() -> None:
    ids = [f"tides-{number:04}" for number in range(300)]
    before = partition(ids[:250], np.full(250, 10), limit=1000)
    after = partition(ids, np.full(300, 10), limit=1000)
    assert len(before) == len(after) == 4
    for old, new in zip(before, after, strict=True):
        assert set(old) <= set(new)


def test_a_config_that_grows_splits_each_shard_in_two() -> None:
    ids = [f"tides-{number:04}" for number in range(600)]
    few, many = (partition(ids, np.full(600, 10), limit=limit) for limit in (2000, 1000))
    assert 2 * len(few) == len(many)
    for number, members in enumerate(few):
        assert set(members) == set(many[2 * number]) | set(many[2 * number + 1])


@given(SIZES)
def test_row_groups_follow_each_other_under_the_limits(sizes: list[int]) -> None:
    groups = list(row_groups(np.array(sizes), limit=250, rows=7))
    assert [number for group in groups for number in range(group.start, group.stop)] == list(range(len(sizes)))
    assert all(sum(sizes[group]) <= 250 and group.stop - group.start <= 7 for group in groups)


def test_features_are_those_of_datasets() -> None:
    for record in (Row, Provenance):
        schema: pa.Schema = arrow_schema(record)
        assert features(schema) == Features.from_arrow_schema(schema)._to_yaml_list()
