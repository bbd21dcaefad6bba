"""Releases: build, list, verify, publish."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import KobunkoError, NotFound
from kobunko.home import Home, open_home
from kobunko.jobs import job
from kobunko.screen import note, show_json, show_table

release_app = typer.Typer(no_args_is_help=True, help="Build, list and verify releases.")
app.add_typer(release_app, name="release")


@release_app.command("build")
def release_build(
    version: Annotated[str, typer.Argument(help="Name of the release, e.g. 2026.11.22.")],
    profile: Annotated[
        pipeline.Profile, typer.Option(help="open: text only where it may be republished; internal: all.")
    ] = "open",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Fold the corpus into Parquet shards with a manifest and a dataset card."""
    with open_home(settings_of(home)) as place, job(place, "release", version) as current:
        info = pipeline.build_release(place, version, profile)
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


@app.command()
def publish(
    version: str,
    to: Annotated[str, typer.Option("--to", help="Folder or file:// URL.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring a release to where people load it from."""
    with open_home(settings_of(home)) as place, job(place, "publish", version) as current:
        _release_folder(place, version)
        if problems := pipeline.verify_release(place, version):
            raise KobunkoError(f"release {version} is not fit to publish: {problems[0]}. Build it again.")
        result = publish_release(place, version, to)
        current.summary["publish"] = _plain(asdict(result))
    if json_:
        show_json(_plain(asdict(result)))
    else:
        note(f"release {version} is at {to}")


def publish_release(home: Home, version: str, to: str) -> pipeline.PublishResult:
    """Publishes, and writes down where the release is now."""
    result = pipeline.publish(home, version, to)
    for row in home.catalogue.releases():
        if row["version"] == version:
            home.catalogue.update_release(version, published_to=json.dumps(sorted({*row["published_to"], to})))
    return result


def _release_folder(home: Home, version: str) -> Path:
    folder = home.settings.releases / version
    if not folder.is_dir():
        raise NotFound(f"no release {version} in {home.path}: build it with `kobunko release build {version}`.")
    return folder


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value
