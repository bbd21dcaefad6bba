"""Documents that travel together through the stage contract: pages of several share batches, a bad one stands alone."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image
from recognisers import DEADLY

from kobunko import pipeline
from kobunko.errors import Reject
from kobunko.executors import Inline, Processes
from kobunko.settings import OcrSettings
from kobunko.single import as_document, read_named
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


def document(path: Path, width: int) -> pa.Table:
    """The row of an image file, with its page marked for OCR."""
    image = Image.new("RGB", (width, 200), "white")
    image.paste("black", (10, 10, 90, 30))
    image.save(path)
    row = as_document(path)
    (extracted,) = Inline(read_named).map(pipeline.EXTRACT, [row])
    for name in ("pages", "ocr_pages"):
        row = row.append_column(f"extract.{name}", extracted[name])
    return row


def test_a_page_that_kills_its_worker_costs_no_neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOBUNKO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KOBUNKO__OCR__ENGINE", "recognisers:Fatal")
    _, stage, _ = pipeline.reading_stages(OcrSettings())
    rows = [document(tmp_path / f"{width}.png", width) for width in (200, DEADLY, 400)]
    with closing(Processes(read_named, workers=1)) as compute:
        found = [row for table in compute.map(stage, rows) for row in table.to_pylist()]
    outcomes = {row["doc_id"]: row for row in found}
    first, fatal, last = (outcomes[row["doc_id"][0].as_py()] for row in rows)
    assert [page["text"] for row in (first, last) for page in row["pages"]] == ["代役", "代役"]
    assert fatal["outcome"] == "error:WorkerDied"
    assert "-9" in fatal["detail"]
