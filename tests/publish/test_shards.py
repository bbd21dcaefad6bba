import numpy as np
import pyarrow as pa
from datasets import Features
from hypothesis import given
from hypothesis import strategies as st

from kobunko.ids import doc_id
from kobunko.publish.features import features
from kobunko.publish.rows import Row
from kobunko.publish.shards import partition, places, row_groups
from kobunko.records import Provenance, arrow_schema


def ids_of(count: int) -> pa.Array:
    return pa.array(sorted(doc_id("tides", str(number), "1") for number in range(count)))


SIZES = st.lists(st.integers(1, 100), min_size=1, max_size=200)


@given(SIZES)
def test_shards_hold_every_document_once_and_stay_under_the_limit(sizes: list[int]) -> None:
    ids = ids_of(len(sizes))
    shards = partition(places(ids), np.array(sizes), limit=500)
    assert sorted(np.concatenate(shards).tolist()) == list(range(len(sizes)))
    assert len(shards).bit_count() == 1
    for members in shards:
        assert members.tolist() == sorted(members)
        assert sum(sizes[number] for number in members) <= 500


def test_one_document_over_the_limit_is_a_shard_of_its_own_size() -> None:
    (members,) = partition(places(pa.array(["tides-a"])), np.array([900]), limit=500)
    assert members.tolist() == [0]


def test_new_documents_leave_the_others_in_their_shards_and_groups() -> None:
    ids = ids_of(3000)
    old = ids.take(pa.array([number for number in range(len(ids)) if number % 10]))
    before, after = (partition(places(names), np.full(len(names), 10), limit=10_000) for names in (old, ids))
    assert len(before) == len(after) == 4
    same = 0
    for few, many in zip(before, after, strict=True):
        named = [names.take(pa.array(members)) for names, members in ((old, few), (ids, many))]
        assert set(named[0].to_pylist()) <= set(named[1].to_pylist())
        groups = [
            [set(some[cut].to_pylist()) for cut in row_groups(places(some), np.full(len(some), 10), mark=64)]
            for some in named
        ]
        same += sum(any(group <= other for other in groups[1]) for group in groups[0])
    assert same > 20


def test_a_config_that_grows_splits_each_shard_in_two() -> None:
    ids = ids_of(600)
    few, many = (partition(places(ids), np.full(600, 10), limit=limit) for limit in (2000, 1000))
    assert 2 * len(few) == len(many)
    for number, members in enumerate(few):
        assert set(members) == set(many[2 * number]) | set(many[2 * number + 1])


@given(SIZES)
def test_row_groups_follow_each_other_under_the_limits(sizes: list[int]) -> None:
    groups = list(row_groups(places(ids_of(len(sizes))), np.array(sizes), limit=250, rows=7))
    assert [number for group in groups for number in range(group.start, group.stop)] == list(range(len(sizes)))
    assert all(sum(sizes[group]) <= 250 and group.stop - group.start <= 7 for group in groups)


def test_features_are_those_of_datasets() -> None:
    for record in (Row, Provenance):
        schema: pa.Schema = arrow_schema(record)
        assert features(schema) == Features.from_arrow_schema(schema)._to_yaml_list()
