"""What is counted of a release while its manifest is made: tables and histograms, whatever the number of documents."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LENGTHS = np.linspace(0, 7, 43)  # powers of ten of characters
CONFIDENCES = np.linspace(0.5, 1, 51)
BY = ("config", "source", "license", "method")
_SUMS = ("documents", "texts", "characters", "tokens", "tokens_tekken")


@dataclass
class Totals:
    """Documents, texts, and characters and tokens of the texts in the release; how long and how sure texts are."""

    groups: list[pa.Table] = field(default_factory=list)
    lengths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(LENGTHS) - 1, dtype=np.int64))
    confidences: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(CONFIDENCES) - 1, dtype=np.int64))

    def add(self, entries: pa.Table) -> None:
        """Counts entries of a manifest."""
        ones = pa.array(np.ones(entries.num_rows, dtype=np.int64))
        table = entries.select(list(BY)).append_column("documents", ones)
        table = table.append_column("texts", pc.cast(entries["text"], pa.int64()))
        for name in _SUMS[2:]:
            table = table.append_column(name, pc.fill_null(pc.if_else(entries["text"], entries[name], 0), 0))
        self.groups = [_summed([*self.groups, table], BY)]
        characters = entries.filter(entries["text"])["characters"].to_numpy()
        self.lengths += np.histogram(np.log10(np.maximum(characters, 1)), LENGTHS)[0]
        self.confidences += np.histogram(entries["ocr_confidence"].drop_null().to_numpy(), CONFIDENCES)[0]

    def counts(self, by: Sequence[str] = ("config",)) -> list[dict[str, Any]]:
        """Sums by columns of the entries (`BY`), sorted by them."""
        return list(_summed(self.groups, by).sort_by([(name, "ascending") for name in by]).to_pylist())


def _summed(tables: Sequence[pa.Table], by: Sequence[str]) -> pa.Table:
    table = pa.concat_tables(tables)
    grouped = table.group_by(list(by)).aggregate([(name, "sum") for name in _SUMS])
    return grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names]).combine_chunks()
