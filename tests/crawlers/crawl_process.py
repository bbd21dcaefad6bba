"""One crawl in a process of its own, because a reactor runs once. Run by the fork server of `conftest.py`."""

import json
import os
from pathlib import Path

from kobunko.catalogue import Catalogue
from kobunko.crawlers.crawl import crawl
from kobunko.depot import mount
from kobunko.seed import load_seeds
from kobunko.settings import load_settings


def run(home: Path, seeds: Path, env: dict[str, str], limit: int, replay: list[Path]) -> None:
    """Writes the summaries to `summary.json` of the home, and what goes to stderr to `stderr.txt`."""
    stderr = os.open(home / "stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stderr, 2)
    os.environ.update(env)
    settings = load_settings(home)
    if settings.depot:
        mount(settings.home, settings.depot)
    catalogue = Catalogue(settings.catalogue_url)
    enabled = [seed for seed in load_seeds(seeds).values() if seed.enabled]
    summaries = crawl(settings, catalogue, enabled, catalogue.start_run("crawl"), limit=limit, replay=replay)
    found = {source: summary.to_json() for source, summary in summaries.items()}
    (home / "summary.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
