"""The terms pages that the catalogue holds."""

from collections.abc import Mapping

from kobunko.catalogue import Catalogue
from kobunko.ids import url_key
from kobunko.licensing.evidence import TermsCapture
from kobunko.seed import Seed


def captured_terms(seeds: Mapping[str, Seed], catalogue: Catalogue) -> dict[str, TermsCapture]:
    """The newest terms page of every source that names one and has it.

    `fetched_at` is when these bytes were first seen there, so that a page that has not changed gives the same evidence
    after every crawl.
    """
    found: dict[str, TermsCapture] = {}
    for source, seed in seeds.items():
        url = seed.licence.terms_url
        newest = catalogue.latest_capture(url) if url else None
        if newest is None:
            continue
        same = [c for c in catalogue.captures_by_sha256(newest.sha256) if url_key(c.url) == url_key(url)]
        moments = [capture.fetched_at for capture in same if capture.fetched_at]
        first = min(moments).isoformat() if moments else ""
        found[source] = TermsCapture(url=newest.url, sha256=newest.sha256, fetched_at=first)
    return found
