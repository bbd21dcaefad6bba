"""Where a release can go: `hf://datasets/ORG/NAME`, `s3://BUCKET/PREFIX`, a folder or `file://` URL."""

import re
from pathlib import Path

from fsspec.core import split_protocol, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from kobunko.errors import UsageError
from kobunko.publish import hub, shelf
from kobunko.publish import purge as hub_purge
from kobunko.publish.result import DEFAULTS, Changes, Progress, PublishOptions, PublishResult, Purge, quiet

_HUB = re.compile(r"datasets/([\w.-]+/[\w.-]+)")


def publish(
    release: Path, to: str, journals: Path, options: PublishOptions = DEFAULTS, progress: Progress = quiet
) -> PublishResult:
    """Brings a finished release to its destination. `journals` is a folder for what an interrupted upload has done."""
    if repo := hub_repository(to):
        return hub.publish(release, repo, journals, options, progress)
    return shelf.publish(release, _shelf(to, options), progress)


def preview(release: Path, to: str, options: PublishOptions = DEFAULTS) -> Changes:
    """What `publish` would change, without changing anything."""
    if repo := hub_repository(to):
        return hub.preview(release, repo, options)
    return shelf.preview(release, _shelf(to, options))


def plan_purge(release: Path, to: str, journals: Path, options: PublishOptions = DEFAULTS) -> Purge:
    return hub_purge.plan_purge(release, _repository(to), journals, options)


def purge(release: Path, to: str, journals: Path, options: PublishOptions = DEFAULTS) -> Purge:
    return hub_purge.purge(release, _repository(to), journals, options)


def _repository(to: str) -> str:
    if not (repo := hub_repository(to)):
        raise UsageError(f"only hf://datasets/ORG/NAME has a history to purge, {to} has none: delete files there.")
    return repo


def hub_repository(to: str) -> str:
    """`ORG/NAME` of an hf:// URL; empty for other destinations."""
    scheme, path = split_protocol(to)
    if scheme != "hf":
        return ""
    if not (match := _HUB.fullmatch(path)):
        raise UsageError(f"{to} is no dataset repository: write hf://datasets/ORG/NAME.")
    return match[1]


def _shelf(to: str, options: PublishOptions) -> shelf.Shelf:
    if options.private or options.gated:
        raise UsageError("only a repository on the Hub can be private or gated: leave these options out.")
    scheme, path = split_protocol(to)
    if scheme == "s3":
        return shelf.Bucket(path, options.timeout_s)
    if scheme in (None, *LocalFileSystem.protocol):
        return shelf.Folder(Path(url_to_fs(to)[1]))
    raise UsageError(f"cannot publish to {scheme}://: give hf://datasets/ORG/NAME, s3://BUCKET/PREFIX or a folder.")
