"""What is told of a passage's places: the document, where in it, and its copies and versions."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kobunko.home import Home
from kobunko.lookup.chain import duplicates
from kobunko.lookup.versions import versions_of
from kobunko.passages.store import Store
from kobunko.passages.trace import Hit


def described(home: Home, store: Store, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Plain JSON values, in the order of the hits; a document that the catalogue does not have is left out."""
    documents = {document.doc_id: document for document in home.catalogue.documents([hit.doc_id for hit in hits])}
    rows = []
    for hit in hits:
        if document := documents.get(hit.doc_id):
            versions = [other.doc_id for other in versions_of(home, store, document)]
            about = {
                "likeness": round(hit.likeness, 4),
                "title": document.title,
                "url": document.url,
                "duplicates": duplicates(home, store, hit.doc_id),
                "versions": [other for other in versions if other != hit.doc_id],
            }
            rows.append(asdict(hit) | about)
    return rows
