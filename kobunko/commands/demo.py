"""The demo: an invented little government on loopback goes the whole way, by the same code as the real one."""

import importlib.resources
from pathlib import Path
from typing import Any

from rich.markdown import Markdown

from kobunko import durable, pipeline
from kobunko.commands.collect import note_crawl, show_crawl
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.commands.inspect import show_chain
from kobunko.commands.process import note_stages, show_stages
from kobunko.errors import KobunkoError
from kobunko.home import Home, open_home
from kobunko.jobs import Job, job
from kobunko.lookup import chain
from kobunko.screen import crawl_progress, note, out, show_json, stage_progress
from kobunko.settings import Settings, load_settings

SHOWN = "demo_ministry"  # the source whose provenance is shown


@app.command()
def demo(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Crawl, read, release and publish an invented government that is served on loopback. Run it twice."""
    from kobunko.demo.server import DemoServer  # makes all its documents when it is loaded

    folder = settings_of(home).home
    _write_config(folder)
    with DemoServer() as server:
        settings = load_settings(folder, crawl={"proxy": server.url, "contact": "mailto:demo@kobunko.example"})
        with open_home(settings) as place:
            with job(place, "nightly", "demo") as current:
                _night(place, current)
            version, built = _release(place)
            if json_:
                show_json({"run_id": current.run_id, **current.summary, "release": version, "built": built})
            else:
                _last_screen(place, current, version, built=built)


def _write_config(folder: Path) -> None:
    """The demo's seeds go into the home's settings, so that every other command on it knows them too."""
    seeds = importlib.resources.files("kobunko.demo") / "seeds"
    text = f'# Written by `kobunko demo`.\nseeds = "{seeds}"\n\n[release]\nprocessor = "Kobunko demo"\n'
    durable.write_bytes(folder / "kobunko.toml", text.encode())


def _night(place: Home, current: Job) -> None:
    seeds = list(place.seeds.values())
    with crawl_progress() as progress:
        note_crawl(current, pipeline.crawl(place, current.run_id, seeds, on_progress=progress))
    with stage_progress() as bars:
        note_stages(place, current, pipeline.run(place, progress=bars))


def _release(place: Home) -> tuple[str, bool]:
    """Builds the next release when there is something new, and publishes it to a folder in the home."""
    known = [row["version"] for row in place.catalogue.releases()]
    if known and pipeline.is_current(place, known[-1]):
        return known[-1], False
    version = f"demo-{len(known) + 1:03d}"
    with job(place, "release", version):
        pipeline.build_release(place, version, "open")
        if problems := pipeline.verify_release(place, version):
            raise KobunkoError(f"the release does not keep its promises: {problems}")
        pipeline.publish(place, version, str(place.path / "published"))
    return version, True


def _last_screen(place: Home, current: Job, version: str, *, built: bool) -> None:
    out.rule("Run report")
    show_crawl(current, json_=False)
    show_stages(current, json_=False)
    for row in current.summary["failures"]:
        note(f"{row['outcome']}  {row['url']}  {row['detail'][:100]}")
    out.rule("Provenance of one row")
    show_chain(_example(place))
    out.rule("Next")
    if not built:
        out.print(f"Nothing has changed since release {version}: no document was done again, no release was built.\n")
    out.print(Markdown(_next_commands(place.settings, version, _example(place)["doc_id"])))


def _example(place: Home) -> dict[str, Any]:
    """A document of the ministry that was read by OCR, if there is one."""
    ids = place.catalogue.document_ids(source=SHOWN)
    chains = chain(place, pipeline.stages(place), ids)
    scanned = [found for found in chains if any(page["method"] == "ocr" for page in found["pages"])]
    return (scanned or chains)[0]


def _next_commands(settings: Settings, version: str, doc_id: str) -> str:
    kobunko = f".venv/bin/kobunko --home {settings.home}"
    return f"""
- `make demo` — the next night: nothing has changed, nothing is done again
- `{kobunko} status` — what is in this home
- `{kobunko} lookup {doc_id}` — one row, back to its bytes
- `{kobunko} release verify {version}` — every byte and promise checked
- `{settings.home}/releases/{version}/README.md` — the dataset card; the shards are beside it
"""
