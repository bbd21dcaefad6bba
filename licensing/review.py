"""What waits for a person: terms pages whose words have been read by rules only."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kobunko import warc
from kobunko.catalogue import Catalogue
from kobunko.errors import NotFound
from kobunko.licensing.evidence import TermsReview
from kobunko.licensing.hosts import host_of
from kobunko.licensing.pages import page_text
from kobunko.licensing.phrases import Reading, read_terms
from kobunko.licensing.terms import captured_page, reviews
from kobunko.seed import Seed

AROUND = 120  # characters of the page that are shown on either side of a phrase


@dataclass(frozen=True, slots=True)
class Terms:
    """One terms page as it was captured last. `state`: waits · changed · reviewed · missing (never captured)."""

    source: str  # of the seed that names the page, or the host where none does
    url: str
    state: str
    believed: str  # licence that the seed believes
    sha256: str = ""
    fetched_at: str = ""
    text: str = ""
    reading: Reading | None = None
    before: str = ""  # the words of the page when it was reviewed last, where its bytes are still held

    @property
    def host(self) -> str:
        return host_of(self.url)

    def diff(self) -> str:
        """What changed since the last review, as a unified diff; empty where there was none."""
        old, new = self.before.splitlines(), self.text.splitlines()
        return "\n".join(difflib.unified_diff(old, new, "reviewed", "now", lineterm="", n=1)) if self.before else ""

    def shown(self) -> list[dict[str, object]]:
        """Every phrase that a rule found, in its page."""
        hits = self.reading.hits if self.reading else ()
        return [
            {
                "rule": hit.rule,
                "kind": hit.kind,
                "license": hit.license,
                "standing": hit.standing,
                "phrase": hit.phrase,
                "start": hit.start,
                "before": self.text[max(0, hit.start - AROUND) : hit.start],
                "after": self.text[hit.end : hit.end + AROUND],
            }
            for hit in hits
        ]


def terms_pages(seeds: Mapping[str, Seed], catalogue: Catalogue, raw: Path) -> Iterator[Terms]:
    """The terms pages of all seeds, and those of other hosts that were reviewed once."""
    known = reviews(catalogue)
    named = {seed.licence.terms_url: (source, seed) for source, seed in seeds.items() if seed.licence.terms_url}
    for url, (source, seed) in named.items():
        shipped = [review.sha256 for review in seed.licence.reviewed]
        yield _terms(source, url, seed.licence.id, shipped, known, catalogue, raw)
    for url in sorted({str(row["url"]) for row in catalogue.terms_reviews()} - set(named)):
        yield _terms(host_of(url), url, "NOASSERTION", [], known, catalogue, raw)


def find_terms(what: str, seeds: Mapping[str, Seed], catalogue: Catalogue, raw: Path) -> Terms:
    """The terms page of a source, or at a URL; raises `NotFound`."""
    for terms in terms_pages(seeds, catalogue, raw):
        if what in (terms.source, terms.url, terms.host) and terms.state != "missing":
            return terms
    if "://" in what and captured_page(catalogue, what):
        return _terms(host_of(what), what, "NOASSERTION", [], reviews(catalogue), catalogue, raw)
    raise NotFound(f"no terms page of {what!r} was captured: crawl the source, or import the page with its --url.")


def _terms(
    source: str,
    url: str,
    believed: str,
    shipped: Sequence[str],
    known: Sequence[TermsReview],
    catalogue: Catalogue,
    raw: Path,
) -> Terms:
    page = captured_page(catalogue, url)
    if page is None:
        return Terms(source, url, "missing", believed)
    mine = [review["sha256"] for review in known if review["host"] == host_of(url)]
    done = page["sha256"] in (*mine, *shipped)
    text = _words(page["sha256"], catalogue, raw)
    earlier = next((words for sha256 in reversed(mine) if (words := _words(sha256, catalogue, raw))), "")
    return Terms(
        source=source,
        url=page["url"],
        state="reviewed" if done else "changed" if mine or shipped else "waits",
        believed=believed,
        sha256=page["sha256"],
        fetched_at=page["fetched_at"],
        text=text,
        reading=read_terms(text),
        before="" if done else earlier,
    )


def _words(sha256: str, catalogue: Catalogue, raw: Path) -> str:
    for capture in catalogue.captures_by_sha256(sha256)[:1]:
        body = warc.read_body(raw, capture.warc_file, capture.warc_offset, sha256)
        return page_text(body, capture.media_type)
    return ""
