"""What the catalogue holds about the terms of sources: captured pages, what people decided of them, opt-out files."""

import functools
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import cast
from urllib.parse import urljoin

from kobunko import warc
from kobunko.catalogue import Catalogue
from kobunko.errors import Corrupt
from kobunko.ids import json_sha256, url_key
from kobunko.licensing.evidence import TermsCapture, TermsReview
from kobunko.licensing.pages import page_text
from kobunko.licensing.statutes import Quote, Statute, StatuteText, statutes
from kobunko.names import in_force_from
from kobunko.records import Capture, Document, Part
from kobunko.seed import Seed

_LAWS, _LAW_FILES = "egov_laws", "https://laws.e-gov.go.jp/api/2/law_file/xml"
LARGEST = 500 * 1024  # bytes of a robots.txt that RFC 9309 asks to read


def captured_terms(seeds: Mapping[str, Seed], catalogue: Catalogue) -> dict[str, TermsCapture]:
    """The newest terms page of every source that names one and has it, and by host of every page that was reviewed."""
    named = {source: seed.licence.terms_url for source, seed in seeds.items()}
    named |= {str(row["host"]): str(row["url"]) for row in catalogue.terms_reviews()}
    found = {name: captured_page(catalogue, url) for name, url in named.items() if url}
    return {name: page for name, page in found.items() if page is not None}


def captured_page(catalogue: Catalogue, url: str) -> TermsCapture | None:
    """The newest capture of a page. `fetched_at` is when these bytes were first seen there, so that a page that has
    not changed gives the same evidence after every crawl."""
    newest = catalogue.latest_capture(url)
    if newest is None:
        return None
    same = (c for c in catalogue.captures_by_sha256(newest.sha256) if url_key(c.url) == url_key(url))
    return TermsCapture(url=newest.url, sha256=newest.sha256, fetched_at=_first_seen(same))


def captured_statutes(catalogue: Catalogue, raw: Path) -> dict[str, StatuteText]:
    """The statutes that decisions rest on: as this home holds them, else as they ship."""
    return {statute.name: _held(statute, catalogue, raw) or statute.shipped() for statute in statutes()}


def _held(statute: Statute, catalogue: Catalogue, raw: Path) -> StatuteText | None:
    """The law as this home has it of e-Gov in XML: its newest revision, else what was captured last at its URL."""
    revisions = catalogue.documents(catalogue.document_ids(source=_LAWS, source_key=statute.law_id))
    revisions.sort(key=_begins, reverse=True)
    held: list[Part | Capture] = [part for revision in revisions for part in revision.parts if part.role == "law"]
    if alone := catalogue.latest_capture(f"{_LAW_FILES}/{statute.law_id}"):
        held.append(alone)
    for page in held:
        try:
            quotes = _quotes(statute.name, raw, page.warc_file, page.warc_offset, page.sha256)
        except (Corrupt, OSError):
            continue
        if quotes is not None:
            first = _first_seen(catalogue.captures_by_sha256(page.sha256))
            return StatuteText(url=page.url, sha256=page.sha256, fetched_at=first, origin="captured", quotes=quotes)
    return None


def _begins(revision: Document) -> tuple[date, str]:
    begin = in_force_from(revision.source_version, json.loads(revision.metadata))
    return begin or date.min, revision.source_version


def _first_seen(captures: Iterable[Capture]) -> str:
    moments = [capture.fetched_at for capture in captures if capture.fetched_at]
    return min(moments).isoformat() if moments else ""


@functools.lru_cache(maxsize=16)
def _quotes(name: str, raw: Path, warc_file: str, offset: int, sha256: str) -> dict[str, Quote] | None:
    """Words of a captured statute; None where the capture is no XML. Kept, because every command asks several times."""
    body = warc.read_body(raw, warc_file, offset, sha256)
    if body.lstrip()[:1] != b"<":
        return None
    return next(statute for statute in statutes() if statute.name == name).quoted(page_text(body, "text/xml"))


def reviews(catalogue: Catalogue) -> list[TermsReview]:
    """Decisions of people, as the stage takes them."""
    names = TermsReview.__annotations__
    return [cast(TermsReview, {name: row[name] for name in names}) for row in catalogue.terms_reviews()]


def opt_outs_digest(catalogue: Catalogue) -> str:
    """Changes when any answer's opt-out signals do."""
    return json_sha256(catalogue.opt_outs())


def opt_out_files(origins: Iterable[str], catalogue: Catalogue, raw: Path) -> dict[str, dict[str, str]]:
    """`{"robots": …, "tdmrep": …}` of every origin, as they were captured last; nothing where there is none."""
    paths = {"robots": "/robots.txt", "tdmrep": "/.well-known/tdmrep.json"}
    found = {}
    for origin in sorted(set(origins)):
        texts = {name: _captured_text(urljoin(origin, path), catalogue, raw) for name, path in paths.items()}
        if any(texts.values()):
            found[origin] = texts
    return found


def _captured_text(url: str, catalogue: Catalogue, raw: Path) -> str:
    newest = catalogue.latest_capture(url)
    if newest is None or "html" in newest.media_type.lower():
        return ""
    try:
        body = warc.read_body(raw, newest.warc_file, newest.warc_offset, newest.sha256)
    except (Corrupt, OSError):
        return ""
    return body[:LARGEST].decode("utf-8-sig", errors="replace")
