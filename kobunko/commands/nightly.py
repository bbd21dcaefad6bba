"""The night: crawl everything that is enabled, then run every stage."""

from kobunko import pipeline
from kobunko.commands.collect import note_crawl, show_crawl
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.commands.process import note_stages, show_stages
from kobunko.home import open_home
from kobunko.jobs import job
from kobunko.screen import crawl_progress, stage_progress


@app.command()
def nightly(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Crawl every enabled source, then run every stage."""
    with open_home(settings_of(home)) as place, job(place, "nightly") as current:
        enabled = [seed for seed in place.seeds.values() if seed.enabled]
        with crawl_progress() as progress:
            note_crawl(current, pipeline.crawl(place, current.run_id, enabled, on_progress=progress))
        with stage_progress() as bars:
            note_stages(place, current, pipeline.run(place, progress=bars))
        if not json_:
            show_crawl(current, json_=False)
        show_stages(current, json_)
