"""Takes everything but one release out of a repository on the Hub, for good.

A document that was removed is still in every older commit and tag. Only when tags, branches, history and the stored
files of older releases are gone can nobody read it there any more. It cannot be undone.
"""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub.errors import RevisionNotFoundError

from kobunko import durable
from kobunko.errors import KobunkoError, UsageError
from kobunko.ids import short_hash
from kobunko.publish.hub import TYPE, Release, Repo, plan_against, title_of
from kobunko.publish.hub_session import FAILURES, ask, hub_session, refused
from kobunko.publish.result import DEFAULTS, PublishOptions, Purge


def plan_purge(folder: Path, repo_id: str, journals: Path, options: PublishOptions = DEFAULTS) -> Purge:
    """What `purge` would delete. Raises `UsageError` unless `main` holds exactly this release."""
    with hub_session(options.timeout_s):
        repo, release = Repo(repo_id), Release(folder)
        return _with_earlier(_plan(repo, release), _note(journals, repo))


def purge(folder: Path, repo_id: str, journals: Path, options: PublishOptions = DEFAULTS) -> Purge:
    """Leaves one commit with this release under its tag, and checks that the older commits answer 404.

    What is to go is noted on disk first: once the history is squashed the Hub no longer tells which commits there
    were, and a run that is cut off must still look for every one of them when it is repeated.
    """
    with hub_session(options.timeout_s):
        repo, release = Repo(repo_id), Release(folder)
        note = _note(journals, repo)
        planned = _with_earlier(_plan(repo, release), note)
        durable.write_bytes(note, json.dumps(asdict(planned)).encode())
        _delete(repo, release, planned)
        _check_gone(repo, planned)
        durable.remove(note)
        return planned


def _note(journals: Path, repo: Repo) -> Path:
    return journals / f"purge-{short_hash([repo.api.endpoint, repo.id])}.json"


def _with_earlier(planned: Purge, note: Path) -> Purge:
    """A plan with all that an earlier run, which was cut off, had still to see gone."""
    if not note.is_file():
        return planned
    earlier = json.loads(note.read_bytes())
    return Purge(**{name: sorted({*names, *earlier[name]}) for name, names in asdict(planned).items()})


def _delete(repo: Repo, release: Release, planned: Purge) -> None:
    asked: dict[str, Any] = {"repo_type": TYPE}
    there = repo.tags()
    for tag in [name for name in (*planned.tags, release.version) if name in there]:
        ask(f"deleting the tag {tag}", partial(repo.api.delete_tag, repo.id, tag=tag, **asked))
    for branch in repo.branches() & set(planned.branches):
        ask(f"deleting {branch}", partial(repo.api.delete_branch, repo.id, branch=branch, **asked))
    message = title_of(release.version)
    squash = partial(repo.api.super_squash_history, repo.id, branch="main", commit_message=message, **asked)
    ask("squashing the history", squash)
    stored = ask("listing stored files", lambda: list(repo.api.list_lfs_files(repo.id, **asked)))
    old = [item for item in stored if item.file_oid in planned.files]
    ask("deleting stored files", lambda: repo.api.permanently_delete_lfs_files(repo.id, old, **asked))
    head = repo.head()
    ask("tagging", lambda: repo.api.create_tag(repo.id, tag=release.version, revision=head, exist_ok=True, **asked))


def _plan(repo: Repo, release: Release) -> Purge:
    head = repo.head()
    if head is None or plan_against(repo, release, head).pending:
        raise UsageError(
            f"{repo.id} does not hold release {release.version}: publish it there first, then purge what is older."
        )
    refs = ask(
        "reading the refs",
        lambda: repo.api.list_repo_refs(repo.id, repo_type=TYPE, include_pull_requests=True),
    )
    if refs.pull_requests:
        names = ", ".join(ref.ref for ref in refs.pull_requests)
        raise UsageError(f"{repo.id} has pull requests ({names}), which keep old commits: close and delete them first.")
    tags = {tag.name: tag.target_commit for tag in refs.tags}
    branches = {branch.name: branch.target_commit for branch in refs.branches if branch.name != "main"}
    commits = set()
    for revision in [head, *tags.values(), *branches.values()]:
        listed = partial(repo.api.list_repo_commits, repo.id, repo_type=TYPE, revision=revision)
        found = ask("reading the history", listed)
        commits |= {item.commit_id for item in found}
    stored = ask("listing stored files", lambda: list(repo.api.list_lfs_files(repo.id, repo_type=TYPE)))
    kept = set(release.sha256.values())
    return Purge(
        tags=sorted(name for name in tags if name != release.version),
        branches=sorted(branches),
        commits=sorted(commits),
        files=sorted({item.file_oid for item in stored} - kept),
    )


def _check_gone(repo: Repo, planned: Purge) -> None:
    """Every old commit must answer 404."""
    for commit in planned.commits:
        try:
            repo.api.repo_info(repo.id, repo_type=TYPE, revision=commit)
        except RevisionNotFoundError:
            continue
        except FAILURES as error:
            raise refused(f"looking for the old commit {commit}", error) from None
        raise KobunkoError(
            f"the old commit {commit} of {repo.id} can still be read: ask the Hub's support to delete it, "
            "and do not call the removal done."
        )
    left = ask("listing stored files", lambda: list(repo.api.list_lfs_files(repo.id, repo_type=TYPE)))
    if kept := sorted({item.file_oid for item in left} & set(planned.files)):
        raise KobunkoError(
            f"{len(kept)} old files of {repo.id} are still stored ({kept[0]}, …): run the command again."
        )
