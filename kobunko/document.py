"""How captures become a document: the same for a crawl and for an import."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kobunko import ids
from kobunko.records import Capture, Document, Part


def part(role: str, capture: Capture) -> Part:
    """One file of a document, by reference to the capture that holds its bytes."""
    return Part(
        role=role,
        url=capture.url,
        media_type=capture.media_type,
        sha256=capture.sha256,
        size=capture.size,
        capture_id=capture.capture_id,
        warc_file=capture.warc_file,
        warc_offset=capture.warc_offset,
        fetched_at=capture.fetched_at,
    )


def document(
    source: str,
    source_key: str,
    version: str,
    parts: Sequence[Part],
    *,
    url: str,
    title: str,
    published: str | None = None,
    linked_from: str = "",
    anchor_text: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> Document:
    """A work of a source in one version; the order of `parts` counts, since it is part of the input's hash."""
    return Document(
        doc_id=ids.doc_id(source, source_key, version),
        work_id=ids.work_id(source, source_key),
        source=source,
        source_key=source_key,
        source_version=version,
        input_sha256=ids.input_sha256([(item.role, item.sha256) for item in parts]),
        url=url,
        title=title,
        published=published,
        linked_from=linked_from,
        anchor_text=anchor_text,
        metadata=json.dumps(metadata or {}, ensure_ascii=False, sort_keys=True),
        parts=list(parts),
    )
