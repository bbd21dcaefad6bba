"""Documents that travel together through the stage contract: pages of several share batches, a bad one stands alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from kobunko.errors import Reject
from kobunko.stage import Runner, Stage


@dataclass(frozen=True)
class Title:
    title: str


@dataclass(frozen=True)
class Length:
    length: int
    together: int


class Measure:
    def __call__(self, record: Title) -> Length:
        return self.many([record])[0]

    def many(self, records: Sequence[Title]) -> list[Length]:
        if any(not record.title for record in records):
            raise Reject("no-title")
        return [Length(len(record.title), len(records)) for record in records]


STAGE = Stage("length", 1, Measure, Title, Length)


def batch(*titles: str) -> pa.Table:
    rows = [{"doc_id": f"x-{n}", "input_sha256": str(n), "title": title} for n, title in enumerate(titles)]
    return pa.Table.from_pylist(rows)


def test_a_function_that_takes_many_gets_the_batch_at_once() -> None:
    rows = Runner(STAGE, lambda _: b"")(batch("見守り", "要領")).to_pylist()
    assert [(row["doc_id"], row["length"], row["together"], row["outcome"]) for row in rows] == [
        ("x-0", 3, 2, "ok"),
        ("x-1", 2, 2, "ok"),
    ]


def test_one_bad_document_of_a_batch_is_named_and_the_others_have_their_result() -> None:
    rows = Runner(STAGE, lambda _: b"")(batch("見守り", "", "要領")).to_pylist()
    assert [(row["length"], row["together"], row["outcome"]) for row in rows] == [
        (3, 1, "ok"),
        (None, None, "reject:no-title"),
        (2, 1, "ok"),
    ]
