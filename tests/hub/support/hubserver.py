"""A Hub on loopback: enough of the Hub's HTTP contract for the real huggingface_hub, hf-xet and datasets.

Two origins, because bytes must come from another one than the API: `Hub.url` (API) and `Hub.cdn` (bytes, no token).
Faults are injected by request; every request is in `Hub.log`. Large files go by plain LFS (`basic`, or `multipart`
over `part_size`) or by Xet with a content store in a folder (`local://`).
"""

import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

TOKEN = "hf_loopbackSecretOfThePublisher"
REGULAR = (".md", ".json", ".txt", ".gitattributes", "SHA256SUMS")


def sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class File:
    """A regular file with its bytes, or a pointer to a large one."""

    data: bytes = b""
    sha256: str = ""
    size: int = 0

    @property
    def oid(self) -> str:
        return sha1(f"oid sha256:{self.sha256} size {self.size}".encode() if self.sha256 else self.data)

    @property
    def length(self) -> int:
        return self.size if self.sha256 else len(self.data)

    def info(self, path: str) -> dict[str, Any]:
        lfs = {"lfs": {"oid": self.sha256, "size": self.size, "pointerSize": 130}} if self.sha256 else {}
        return {"type": "file", "path": path, "oid": self.oid, "size": self.length, **lfs}


@dataclass(frozen=True)
class Commit:
    id: str
    parent: str
    title: str
    files: dict[str, File]

    def info(self) -> dict[str, Any]:
        date = "2026-11-22T00:00:00.000Z"
        return {"id": self.id, "title": self.title, "message": "", "date": date, "authors": [{"user": "loop"}]}


@dataclass
class Repo:
    private: bool = False
    gated: Any = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    lfs: dict[str, str] = field(default_factory=dict)  # sha256 → a path that it was committed under

    def add(self, parent: str, title: str, files: dict[str, File]) -> Commit:
        name = hashlib.sha1(f"{parent}{title}{len(self.commits)}".encode(), usedforsecurity=False).hexdigest()
        self.commits[name] = commit = Commit(name, parent, title, files)
        self.lfs |= {file.sha256: path for path, file in files.items() if file.sha256}
        return commit

    def history(self, revision: str) -> list[Commit]:
        found, name = [], self.sha(revision)
        while name in self.commits:
            found.append(self.commits[name])
            name = self.commits[name].parent
        return found

    def sha(self, revision: str) -> str:
        name = self.branches.get(revision) or self.tags.get(revision) or revision
        if name not in self.commits:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return name


class Refused(Exception):
    def __init__(self, status: int, code: str = "", message: str = "", body: Any = None) -> None:
        self.status, self.code, self.message = status, code, message
        self.body = {"error": message} if body is None else body


@dataclass
class Fault:
    """What happens to the next `times` requests whose `METHOD path` the pattern finds.

    `how`: a status · `drop` (no answer) · `lost` (done, but no answer) · `hang` (no answer for `seconds`) · `late`
    (done after `seconds` without an answer) · `cut` (connection ends in the middle of the body sent)
    · `short` (answer cut) · `flip` (one bit of the answer) · `kill`, `kill-after` (SIGKILL to `pid`, then or after).
    """

    pattern: str
    how: int | str
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 3
    pid: int = 0


class Hub:
    """The server, and what a test asks of it."""

    def __init__(self, folder: Path, *, part_size: int = 0, xet: bool = False) -> None:
        self.folder, self.part_size, self.xet = folder, part_size, xet
        (folder / "cas").mkdir(parents=True)
        self.blobs: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.repos: dict[str, Repo] = {}
        self.faults: list[Fault] = []
        self.before: list[tuple[str, Callable[[], None]]] = []  # done once, before or after the first such request
        self.after: list[tuple[str, Callable[[], None]]] = []
        self.log: list[str] = []
        self.auth: list[tuple[str, str]] = []
        self.collects = True  # unreachable commits, when the history is squashed
        self.lock = threading.RLock()
        self.stop = threading.Event()
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler(cdn)) for cdn in (False, True)]
        self.url, self.cdn = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)

    def __enter__(self) -> "Hub":
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _handler(self, cdn: bool) -> type[BaseHTTPRequestHandler]:
        return type("Bound", (_Handler,), {"hub": self, "cdn": cdn})

    def fault(self, pattern: str, how: int | str, **more: Any) -> None:
        self.faults.append(Fault(pattern, how, **more))

    def take_fault(self, line: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times and re.search(fault.pattern, line):
                    fault.times -= 1
                    return fault
        return None

    def happen(self, hooks: list[tuple[str, Callable[[], None]]], line: str) -> None:
        for hook in [hook for hook in hooks if re.search(hook[0], line)][:1]:
            hooks.remove(hook)
            hook[1]()

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in self.log)

    def blob(self, sha256: str) -> bytes | None:
        """Bytes of a large file; those that came by Xet are put together from the content store."""
        if sha256 not in self.blobs and self.xet and (found := self.xet_hash(sha256)):
            self.blobs[sha256] = self._reconstruct(*found)
        return self.blobs.get(sha256)

    def xet_hash(self, sha256: str) -> tuple[str, int] | None:
        """Xet hash and size of a file, from the shards that the client left in the store."""
        wanted = _words(bytes.fromhex(sha256))
        for shard in (self.folder / "cas").rglob("*.mdb"):
            data = shard.read_bytes()
            offset = 48
            while data[offset : offset + 32] != b"\xff" * 32:
                name, flags, entries = data[offset : offset + 32], *struct.unpack_from("<II", data, offset + 32)
                size = sum(struct.unpack_from("<I", data, offset + 48 * n + 36)[0] for n in range(1, entries + 1))
                offset += 48 * (1 + entries + (entries if flags >> 31 & 1 else 0))
                if flags >> 30 & 1:
                    if data[offset : offset + 32] in (wanted, bytes.fromhex(sha256)):
                        return _words(name).hex(), size
                    offset += 48
        return None

    def _reconstruct(self, xet_hash: str, size: int) -> bytes:
        import hf_xet

        target = self.folder / xet_hash
        with hf_xet.XetSession().new_file_download_group(endpoint=f"local://{self.folder / 'cas'}") as group:
            group.start_download_file(hf_xet.XetFileInfo(xet_hash, size), str(target))
        return target.read_bytes()


def _words(name: bytes) -> bytes:
    """A Xet hash is written as four little-endian words."""
    return b"".join(name[n : n + 8][::-1] for n in range(0, 32, 8))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: Hub
    cdn: bool

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        line = f"{'CDN ' if self.cdn else ''}{self.command} {unquote(self.path)}"
        hub = self.hub
        hub.log.append(line)
        hub.auth.append((line, self.headers.get("Authorization", "")))
        fault = hub.take_fault(line)
        how = fault.how if fault else ""
        if fault and how == "cut":
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            return self._close()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self._plain() else self._chunks()
        if fault:
            if how == "kill":
                os.kill(fault.pid, signal.SIGKILL)
            if how in ("hang", "late"):
                hub.stop.wait(fault.seconds)
            if how in ("drop", "hang", "kill"):
                return self._close()
            if isinstance(how, int):
                answer = fault.body if fault.body is not None else {"error": f"injected {how}"}
                return self._answer(how, answer, fault.headers)
        try:
            with hub.lock:
                hub.happen(hub.before, line)
                status, answer, headers = self._route(body)
                hub.happen(hub.after, line)
        except Refused as refused:
            code = {"X-Error-Code": refused.code} if refused.code else {}
            status, answer, headers = refused.status, refused.body, code | {"X-Error-Message": refused.message}
        if fault and how in ("lost", "late", "kill-after"):
            if how == "kill-after":
                os.kill(fault.pid, signal.SIGKILL)
            return self._close()
        return self._answer(status, answer, headers, str(how))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _plain(self) -> bool:
        return self.headers.get("Transfer-Encoding", "") != "chunked"

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _close(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(2)

    def _answer(self, status: int, answer: Any, headers: dict[str, str], how: str = "") -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        length = len(body) if "Content-Length" not in headers else int(headers.pop("Content-Length"))
        if how == "flip" and body:
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if how == "short" else body)
            if how == "short":
                self._close()
        except OSError:
            self.close_connection = True

    # what the Hub does

    def _route(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        url = urlsplit(self.path)
        path, self.query = url.path, parse_qs(url.query)
        if self.cdn:
            return self._bytes(path, body)
        for method, pattern, name in _ROUTES:
            if self.command in method.split("|") and (match := re.fullmatch(pattern, path)):
                if self.headers.get("Authorization") != f"Bearer {TOKEN}" and name not in ("info", "resolve", "tree"):
                    raise Refused(401, "", "Invalid username or password.")
                answer = getattr(self, f"_{name}")(*(unquote(group or "") for group in match.groups()), body=body)
                return answer if isinstance(answer, tuple) else (200, answer, {})
        raise Refused(404, "EntryNotFound", f"no route for {self.command} {path}")

    def _repo(self, name: str) -> Repo:
        if name not in self.hub.repos:
            raise Refused(404, "RepoNotFound", "Repository Not Found")
        return self.hub.repos[name]

    def _bytes(self, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        hub, name = self.hub, path.split("/")[2]
        if self.command == "PUT":
            if number := self.query.get("part"):
                hub.parts.setdefault(name, {})[int(number[0])] = body
                return 200, b"", {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'}
            if hashlib.sha256(body).hexdigest() != name:
                raise Refused(422, "", "other bytes")
            hub.blobs[name] = body
            return 200, b"", {}
        if self.command == "POST":
            whole = b"".join(hub.parts[name][part["partNumber"]] for part in json.loads(body)["parts"])
            hub.blobs[name] = whole
            return 200, {}, {}
        data = hub.blob(name)
        if data is None:
            raise Refused(404, "", "no such object")
        return _ranged(data, self.headers.get("Range", ""))

    def _whoami(self, *, body: bytes) -> Any:
        return {"type": "user", "name": "loop", "orgs": [], "auth": {"accessToken": {"role": "write"}}}

    def _nothing(self, *, body: bytes) -> Any:
        return {}

    def _create(self, *, body: bytes) -> Any:
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'loop'}/{asked['name']}"
        url = f"{self.hub.url}/datasets/{name}"
        if name in self.hub.repos:
            raise Refused(409, "", "You already created this dataset repo", {"url": url, "error": "exists"})
        repo = self.hub.repos[name] = Repo(private=asked.get("visibility") == "private")
        repo.branches["main"] = repo.add("", "initial commit", {".gitattributes": File(b"*.parquet filter=lfs\n")}).id
        return {"url": url, "name": name}

    def _yaml(self, *, body: bytes) -> Any:
        content = json.loads(body)["content"]
        if not re.match(r"---\n.*\n---\n", content, re.DOTALL) or "license:" not in content:
            raise Refused(400, "", "bad", {"errors": [{"message": '"license" is required'}], "warnings": []})
        return {"errors": [], "warnings": []}

    def _preupload(self, name: str, revision: str, *, body: bytes) -> Any:
        files = self._repo(name).commits[self._repo(name).sha(revision)].files
        found = []
        for asked in json.loads(body)["files"]:
            path = asked["path"]
            mode = "regular" if path.endswith(REGULAR) else "lfs"
            here = {"oid": files[path].sha256 or files[path].oid} if path in files else {}
            found.append({"path": path, "uploadMode": mode, "shouldIgnore": False, **here})
        return {"files": found}

    def _batch(self, name: str, *, body: bytes) -> Any:
        self._repo(name)
        hub, found = self.hub, []
        multipart = False
        for asked in json.loads(body)["objects"]:
            oid, size = asked["oid"], asked["size"]
            entry: dict[str, Any] = {"oid": oid, "size": size}
            if oid not in hub.blobs:
                upload: dict[str, Any] = {"href": f"{hub.cdn}/lfs/{oid}"}
                if hub.part_size and size > hub.part_size:
                    multipart = True
                    count = -(-size // hub.part_size)
                    parts = {f"{n:05d}": f"{hub.cdn}/lfs/{oid}?part={n}" for n in range(1, count + 1)}
                    upload["header"] = {"chunk_size": str(hub.part_size), **parts}
                entry["actions"] = {"upload": upload, "verify": {"href": f"{hub.url}/datasets/{name}.git/verify"}}
            found.append(entry)
        return {"transfer": "multipart" if multipart else "basic", "objects": found}

    def _verify(self, name: str, *, body: bytes) -> Any:
        asked = json.loads(body)
        data = self.hub.blobs.get(asked["oid"], b"")
        if len(data) != asked["size"] or hashlib.sha256(data).hexdigest() != asked["oid"]:
            raise Refused(422, "", "the object is not what was announced")
        return {}

    def _commit(self, name: str, revision: str, *, body: bytes) -> Any:
        repo, hub = self._repo(name), self.hub
        lines = [json.loads(line) for line in body.splitlines() if line]
        head, header = repo.sha(revision), lines[0]["value"]
        if header.get("parentCommit") and header["parentCommit"] != head:
            raise Refused(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repo.commits[head].files)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = File(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                if value["oid"] not in hub.blobs and not (hub.xet and hub.xet_hash(value["oid"])):
                    raise Refused(400, "", f"the object {value['oid']} was never uploaded")
                files[value["path"]] = File(sha256=value["oid"], size=value["size"])
            elif files.pop(value["path"], None) is None:
                raise Refused(404, "EntryNotFound", value["path"])
        repo.branches[revision] = commit = repo.add(head, header["summary"], files).id
        url = f"{hub.url}/datasets/{name}/commit/{commit}"
        return {"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""}

    def _info(self, name: str, revision: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        commit = repo.commits[repo.sha(revision or "main")]
        siblings = [{"rfilename": path, "size": file.length, "blobId": file.oid} for path, file in commit.files.items()]
        return {
            "id": name,
            "author": name.split("/")[0],
            "sha": commit.id,
            "lastModified": "2026-11-22T00:00:00.000Z",
            "private": repo.private,
            "gated": repo.gated,
            "disabled": False,
            "tags": [],
            "siblings": siblings,
        }

    def _tree(self, name: str, revision: str, folder: str, *, body: bytes) -> Any:
        """Pages of 20 entries, so that clients have to follow the links."""
        repo = self._repo(name)
        files = repo.commits[repo.sha(revision)].files
        deep = self.query.get("recursive", [""])[0].lower() == "true"
        found: dict[str, Any] = {}
        for path, file in sorted(files.items()):
            if folder and not path.startswith(f"{folder}/"):
                continue
            steps = path[len(folder) + 1 if folder else 0 :].split("/")
            for depth in range(1, len(steps) if deep else min(len(steps), 2)):
                inner = "/".join([*([folder] if folder else []), *steps[:depth]])
                found[inner] = {"type": "directory", "oid": sha1(inner.encode()), "size": 0, "path": inner}
            if deep or len(steps) == 1:
                found[path] = file.info(path)
        if folder and not found:
            raise Refused(404, "EntryNotFound", folder)
        start = int(self.query.get("cursor", ["0"])[0])
        entries = list(found.values())
        if start + 20 >= len(entries):
            return entries[start:]
        query = f"recursive={str(deep).lower()}&cursor={start + 20}"
        link = f'<{self.hub.url}/api/datasets/{name}/tree/{quote(revision, safe="")}?{query}>; rel="next"'
        return 200, entries[start : start + 20], {"Link": link}

    def _paths(self, name: str, revision: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        files = repo.commits[repo.sha(revision)].files
        return [files[path].info(path) for path in parse_qs(body.decode())["paths"] if path in files]

    def _refs(self, name: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        kinds = (("branches", "heads", repo.branches), ("tags", "tags", repo.tags))
        found = {
            kind: [{"name": n, "ref": f"refs/{folder}/{n}", "targetCommit": sha} for n, sha in refs.items()]
            for kind, folder, refs in kinds
        }
        return found | {"converts": [], "pullRequests": []}

    def _commits(self, name: str, revision: str, *, body: bytes) -> Any:
        return [commit.info() for commit in self._repo(name).history(revision)]

    def _tag(self, name: str, revision: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        if self.command == "DELETE":
            repo.tags.pop(revision)
            return {}
        tag = json.loads(body)["tag"]
        if tag in repo.tags:
            raise Refused(409, "", "Tag already exists")
        repo.tags[tag] = repo.sha(revision)
        return {}

    def _branch(self, name: str, branch: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        if self.command == "DELETE":
            repo.branches.pop(branch)
        else:
            repo.branches[branch] = repo.sha(json.loads(body).get("startingPoint", "main"))
        return {}

    def _squash(self, name: str, branch: str, *, body: bytes) -> Any:
        """One commit is left; what no ref leads to any more is gone."""
        repo = self._repo(name)
        files = repo.commits[repo.branches[branch]].files
        repo.branches[branch] = repo.add("", json.loads(body).get("message", "squash"), files).id
        if self.hub.collects:
            self._collect(repo)
        return {}

    def _collect(self, repo: Repo) -> None:
        kept = {c.id for ref in (*repo.branches.values(), *repo.tags.values()) for c in repo.history(ref)}
        repo.commits = {name: commit for name, commit in repo.commits.items() if name in kept}

    def _lfs(self, name: str, *, body: bytes) -> Any:
        return [
            {
                "fileOid": sha,
                "filename": path,
                "oid": sha,
                "pushedAt": "2026-11-22T00:00:00.000Z",
                "ref": "main",
                "size": 1,
            }
            for sha, path in self._repo(name).lfs.items()
        ]

    def _lfs_delete(self, name: str, *, body: bytes) -> Any:
        for sha in json.loads(body)["deletions"]["sha"]:
            self._repo(name).lfs.pop(sha)
            self.hub.blobs.pop(sha, None)
        return {}

    def _settings(self, name: str, *, body: bytes) -> Any:
        repo, asked = self._repo(name), json.loads(body)
        repo.gated = asked.get("gated", repo.gated)
        if "visibility" in asked or "private" in asked:
            repo.private = asked.get("visibility") == "private" or bool(asked.get("private"))
        return {}

    def _xet_token(self, name: str, _kind: str, _revision: str, *, body: bytes) -> Any:
        self._repo(name)
        if not self.hub.xet:
            raise Refused(404, "", "no Xet here")
        cas, expires = f"local://{self.hub.folder / 'cas'}", int(time.time()) + 3600
        headers = {
            "X-Xet-Cas-Url": cas,
            "X-Xet-Access-Token": "xet-token",
            "X-Xet-Token-Expiration": str(expires),
        }
        return 200, {"casUrl": cas, "accessToken": "xet-token", "exp": expires}, headers

    def _resolve(self, name: str, revision: str, path: str, *, body: bytes) -> Any:
        repo = self._repo(name)
        commit = repo.commits[repo.sha(revision)]
        if path not in commit.files:
            return 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit.id}
        file, headers = commit.files[path], {"X-Repo-Commit": commit.id, "Accept-Ranges": "bytes"}
        if not file.sha256:
            status, data, more = _ranged(file.data, self.headers.get("Range", ""))
            return status, data, headers | more | {"ETag": f'"{file.oid}"'}
        location = f"{self.hub.cdn}/lfs/{file.sha256}"
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size), "Location": location}
        if self.hub.xet and (found := self.hub.xet_hash(file.sha256)):
            refresh = f"{self.hub.url}/api/datasets/{name}/xet-read-token/{commit.id}"
            headers |= {"X-Xet-Hash": found[0], "X-Xet-Refresh-Route": refresh, "Link": f'<{refresh}>; rel="xet-auth"'}
        return 302, b"", headers


def _ranged(data: bytes, asked: str) -> tuple[int, bytes, dict[str, str]]:
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if not match:
        return 200, data, {"Accept-Ranges": "bytes"}
    first, last = match.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start >= len(data):
        return 416, b"", {"Content-Range": f"bytes */{len(data)}"}
    return 206, data[start : end + 1], {"Content-Range": f"bytes {start}-{end}/{len(data)}"}


_R = r"/api/datasets/([^/]+/[^/]+)"
_ROUTES = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("GET", r"/api/agent-harnesses", "nothing"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "yaml"),
    ("POST", rf"{_R}/preupload/([^/]+)", "preupload"),
    ("POST", r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
    ("POST", r"/datasets/([^/]+/[^/]+)\.git/verify", "verify"),
    ("POST", rf"{_R}/commit/([^/]+)", "commit"),
    ("GET", rf"{_R}/tree/([^/]+)(?:/(.*))?", "tree"),
    ("POST", rf"{_R}/paths-info/([^/]+)", "paths"),
    ("GET", rf"{_R}/refs", "refs"),
    ("GET", rf"{_R}/commits/([^/]+)", "commits"),
    ("POST|DELETE", rf"{_R}/tag/([^/]+)", "tag"),
    ("POST|DELETE", rf"{_R}/branch/([^/]+)", "branch"),
    ("POST", rf"{_R}/super-squash/([^/]+)", "squash"),
    ("GET", rf"{_R}/lfs-files", "lfs"),
    ("POST", rf"{_R}/lfs-files/batch", "lfs_delete"),
    ("PUT", rf"{_R}/settings", "settings"),
    ("GET", rf"{_R}/xet-(read|write)-token/([^/]+)", "xet_token"),
    ("GET", rf"{_R}(?:/revision/([^/]+))?", "info"),
    ("GET|HEAD", r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", "resolve"),
)


@contextlib.contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Hub]:
    with Hub(folder, **options) as hub:
        yield hub
