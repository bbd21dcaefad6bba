"""The provenance table of a release, as the documents that it was made from."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from kobunko.records import Document, from_row


def documents_of(folder: Path) -> Iterator[Document]:
    """Every document of a release with its parts, as the catalogue knew it."""
    names = [item.name for item in dataclasses.fields(Document)]
    for path in sorted((folder / "provenance").glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1000, columns=names):
                yield from (from_row(Document, row) for row in batch.to_pylist())
