"""What is counted while rows pass by on their way into shards: hosts, and when the captures were made."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

_HOST = r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*))?.*$"


@dataclass
class Tally:
    """Per host the documents, the texts that are in the release, and their characters; first and last capture."""

    documents: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, rows: pa.Table) -> pa.Table:
        """Counts rows of a release and hands them on."""
        hosts = pc.utf8_lower(pc.replace_substring_regex(rows["url"], _HOST, r"\1"))
        texts = pc.cast(pc.is_valid(rows["text"]), pa.int64())
        lengths = pc.if_else(pc.is_valid(rows["text"]), rows["characters"], 0)
        table = pa.table({"host": hosts, "texts": texts, "characters": lengths})
        found = table.group_by("host").aggregate([("texts", "count"), ("texts", "sum"), ("characters", "sum")])
        for host, documents, present, characters in zip(*(column.to_pylist() for column in found.columns), strict=True):
            self.documents[host or "—"] += documents
            self.texts[host or "—"] += present
            self.characters[host or "—"] += characters
        span = pc.min_max(rows["fetched_at"]).as_py()
        self.first = min(filter(None, (self.first, span["min"])), default=None)
        self.last = max(filter(None, (self.last, span["max"])), default=None)
        return rows

    def hosts(self) -> list[tuple[str, int, int, int]]:
        """`host, documents, texts, characters`, the largest first."""
        found = [(name, number, self.texts[name], self.characters[name]) for name, number in self.documents.items()]
        return sorted(found, key=lambda row: (-row[3], -row[1], row[0]))
