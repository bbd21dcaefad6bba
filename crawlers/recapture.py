"""Captures as the raw store tells them: what a lost catalogue knew of every answer.

A WARC file of ours holds the answers in the order in which they came, robots files and TDMRep files before the pages
that they speak of, and after each answer the link that led to it. Of an imported file it does not tell the date that
the import list gave; that is in the documents.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from kobunko import warc
from kobunko.crawlers.archive import moment_of
from kobunko.crawlers.capture import of_page, signals
from kobunko.crawlers.optout import HostSignals, parse_tdmrep
from kobunko.crawlers.robots import TDMREP, rules, text_of
from kobunko.ids import sha256_hex
from kobunko.records import Capture

Known = Callable[[str], Capture | None]


def captures(raw: Path, known: Known) -> Iterator[Capture]:
    """Every capture of a raw store in order of arrival. `known` gives those that were yielded before, by id.

    Raises `Corrupt` at a damaged record.
    """
    hosts: dict[tuple[str, str], HostSignals] = {}
    for path in sorted(warc.files(raw), key=_begun):
        last: Capture | None = None
        for answer in warc.scan(path):
            if last is not None and answer.record_type == "metadata" and answer.about == last.capture_id:
                last = _linked(last, answer)
                continue
            if last is not None:
                yield last
            last = _capture(answer, path.relative_to(raw), known, hosts)
        if last is not None:
            yield last


def _begun(path: Path) -> tuple[str, str]:
    """When a file was begun, by its warcinfo record."""
    return next(warc.scan(path)).date, path.name


def _linked(capture: Capture, note: warc.Answer) -> Capture:
    lines = (line.partition(": ") for line in note.body.decode().splitlines())
    fields = {name: value for name, _, value in lines}
    return replace(capture, linked_from=fields.get("linked_from", ""), anchor_text=fields.get("anchor_text", ""))


def _capture(
    answer: warc.Answer, path: Path, known: Known, hosts: dict[tuple[str, str], HostSignals]
) -> Capture | None:
    if answer.record_type not in ("response", "resource", "revisit"):
        return None
    source = path.parts[0]
    capture = Capture(
        capture_id=answer.record_id,
        source=source,
        url=answer.url,
        record_type=answer.record_type,
        status=answer.status,
        media_type=answer.media_type,
        sha256=sha256_hex(answer.body),
        size=len(answer.body),
        fetched_at=None if answer.record_type == "resource" else moment_of(answer),
        warc_file=path.as_posix(),
        warc_offset=answer.offset,
    )
    if answer.record_type == "resource":
        return capture
    own = signals(list(answer.headers), answer.body)
    if answer.record_type == "revisit" and (held := known(answer.about)) is not None:
        capture = _revisit(capture, held)
        own = of_page(held) | own
    else:
        _learn(answer, source, hosts)
    host = hosts.get((source, _origin(answer.url)))
    told = own | (host.of(answer.url) if host else {})
    return replace(capture, headers=json.dumps(told, ensure_ascii=False, sort_keys=True))


def _revisit(capture: Capture, held: Capture) -> Capture:
    return replace(
        capture,
        media_type=held.media_type if capture.status == 304 else capture.media_type,
        sha256=held.sha256,
        size=held.size,
        warc_file=held.warc_file,
        warc_offset=held.warc_offset,
    )


def _learn(answer: warc.Answer, source: str, hosts: dict[tuple[str, str], HostSignals]) -> None:
    """Keeps what a host says of itself as a whole, for the answers that follow."""
    place, path = (source, _origin(answer.url)), urlsplit(answer.url).path
    if path == "/robots.txt":
        found = rules(answer.status, answer.media_type, answer.body)
        hosts[place] = HostSignals(text_of(found, answer.body))
    elif path == TDMREP and answer.status == 200:
        known = hosts.get(place, HostSignals())
        hosts[place] = replace(known, tdmrep=parse_tdmrep(answer.body))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
