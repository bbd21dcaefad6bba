"""WARC files as something to ask: where the answer to each URL lies.

Any WARC will do, ours or anybody's: WARC 1.0 and 1.1, packed or not, whole-file gzip and WACZ included. What stands for
an answer is a `response` to a GET or a `resource` of an http or https URL, and a `revisit` with the body that it refers
to. The newest good answer of a URL is the one that counts; where none is good, the newest one.
"""

import contextlib
import gzip
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from w3lib.url import url_query_cleaner

from kobunko import warc
from kobunko.errors import Corrupt, UsageError
from kobunko.ids import url_key
from kobunko.wire import NotWhole

KEYS = ("subscription-key", "appid")  # names of API keys in a query, in lower case
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    offset: int
    moment: datetime
    url: str
    status: int
    digest: str  # of its payload, as the record says
    fault: str = ""  # why its body cannot be had

    @property
    def rank(self) -> tuple[bool, bool, datetime]:
        return not self.fault, self.status == 200, self.moment


class Archive:
    """Where each URL's answer lies; bodies are read, and their digests checked, when they are asked for."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._unpacked = contextlib.ExitStack()
        self._places: dict[str, _Place] = {}
        self._by_id: dict[str, _Place] = {}
        self._by_digest: dict[str, _Place] = {}
        revisits: list[tuple[_Place, Mapping[str, str]]] = []
        for file in files:
            for path in self._unpacked.enter_context(_readable(file)):
                revisits += self._index(path)
        for place, fields in sorted(revisits, key=lambda found: found[0].moment):
            self._add(self._resolved(place, fields))

    def close(self) -> None:
        """Removes what had to be unpacked."""
        self._unpacked.close()

    def _index(self, path: Path) -> list[tuple[_Place, Mapping[str, str]]]:
        """Takes in the answers of one file; its revisits are returned, since they may refer to any file."""
        revisits, answers = [], []
        others: set[str] = set()  # ids of requests other than GET, and of the answers to them
        for record in warc.scan_records(path):
            fields = record.fields
            if not fields.get("warc-target-uri", "").startswith(("http://", "https://")):
                continue
            if record.kind == "request" and not record.block.startswith(b"GET "):
                others |= {_id(fields, "warc-record-id"), _id(fields, "warc-concurrent-to")} - {""}
            elif record.kind in ("response", "resource"):
                answers.append((_place(record, path), fields))
            elif record.kind == "revisit":
                revisits.append((_place(record, path), fields))
        for place, fields in answers:
            if others.isdisjoint((_id(fields, "warc-record-id"), _id(fields, "warc-concurrent-to"))):
                self._by_id[_id(fields, "warc-record-id")] = place
                if place.digest and not place.fault:
                    self._by_digest.setdefault(place.digest, place)
                self._add(place)
        return revisits

    def _add(self, place: _Place) -> None:
        known = self._places.get(_key(place.url))
        if known is None or known.rank <= place.rank:
            self._places[_key(place.url)] = place

    def _resolved(self, place: _Place, fields: Mapping[str, str]) -> _Place:
        """A revisit as the answer whose body it confirms, seen anew at its own URL and time."""
        body = self._by_id.get(_id(fields, "warc-refers-to")) or self._by_digest.get(place.digest)
        body = body or self._places.get(_key(fields.get("warc-refers-to-target-uri", "").strip("<>") or place.url))
        is_another = body and place.digest and body.digest and body.digest != place.digest
        if body is None or body.fault or is_another:
            return replace(place, fault="revisit-without-body")
        return replace(body, url=place.url, moment=place.moment)

    def urls(self) -> list[str]:
        """URLs with a successful answer, in the order in which they were first met."""
        return [place.url for place in self._places.values() if place.status == 200 and not place.fault]

    def has(self, url: str) -> bool:
        return _key(url) in self._places

    def get(self, url: str) -> warc.Answer | None:
        """The answer to a URL, whether it was asked by http or https; raises `Corrupt` where it is not whole."""
        place = self._places.get(_key(url))
        if place is None:
            return None
        if place.fault:
            raise Corrupt(place.fault)
        answer = warc.read(place.path.parent, place.path.name, place.offset)
        return replace(answer, url=place.url, date=place.moment.isoformat())


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[list[Path]]:
    """WARC files in which records can be reached by offset: the file itself, or copies where it has to be unpacked."""
    if not path.is_file():
        raise UsageError(f"no WARC file at {path}: give the path of a .warc, .warc.gz or .wacz file.")
    with path.open("rb") as handle:
        begins = handle.read(4)
    if begins != _ZIP and (not begins.startswith(_GZIP) or warc.has_members(path)):
        yield [path]
        return
    with tempfile.TemporaryDirectory(prefix="kobunko-replay-") as folder, contextlib.ExitStack() as inner:
        if begins == _ZIP:
            copies = _of_package(path, Path(folder))
            yield [found for copy in copies for found in inner.enter_context(_readable(copy))]
        else:
            with gzip.open(path) as packed:
                yield [_copy(packed, Path(folder) / "plain.warc")]


def _of_package(path: Path, folder: Path) -> list[Path]:
    """The WARC files of a WACZ."""
    copies: list[Path] = []
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.endswith((".warc", ".warc.gz")):
                with package.open(name) as packed:
                    copies.append(_copy(packed, folder / f"{len(copies)}.warc"))
    return copies


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path) -> Path:
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)
    return target


def _place(record: warc.Record, path: Path) -> _Place:
    fields = record.fields
    fault = f"truncated: {fields['warc-truncated']}" if "warc-truncated" in fields else ""
    try:
        message = record.message
    except NotWhole as error:
        message, fault = None, str(error)
    status = message.status if message else 200
    url, moment = without_key(fields["warc-target-uri"]), _moment(fields.get("warc-date", ""))
    return _Place(path, record.offset, moment, url, status, fields.get("warc-payload-digest", ""), fault)


def _id(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "").strip("<>")


def _key(url: str) -> str:
    """What a URL is found by: a capture by http answers for https and the other way round."""
    scheme, _, rest = url_key(without_key(url)).partition("://")
    host, slash, path = rest.partition("/")
    return host.removesuffix(_PORTS.get(scheme, "")) + (slash or "/") + path


def without_key(url: str) -> str:
    """A URL without an API key that somebody's archive may hold."""
    names = [
        name for name in (pair.partition("=")[0] for pair in urlsplit(url).query.split("&")) if name.lower() in KEYS
    ]
    return url_query_cleaner(url, names, remove=True, keep_fragments=True) if names else url


def moment_of(answer: warc.Answer) -> datetime:
    return _moment(answer.date)


def _moment(date: str) -> datetime:
    """A WARC-Date: of 1.0 to the second, of 1.1 also shorter (a year alone) or with parts of a second."""
    try:
        moment = datetime.fromisoformat(date if len(date) > 10 else f"{date}-01-01"[:10])
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
