"""Versions of one work: what its source files under one key, and every revision of a law that is known by its id."""

import json
from collections.abc import Sequence
from datetime import date

from kobunko.errors import NotFound
from kobunko.home import Home
from kobunko.names import in_force_from, law_id
from kobunko.passages.store import Store
from kobunko.records import Document


def versions_of(home: Home, store: Store | None, document: Document) -> list[Document]:
    """All versions, the document itself included, in the order of their dates where they have one.

    `store` is the passage index, which knows laws by their ids, also those that came one by one from elsewhere.
    """
    ids = set(home.catalogue.versions_of(document.work_id))
    if store and (law := law_id(document)):
        ids.update(store.named(law))
    others = sorted(ids - {document.doc_id})
    found = [document, *(home.catalogue.documents(others) if others else ())]
    return sorted(found, key=lambda other: (str(begin_of(other) or other.published or ""), other.source_version))


def begin_of(document: Document) -> date | None:
    """When this revision of a law comes into force; None where nobody says it."""
    return in_force_from(f"{document.source_version} {document.url}", json.loads(document.metadata))


def in_force(home: Home, store: Store | None, doc_ids: Sequence[str], day: date) -> list[str]:
    """Of the laws among documents, the revision of each that is in force on a day; raises `NotFound`."""
    found: set[str] = set()
    begins: set[date] = set()
    for document in home.catalogue.documents(doc_ids):
        dated = [(begin, other.doc_id) for other in versions_of(home, store, document) if (begin := begin_of(other))]
        begins.update(begin for begin, _ in dated)
        last = max((begin for begin, _ in dated if begin <= day), default=None)
        found.update(doc_id for begin, doc_id in dated if begin == last)
    if not found:
        known = f"the earliest revision here is of {min(begins)}" if begins else "no revision here has a date"
        raise NotFound(f"no revision is in force on {day}: {known}. Leave --as-of out to see all.")
    return sorted(found)
