"""What is counted while rows pass by on their way into shards: hosts, and when the captures were made."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc


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
        urls, lengths = rows["url"].to_pylist(), rows["characters"].to_pylist()
        for url, present, length in zip(urls, rows["text"].is_valid().to_pylist(), lengths, strict=True):
            host = urlsplit(url).hostname or "—"
            self.documents[host] += 1
            if present:
                self.texts[host] += 1
                self.characters[host] += length
        span = pc.min_max(rows["fetched_at"]).as_py()
        self.first = min(filter(None, (self.first, span["min"])), default=None)
        self.last = max(filter(None, (self.last, span["max"])), default=None)
        return rows

    def hosts(self) -> list[tuple[str, int, int, int]]:
        """`host, documents, texts, characters`, the largest first."""
        found = [(name, number, self.texts[name], self.characters[name]) for name, number in self.documents.items()]
        return sorted(found, key=lambda row: (-row[3], -row[1], row[0]))
