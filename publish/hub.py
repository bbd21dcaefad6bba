"""Publishes a release to a dataset repository of the Hugging Face Hub.

Large files are uploaded first, in small groups; then one commit on top of the head that was planned for makes the whole
release visible; then a tag names it; then every byte is read back. A commit whose answer is lost may or may not have
happened, so it is never just repeated: the head is read again, and where its files have the hashes of this release the
commit is recognised. What was uploaded is remembered on disk, so a run that was killed sends no finished file again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.utils import build_hf_headers, disable_progress_bars, get_session, hf_raise_for_status

from kobunko import durable
from kobunko.errors import Corrupt, KobunkoError, UsageError
from kobunko.ids import short_hash
from kobunko.publish import checksums
from kobunko.publish.hub_session import FAILURES, ask, hub_session, passing, pause, refused, status_of
from kobunko.publish.result import DEFAULTS, Changes, Progress, PublishOptions, PublishResult, quiet

TYPE = "dataset"
GROUP_FILES, GROUP_BYTES = 100, 8_000_000  # uploaded between two notes on disk; a larger file is a group of its own
ATTEMPTS = 6  # of the commit, all re-planned


@dataclass(frozen=True)
class Release:
    """A finished release on disk."""

    folder: Path

    @cached_property
    def sha256(self) -> Mapping[str, str]:
        """Hash of every file, SHA256SUMS included, by name."""
        return checksums.read(self.folder) | {checksums.NAME: checksums.file_sha256(self.folder / checksums.NAME)}

    @cached_property
    def version(self) -> str:
        return str(json.loads((self.folder / "manifest.json").read_bytes())["version"])

    def size(self, names: Collection[str]) -> int:
        return sum((self.folder / name).stat().st_size for name in names)

    def is_at(self, name: str, remote: RepoFile | None) -> bool:
        """Whether the Hub has this file with these bytes, by the hash that it keeps of it."""
        if remote is None:
            return False
        if remote.lfs is not None:
            return bool(remote.lfs.sha256 == self.sha256[name])
        data = (self.folder / name).read_bytes() if remote.size == self.size([name]) else b"other"
        return bool(remote.blob_id == git_sha1(data))


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass
class Journal:
    """What is known to be uploaded, on disk."""

    path: Path
    uploaded: set[str] = field(default_factory=set)  # sha256

    @classmethod
    def open(cls, folder: Path, endpoint: str, repo: str, version: str) -> "Journal":
        path = folder / f"{short_hash([endpoint, repo, version])}.json"
        return cls(path, set(json.loads(path.read_bytes())["uploaded"]) if path.is_file() else set())

    def add(self, sha256: Collection[str]) -> None:
        self.uploaded |= set(sha256)
        self._save()

    def forget(self) -> None:
        self.uploaded.clear()
        self._save()

    def close(self) -> None:
        if self.path.exists():
            durable.remove(self.path)

    def _save(self) -> None:
        durable.write_bytes(self.path, json.dumps({"uploaded": sorted(self.uploaded)}).encode())


class Repo:
    """One dataset repository, as far as publishing needs it."""

    def __init__(self, repo_id: str) -> None:
        self.id = repo_id
        self.api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
        disable_progress_bars()

    def head(self) -> str | None:
        """Commit that `main` stands at; None where there is no repository yet."""
        try:
            return ask("reading the repository", lambda: self._info("main"))
        except _Absent:
            return None

    def _info(self, revision: str) -> str:
        try:
            return str(self.api.repo_info(self.id, repo_type=TYPE, revision=revision).sha)
        except RepositoryNotFoundError as error:
            if status_of(error) in (401, 403):
                raise refused("reading the repository", error) from None
            raise _Absent from None

    def prepare(self, options: PublishOptions) -> str:
        """Makes the repository where there is none, sets who may read it, and returns its head."""
        if (head := self.head()) is None:
            made: dict[str, Any] = {"repo_type": TYPE, "private": options.private or None, "exist_ok": True}
            ask("making the repository", lambda: self.api.create_repo(self.id, **made))
            head = self.head()
        elif options.private:
            ask("making it private", lambda: self.api.update_repo_settings(self.id, repo_type=TYPE, private=True))
        if options.gated:
            asked = options.gated
            ask("setting the gate", lambda: self.api.update_repo_settings(self.id, repo_type=TYPE, gated=asked))
        if head is None:
            raise KobunkoError(f"the repository {self.id} was made and cannot be read: check the token, then repeat.")
        return head

    def check_card(self, content: str) -> None:
        """Asks the Hub about the card before anything is sent; a commit would be refused for it at the very end."""
        url, asked = f"{self.api.endpoint}/api/validate-yaml", {"content": content, "repoType": TYPE}

        def answer() -> dict[str, Any]:
            response = get_session().post(url, json=asked, headers=build_hf_headers())
            if response.status_code != 400:
                hf_raise_for_status(response)
            return dict(response.json())

        if found := ask("checking the card", answer).get("errors"):
            told = "; ".join(item["message"] for item in found)
            raise UsageError(f"the Hub does not accept the YAML of README.md: {told}. Nothing was sent.")

    def tree(self, revision: str) -> dict[str, RepoFile]:
        """Files at a revision, by name."""

        def listed() -> dict[str, RepoFile]:
            found = self.api.list_repo_tree(self.id, repo_type=TYPE, revision=revision, recursive=True)
            return {item.path: item for item in found if isinstance(item, RepoFile)}

        return ask("listing the repository", listed)

    def tags(self) -> dict[str, str]:
        refs = ask("reading the tags", lambda: self.api.list_repo_refs(self.id, repo_type=TYPE))
        return {tag.name: tag.target_commit for tag in refs.tags}

    def branches(self) -> set[str]:
        refs = ask("reading the branches", lambda: self.api.list_repo_refs(self.id, repo_type=TYPE))
        return {branch.name for branch in refs.branches}

    @contextmanager
    def fetched(self, name: str, revision: str) -> Iterator[Path]:
        """A file as readers get it, through a cache that holds nothing."""
        with tempfile.TemporaryDirectory(prefix="kobunko-") as cache:
            asked: dict[str, Any] = {"repo_type": TYPE, "revision": revision, "cache_dir": cache}
            yield Path(ask(f"reading {name} back", lambda: self.api.hf_hub_download(self.id, name, **asked)))


class _Absent(Exception):
    """There is no such repository."""


def publish(
    folder: Path, repo_id: str, journals: Path, options: PublishOptions = DEFAULTS, progress: Progress = quiet
) -> PublishResult:
    """Brings a finished release to the Hub. It can be repeated at any time, after any interruption.

    Raises `UsageError` when the version is published with other content, `Corrupt` when what readers get differs.
    """
    release = Release(folder)
    with hub_session(options.timeout_s):
        repo = Repo(repo_id)
        journal = Journal.open(journals, repo.api.endpoint, repo_id, release.version)
        repo.check_card((folder / "README.md").read_text(encoding="utf-8"))
        repo.prepare(options)
        commit, sent = repo.tags().get(release.version), 0
        if commit is None:
            commit, sent = _commit(repo, release, journal, progress)
            _tag(repo, release.version, commit)
        elif plan_against(repo, release, commit).pending:
            raise UsageError(
                f"{repo_id} has another release under the tag {release.version}: publish this one as a new version."
            )
        _read_back(repo, release, commit, progress)
        journal.close()
    location = f"hf://datasets/{repo_id}@{release.version}"
    return PublishResult(release.version, location, sent, len(release.sha256) - sent, commit)


def preview(folder: Path, repo_id: str, options: PublishOptions = DEFAULTS) -> Changes:
    """What `publish` would change, without changing anything."""
    release = Release(folder)
    with hub_session(options.timeout_s):
        repo = Repo(repo_id)
        head = repo.head()
        if head is None:
            return Changes(sorted(release.sha256), [], [], [], release.size(release.sha256))
        return plan_against(repo, release, repo.tags().get(release.version, head))


def plan_against(repo: Repo, release: Release, revision: str) -> Changes:
    """How a revision becomes the release: only files that an earlier release listed are ever deleted."""
    there = repo.tree(revision)
    keep = [name for name in release.sha256 if release.is_at(name, there.get(name))]
    new = sorted(set(release.sha256) - set(keep))
    delete = []
    if checksums.NAME in new and checksums.NAME in there:
        with repo.fetched(checksums.NAME, revision) as path:
            earlier = checksums.parse(path.read_text(encoding="utf-8"))
        delete = sorted(name for name in earlier if name in there and name not in release.sha256)
    add, replace = [n for n in new if n not in there], [n for n in new if n in there]
    return Changes(add, replace, delete, sorted(keep), release.size(new))


def _commit(repo: Repo, release: Release, journal: Journal, progress: Progress) -> tuple[str, int]:
    """The commit that holds the release, and how many files were sent for it. However often it has to be tried, one."""
    sent = 0
    for attempt in range(ATTEMPTS):
        head = repo.head()
        assert head is not None
        plan = plan_against(repo, release, head)
        if found := _in_history(repo, release):
            return found, sent
        if not plan.pending:
            return head, sent
        operations = _upload(repo, release, plan, journal, progress)
        sent = max(sent, len(operations))
        try:
            return _send(repo, release, [*operations, *map(CommitOperationDelete, plan.delete)], head), sent
        except FAILURES as error:
            if status_of(error) == 400 and journal.uploaded:
                journal.forget()  # the Hub no longer has what an earlier run had uploaded
            elif status_of(error) != 412 and not passing(error):
                raise refused("committing the release", error) from None
            pause(error, attempt)
    raise KobunkoError("the Hub took no commit, or others commit all the time: run the same command again.")


def _send(repo: Repo, release: Release, operations: Sequence[Any], parent: str) -> str:
    made = repo.api.create_commit(
        repo.id,
        operations,
        commit_message=title_of(release.version),
        commit_description=f"SHA256SUMS {release.sha256[checksums.NAME]}",
        repo_type=TYPE,
        parent_commit=parent,
    )
    return str(made.oid)


def title_of(version: str) -> str:
    return f"Release {version}"


def _in_history(repo: Repo, release: Release) -> str:
    """The commit of this release where others came after it: its answer was lost, or we were killed before the tag."""
    commits = ask("reading the history", lambda: repo.api.list_repo_commits(repo.id, repo_type=TYPE))
    named = [item.commit_id for item in commits if item.title == title_of(release.version)]
    return next((name for name in named if not plan_against(repo, release, name).pending), "")


def _upload(
    repo: Repo, release: Release, plan: Changes, journal: Journal, progress: Progress
) -> list[CommitOperationAdd]:
    """Uploads what is large and new, and returns the additions for the commit."""
    names = sorted(plan.pending_files)
    additions = {name: CommitOperationAdd(name, release.folder / name) for name in names}
    total, done = release.size(names), 0
    for name in names:
        if release.sha256[name] in journal.uploaded:
            _mark_uploaded(additions[name], release.sha256[name])
            done += release.size([name])
    progress("upload", done, total)
    waiting = [name for name in names if release.sha256[name] not in journal.uploaded]
    for group in _groups(waiting, release):
        mine = [additions[name] for name in group]
        ask("uploading", partial(repo.api.preupload_lfs_files, repo.id, mine, repo_type=TYPE), tries=2)
        for addition in mine:
            if addition.upload_info.sha256.hex() != release.sha256[addition.path_in_repo]:
                raise Corrupt(f"{addition.path_in_repo} changed on disk: run `kobunko release verify`.")
        journal.add({release.sha256[item.path_in_repo] for item in mine if item._is_uploaded})
        done += release.size(group)
        progress("upload", done, total)
    return list(additions.values())


def _mark_uploaded(addition: CommitOperationAdd, sha256: str) -> None:
    """What `preupload_lfs_files` leaves on an addition, for a file that an earlier run has uploaded."""
    addition.upload_info.sha256 = bytes.fromhex(sha256)
    addition._upload_mode = "lfs"
    addition._is_uploaded = True


def _groups(names: Sequence[str], release: Release) -> Iterator[list[str]]:
    group: list[str] = []
    for name in names:
        if group and (len(group) == GROUP_FILES or release.size([*group, name]) > GROUP_BYTES):
            yield group
            group = []
        group.append(name)
    if group:
        yield group


def _tag(repo: Repo, version: str, commit: str) -> None:
    made: dict[str, Any] = {"tag": version, "revision": commit, "repo_type": TYPE, "exist_ok": True}
    ask("tagging the release", lambda: repo.api.create_tag(repo.id, **made))
    if repo.tags().get(version) != commit:
        raise UsageError(f"the tag {version} of {repo.id} names another commit than {commit}: look who set it.")


def _read_back(repo: Repo, release: Release, commit: str, progress: Progress) -> None:
    """Reads the whole release from the Hub as strangers would. A listing alone would not show lost or wrong bytes."""
    there = repo.tree(commit)
    shelves = ("data/", "provenance/", "removed/")
    for name in there:
        if name.startswith(shelves) and name not in release.sha256:
            raise Corrupt(f"{name} is in {repo.id} and not in the release, and readers would load it: delete it there.")
    total, done = release.size(release.sha256), 0
    for name, expected in release.sha256.items():
        with repo.fetched(name, commit) as path:
            if checksums.file_sha256(path) != expected:
                raise Corrupt(f"{name} is not at {repo.id} as it is here: the release is not marked as published.")
        done += release.size([name])
        progress("verify", done, total)
