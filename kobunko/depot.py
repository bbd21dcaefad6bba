"""The depot: a URL (S3, or another store that fsspec knows) that holds the files of a home for several hosts.

A store has no append, rename, link or fsync. It has whole objects, and a put that fails where there is one already. So
raw files, side-cars and releases go there whole, under the names that they have in the home, before anything says that
they exist. Each host has copies of side-cars and releases; raw files lie nowhere else.

A home is mounted once per process, as a file system is. Where none is mounted, nothing here does anything.
"""

import contextlib
import io
import json
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from kobunko import durable
from kobunko.errors import KobunkoError, Unreachable, UsageError

KEPT = ("raw", "stages", "releases")  # folders of a home whose files the depot holds
DERIVED = (*KEPT, "cache", "index", "duplicates")  # what a host drops when others have purged
UNFINISHED = (durable.TEMPORARY, ".open")
MARK = "depot.json"  # in the home: which depot its files are copies of, and the last purge that they know of
BLOCK = 1 << 20  # bytes that are read at once
_PURGED = "purged"  # the object beside the folders that names the last purge


def s3(timeout_s: float) -> Any:
    """S3 as this project asks it. Endpoint and credentials come from where AWS tools look for them."""
    try:
        import s3fs
    except ImportError as error:
        raise UsageError("s3:// needs the extra `s3`: pip install 'kobunko[s3]'.") from error
    config = {"connect_timeout": min(timeout_s, 15), "read_timeout": timeout_s, "retries": {"max_attempts": 5}}
    return s3fs.S3FileSystem(config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)


class Depot:
    def __init__(self, home: Path, url: str, timeout_s: float) -> None:
        self.home, self.url, self._timeout_s = home, url.rstrip("/"), timeout_s

    @cached_property
    def _store(self) -> tuple[Any, str]:
        """The file system, and the path of the depot in it."""
        from fsspec import filesystem
        from fsspec.core import split_protocol

        protocol, path = split_protocol(self.url)
        try:
            system = (
                s3(self._timeout_s) if protocol == "s3" else filesystem(protocol or "file", use_listings_cache=False)
            )
        except (ImportError, ValueError) as error:
            raise UsageError(f"depot {self.url!r} cannot be reached: {error}") from error
        return system, str(system._strip_protocol(path)).rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._store[1]}/{name}"

    @contextlib.contextmanager
    def asking(self, what: str) -> Iterator[Any]:
        """Gives the file system; whatever goes wrong with it gets a name, but for what is there or not there."""
        try:
            yield self._store[0]
        except (KobunkoError, FileNotFoundError, FileExistsError):
            raise
        except Exception as error:  # stores raise exceptions of many kinds
            told = f"{type(error).__name__}: {error}"
            raise Unreachable(
                f"{what} {self.url} failed ({told}): see to credentials and network, then run the same command again."
            ) from error

    def put(self, source: Path, name: str, *, new: bool) -> None:
        """Brings a file there, whole or not at all. With `new` raises `FileExistsError` where others have been."""
        try:
            self._put(source, name, new=new)
        except FileExistsError:
            if self.read(name) != source.read_bytes():  # else it is ours: the answer to the first attempt was lost
                raise

    def _put(self, source: Path, name: str, *, new: bool) -> None:
        with self.asking(f"putting {name} to") as system:
            if "file" in system.protocol:  # where a put could be seen half done
                with durable.writing(Path(self._path(name)), new=new) as temporary:
                    shutil.copyfile(source, temporary)
                return
            try:
                system.put_file(str(source), self._path(name), mode="create" if new else "overwrite")
            except OSError as error:
                if new and any(word in f"{error} {error.__cause__}" for word in ("PreconditionFailed", "Conflict")):
                    raise FileExistsError(name) from error
                raise

    def read(self, name: str) -> bytes | None:
        """A whole object; None where there is none."""
        with self.asking(f"reading {name} from") as system:
            try:
                return bytes(system.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def get(self, name: str, target: Path) -> None:
        with self.asking(f"fetching {name} from") as system:
            system.get_file(self._path(name), str(target))

    def open(self, name: str) -> BinaryIO:
        """An object for reading by ranges."""
        with self.asking(f"reading {name} from") as system:
            file = system.open(self._path(name), "rb", block_size=BLOCK)
        return io.BufferedReader(_Reader(self, name, file), BLOCK)

    def names(self, name: str) -> list[str]:
        """Objects under a folder, or the one of that name."""
        with self.asking(f"listing {name} of") as system:
            found = system.find(self._path(name))
        return [path[len(self._path("")) :] for path in found if not path.endswith(UNFINISHED)]

    def remove(self, name: str) -> None:
        """Removes an object, or all under a folder, and sees that they are gone."""
        with self.asking(f"removing {name} from") as system:
            if found := self.names(name):
                system.rm([self._path(item) for item in found])
            if self.names(name):
                raise OSError("it is still there")

    def probe(self) -> None:
        """Raises `UsageError` where the store lets two hosts put the same name: one would lose what it wrote."""
        note = self.home / f"{_PURGED}{durable.TEMPORARY}"
        note.write_text("never")
        for _ in range(2):
            try:
                self._put(note, _PURGED, new=True)
            except FileExistsError:
                note.unlink()
                return
        raise UsageError(f"{self.url} cannot be a depot: its store puts over what is there, in spite of If-None-Match.")

    @property
    def purged(self) -> str:
        """Which purge was the last one. A depot that cannot tell is not the one that it was."""
        if (told := self.read(_PURGED)) is None:
            raise Unreachable(f"{self.url} is no depot (any more): see to the setting `depot` and to the bucket.")
        return told.decode()

    @purged.setter
    def purged(self, token: str) -> None:
        with self.asking("noting the purge at") as system:
            system.pipe_file(self._path(_PURGED), token.encode())

    def scrub(self) -> None:
        """Leaves nothing of what was put over, removed or half sent, where the store keeps such things."""
        with self.asking("scrubbing") as system:
            if "s3" not in system.protocol:
                return
            bucket, _, prefix = self._path("").partition("/")
            for page in _pages(system, "list_object_versions", bucket, prefix, ("KeyMarker", "VersionIdMarker")):
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    if not item["IsLatest"] or "Size" not in item:
                        system.call_s3("delete_object", Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
            for page in _pages(system, "list_multipart_uploads", bucket, prefix, ("KeyMarker", "UploadIdMarker")):
                for item in page.get("Uploads", []):
                    upload = {"Key": item["Key"], "UploadId": item["UploadId"]}
                    system.call_s3("abort_multipart_upload", Bucket=bucket, **upload)


def _pages(system: Any, call: str, bucket: str, prefix: str, markers: tuple[str, str]) -> Iterator[dict[str, Any]]:
    place: dict[str, str] = {}
    while True:
        page = system.call_s3(call, Bucket=bucket, Prefix=prefix, **place)
        yield page
        if not page.get("IsTruncated"):
            return
        place = {marker: page[f"Next{marker}"] for marker in markers if page.get(f"Next{marker}")}


class _Reader(io.RawIOBase):
    """A file of the store whose failures have a name."""

    def __init__(self, depot: Depot, name: str, file: Any) -> None:
        self._depot, self._name, self._file = depot, name, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        with self._depot.asking(f"reading {self._name} from"):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


_mounted: dict[Path, Depot] = {}


def mount(home: Path, url: str, timeout_s: float = 60) -> Depot:
    """From now on the files of a home lie at a URL, for this process."""
    if home not in _mounted or _mounted[home].url != url.rstrip("/"):
        _mounted[home] = Depot(home, url, timeout_s)
    return _mounted[home]


def attach(home: Path, url: str, timeout_s: float = 60) -> None:
    """Mounts what the settings name. A home begins empty, and what it has of the depot goes when others have purged."""
    mark = home / MARK
    known = json.loads(mark.read_bytes()) if mark.is_file() else {}
    if known and known["url"] != url:
        raise UsageError(f"{home} has its files at {known['url']}: set `depot` to it, or begin with an empty folder.")
    if not url:
        return
    depot = mount(home, url, timeout_s)
    if not known:
        if any((home / name).is_dir() for name in KEPT):
            raise UsageError(
                f"{home} has files that {url} may lack: copy {', '.join(KEPT)} there with any tool and delete them "
                "here, or begin with an empty folder."
            )
        depot.probe()
    if (last := depot.purged) == known.get("purged"):
        return
    for name in DERIVED:
        shutil.rmtree(home / name, ignore_errors=True)
    _note(home, url, last)


def _note(home: Path, url: str, purged: str) -> None:
    durable.write_bytes(home / MARK, json.dumps({"url": url, "purged": purged}).encode())


def purged(home: Path) -> None:
    """Ends a purge: no earlier version stays in the store, and other hosts drop their copies at their next command."""
    if depot := _mounted.get(home):
        depot.scrub()
        depot.purged = secrets.token_hex(8)
        _note(home, depot.url, depot.purged)


def _place(path: Path) -> tuple[Depot, str] | None:
    """Where the depot has a file or folder of a home; None for what it does not hold."""
    for home, depot in _mounted.items():
        if path.is_relative_to(home):
            parts = path.relative_to(home).parts
            kept = bool(parts) and parts[0] in KEPT and not any(part.endswith(UNFINISHED) for part in parts)
            return (depot, "/".join(parts)) if kept else None
    return None


def holds(path: Path) -> bool:
    return _place(path) is not None


@contextlib.contextmanager
def writing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """As `durable.writing`; the file is in the depot before it is here. With `new` the depot decides who was first."""
    place = _place(path)
    with durable.writing(path, new=new and place is None) as temporary:
        yield temporary
        if place is not None:
            place[0].put(temporary, place[1], new=new)


def move(path: Path, final: Path) -> bool:
    """Brings a finished file to the depot as `final`, and away from here; False where there is none."""
    if (place := _place(final)) is None:
        return False
    try:
        place[0].put(path, place[1], new=True)
    except FileExistsError as error:
        raise KobunkoError(f"another host has written {place[1]}: run the same command again.") from error
    durable.remove(path)
    return True


def keep(folder: Path) -> None:
    """Brings a finished release to the depot, in place of what a crash may have left there, its manifest last."""
    if place := _place(folder):
        depot, name = place
        depot.remove(name)
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.name == "manifest.json", path)):
            depot.put(path, f"{name}/{path.relative_to(folder).as_posix()}", new=False)


def forget(path: Path) -> None:
    """Removes a file or folder from the depot."""
    if place := _place(path):
        place[0].remove(place[1])


def listed(folder: Path) -> list[Path]:
    """What the depot holds under a folder, by the paths that the files have in the home."""
    place = _place(folder)
    return [place[0].home / name for name in place[0].names(place[1])] if place else []


def reading(path: Path) -> BinaryIO | None:
    """A file of the depot; None where there is no depot for it."""
    place = _place(path)
    return place[0].open(place[1]) if place else None


def fetch(folder: Path) -> None:
    """Makes the copies in a folder those of the depot: what is new there comes, what has gone there goes."""
    if not holds(folder):
        return
    # Looked at first: what another process of this host puts meanwhile is not taken for something that has gone.
    here = {path for path in folder.rglob("*") if path.is_file() and holds(path)}
    there = set(listed(folder))
    with ThreadPoolExecutor(8, "fetches") as pool:
        list(pool.map(_copy, sorted(there - here)))
    for path in here - there:
        durable.remove(path)


def _copy(path: Path) -> None:
    if place := _place(path):
        with contextlib.suppress(FileNotFoundError), durable.writing(path) as temporary:  # it has just gone
            place[0].get(place[1], temporary)
