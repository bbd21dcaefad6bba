"""What somebody gave us, and which documents it names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kobunko.errors import NotFound
from kobunko.home import Home
from kobunko.lookup.urls import forms_of
from kobunko.names import name_key
from kobunko.passages.released import Release
from kobunko.passages.store import Store

_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_ROW = re.compile(r"([0-9A-Za-z][0-9A-Za-z._-]{0,99})/([a-z][a-z0-9_]*)/(\d{1,12})")
LONGEST = 4096  # characters of a name or URL


@dataclass(frozen=True, slots=True)
class Match:
    """How the question was understood (doc_id · sha256 · row · url · name) and the documents, sorted by id."""

    kind: str
    doc_ids: list[str]


def find(home: Home, what: str, store: Store | None = None) -> Match:
    """Documents with this id, hash of raw bytes, URL (old forms too), name, or place in a release (`VERSION/CONFIG/N`).

    `store` is the passage index, which knows more names than the catalogue. Raises `NotFound`.
    """
    what = what.strip()
    if what and len(what) <= LONGEST:
        for kind, found in _ways(home, what, store):
            if found:
                return Match(kind, sorted(set(found)))
    raise NotFound(
        f"no document has the id, hash, URL, number or release row {what[:200]!r}: "
        "`kobunko status` shows what this home holds."
    )


def _ways(home: Home, what: str, store: Store | None) -> Iterator[tuple[str, list[str]]]:
    yield "doc_id", home.catalogue.known([what])
    if _SHA256.fullmatch(what):
        yield "sha256", home.catalogue.document_ids(sha256=what.lower())
    if match := _ROW.fullmatch(what):
        yield "row", _row(home, match[1], match[2], int(match[3]))
    if "://" in what or what.startswith("file:"):
        forms = forms_of(what)
        for url in forms.urls:
            yield "url", home.catalogue.document_ids(url=url)
        for name in forms.names:
            yield "url", _named(home, name, store)
    else:
        yield "name", _named(home, what, store)


def _named(home: Home, name: str, store: Store | None) -> list[str]:
    found = home.catalogue.document_ids(source_key=name)
    return found + (store.named(name_key(name)) if store else [])


def _row(home: Home, version: str, config: str, number: int) -> list[str]:
    if not (home.settings.releases / version / "manifest.json").is_file():
        return []
    return [Release(home.settings.releases / version).row(config, number)]
