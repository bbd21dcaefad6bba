"""Releases: build, compare, list, verify, publish, and purge what was published."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kobunko import depot, pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import KobunkoError, NotFound
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.publish.result import Changes, Gated, PublishOptions, Purge
from kobunko.screen import byte_progress, note, show_json, show_table

if TYPE_CHECKING:
    from kobunko.publish.diff import Diff

release_app = typer.Typer(no_args_is_help=True, help="Build, list and verify releases.")
app.add_typer(release_app, name="release")


@release_app.command("build")
def release_build(
    version: Annotated[str, typer.Argument(help="Name of the release, e.g. 2026.11.22.")],
    profile: Annotated[
        pipeline.Profile, typer.Option(help="open: text only where it may be republished; internal: all.")
    ] = "open",
    source: Annotated[list[str] | None, typer.Option(help="Only this source (may be repeated).")] = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Fold the corpus into Parquet shards with a manifest and a dataset card."""
    with open_home(settings_of(home)) as place, job(place, "release", version) as current:
        info = pipeline.build_release(place, version, profile, source or ())
        current.summary["release"] = _plain(asdict(info))
    if json_:
        show_json(_plain(asdict(info)))
    else:
        note(f"release {version} ({profile}): {info.documents} rows in {info.folder}")


@release_app.command("list")
def release_list(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Releases of this home."""
    with open_home(settings_of(home)) as place:
        found = place.catalogue.releases()
    if json_:
        show_json(found)
    else:
        names = ("version", "profile", "documents", "built_at", "verified", "published_to")
        show_table("Releases", names, [[row[name] for name in names] for row in found])


@release_app.command("verify")
def release_verify(version: str, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Re-hash and re-read a release, and check every promise about it."""
    with open_home(settings_of(home)) as place, job(place, "verify", version) as current:
        _release_folder(place, version)
        problems = pipeline.verify_release(place, version)
        current.summary["problems"] = problems
        place.catalogue.update_release(version, verified=not problems)
        current.broken += problems
        if json_:
            show_json({"version": version, "problems": problems})
        elif not problems:
            note(f"release {version} is whole: every file has its hash and every row keeps its promises.")


@release_app.command("diff")
def release_diff(older: str, newer: str, home: HomeOption = None, json_: JsonOption = False) -> None:
    """What changed between two releases, and why."""
    with open_home(settings_of(home)) as place:
        found = _diff(_release_folder(place, older), _release_folder(place, newer))
    if json_:
        show_json(found.to_json())
        return
    rows = [["added", name, ""] for name in found.added]
    rows += [["changed", change.id, f"{change.why}: {', '.join(change.facts)}"] for change in found.changed]
    rows += [["removed", name, why] for name, why in found.removed]
    rows += [["moved", name, f"{old or '—'} → {new or '—'}"] for name, old, new in found.moved]
    rows += [["stage", old or "—", f"→ {new or '—'}"] for old, new in found.stages]
    show_table(f"{older} → {newer}", ("what", "document", "why"), rows)


_To = Annotated[str, typer.Option("--to", help="hf://datasets/ORG/NAME, s3://BUCKET/PREFIX, a folder or file:// URL.")]


@app.command()
def publish(
    version: str,
    to: _To,
    private: Annotated[
        bool, typer.Option("--private", help="Hub: only members of the organisation may read it.")
    ] = False,
    gated: Annotated[
        Gated | None, typer.Option(help="Hub: readers have to ask; auto lets everybody in who does.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring a release to where people load it from."""
    with open_home(settings_of(home)) as place:
        _release_folder(place, version)
        if dry_run:
            _show_changes(preview(place, version, to, private, gated), json_)
            return
        with job(place, "publish", version) as current:
            if problems := pipeline.verify_release(place, version):
                raise KobunkoError(f"release {version} is not fit to publish: {problems[0]}. Build it again.")
            with byte_progress() as progress:
                result = pipeline.publish(place, version, to, private, gated, progress)
            current.summary["publish"] = _plain(asdict(result))
            remember_destination(place, version, to)
    if json_:
        show_json(_plain(asdict(result)))
    else:
        note(f"release {version} is at {result.location}: {result.copied} files sent, {result.skipped} were there")


@app.command()
def purge(
    version: str,
    to: Annotated[str, typer.Option("--to", help="hf://datasets/ORG/NAME, where this release is published.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Delete all that a Hub repository holds beside one release: older tags, history and files. Cannot be undone."""
    with open_home(settings_of(home)) as place, job(place, "purge", version) as current:
        _release_folder(place, version)
        planned = _plan_purge(place, version, to)
        told = f"{len(planned.commits)} commits, {len(planned.files)} files, tags {', '.join(planned.tags) or '—'}"
        if not yes and not typer.confirm(f"Delete for good from {to}: {told}?", err=True):
            raise KobunkoError("nothing was deleted.")
        done = _purge(place, version, to)
        current.summary["purge"] = asdict(done)
        for row in place.catalogue.releases():
            if row["version"] != version and to in row["published_to"]:
                left = [item for item in row["published_to"] if item != to]
                place.catalogue.update_release(row["version"], published_to=json.dumps(left))
    if json_:
        show_json(asdict(done))
    else:
        note(f"{to} holds only release {version} now; the older commits answer 404.")


def _show_changes(changes: Changes, json_: bool) -> None:
    if json_:
        show_json(asdict(changes) | {"files": len(changes.pending_files)})
        return
    kinds = (("add", changes.add), ("replace", changes.replace), ("delete", changes.delete), ("keep", changes.keep))
    show_table(
        f"{changes.send_bytes:,} bytes to send",
        ("what", "file"),
        [[kind, name] for kind, names in kinds for name in names],
    )


def remember_destination(home: Home, version: str, to: str) -> None:
    """Writes down where a release is now."""
    for row in home.catalogue.releases():
        if row["version"] == version:
            home.catalogue.update_release(version, published_to=json.dumps(sorted({*row["published_to"], to})))


def _release_folder(home: Home, version: str) -> Path:
    folder = home.settings.releases / version
    depot.fetch(folder)
    if not folder.is_dir():
        raise NotFound(f"no release {version} in {home.path}: build it with `kobunko release build {version}`.")
    return folder


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value


def _diff(older: Path, newer: Path) -> "Diff":
    from kobunko.publish.diff import diff, read_side

    return diff(read_side(older), read_side(newer))


def preview(home: Home, version: str, to: str, private: bool = False, gated: Gated | None = None) -> Changes:
    """What `publish` would change, without changing anything."""
    from kobunko.publish import destination

    return destination.preview(home.settings.releases / version, to, _options(home, private, gated))


def _plan_purge(home: Home, version: str, to: str) -> Purge:
    """What `purge` would delete from a repository on the Hub."""
    from kobunko.publish import destination

    return destination.plan_purge(home.settings.releases / version, to, home.settings.publishing, _options(home))


def _purge(home: Home, version: str, to: str) -> Purge:
    """Leaves nothing but this release in a repository on the Hub."""
    from kobunko.publish import destination

    return destination.purge(home.settings.releases / version, to, home.settings.publishing, _options(home))


def _options(home: Home, private: bool = False, gated: Gated | None = None) -> PublishOptions:
    return PublishOptions(private, gated, home.settings.publish.timeout_s)
