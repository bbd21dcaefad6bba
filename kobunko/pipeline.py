"""The whole pipeline on one screen: crawl or import → stages → folds → release → publish.

This module and the command line are the only parts of the core that know the stage folders. What only one step needs
is imported in that step, because loading everything takes seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kobunko.corpus import Corpus
from kobunko.dedup.stage import signature_stage
from kobunko.doctor import Check
from kobunko.errors import KobunkoError
from kobunko.executors import executor, read_part
from kobunko.extract.assemble import text_stage
from kobunko.extract.stage import EXTRACT
from kobunko.home import Home
from kobunko.licensing.stage import licence_stage
from kobunko.licensing.terms import captured_terms
from kobunko.ocr import cache, models
from kobunko.ocr.hocr import hocr as hocr
from kobunko.ocr.stage import ocr_stage
from kobunko.publish import destination, release, verify
from kobunko.publish.rows import Profile as Profile
from kobunko.records import Blob
from kobunko.running import Progress, StageSummary, run_stages
from kobunko.seed import Seed
from kobunko.settings import OcrSettings
from kobunko.sidecar import prune
from kobunko.stage import Stage


def stages(home: Home) -> tuple[Stage[Any, Any], ...]:
    """Every step from raw bytes to a row, in order. What a step reads from is in its `after`."""
    extract, ocr, text = reading_stages(home.settings.ocr)
    signature = signature_stage(after=(text,))
    licence = licence_stage(home.seeds, captured_terms(home.seeds, home.catalogue), home.settings.release.processor)
    return extract, ocr, text, signature, licence


def reading_stages(settings: OcrSettings) -> tuple[Stage[Any, Any], ...]:
    """From the bytes of one document to its text."""
    ocr = ocr_stage((EXTRACT,), settings)
    return EXTRACT, ocr, text_stage(after=(EXTRACT, ocr))


def corpus(home: Home, ids: Sequence[str] | None = None) -> Corpus:
    return Corpus(home.catalogue, home.settings.stages, stages(home), ids)


def crawl(
    home: Home,
    run_id: str,
    seeds: Sequence[Seed],
    *,
    limit: int = 0,
    replay: Sequence[Path] = (),
    on_progress: Callable[[str, Mapping[str, int]], None] | None = None,
) -> dict[str, Any]:
    """Asks the sources for what is new. A process can do this once, because Scrapy's reactor starts once."""
    from kobunko.crawlers.crawl import crawl

    found = crawl(home.settings, home.catalogue, seeds, run_id, limit=limit, replay=replay, on_progress=on_progress)
    return {source: summary.to_json() for source, summary in found.items()}


def run(home: Home, names: Sequence[str] = (), progress: Progress = lambda *_: None) -> dict[str, StageSummary]:
    """Brings every document through the stages (or the named ones), doing only what has no row yet."""
    settings = home.settings
    everything = corpus(home)
    with executor(settings.run.engine, partial(read_part, settings.raw), settings.workers) as engine:
        return run_stages(everything, names or list(everything.stages), engine, settings.run, progress)


def prune_stages(home: Home) -> list[Path]:
    """Removes side-cars that no stage of today's pipeline would read."""
    return list(prune(home.settings.stages, stages(home)))


def build_release(home: Home, version: str, profile: Profile) -> release.ReleaseInfo:
    """Folds the corpus into a release: duplicate clusters, manifest, shards, card."""
    from kobunko.dedup.clusters import cluster

    return release.build(corpus(home), home.catalogue, home.settings, home.seeds, version, profile, cluster)


def verify_release(home: Home, version: str) -> list[str]:
    """Problems of a release; none means that every byte and every promise holds."""
    return verify.verify(home.settings.releases / version, home.catalogue.removed())


def publish(home: Home, version: str, to: str) -> destination.PublishResult:
    return destination.publish(home.settings.releases / version, to)


def model_checks(home: Home) -> list[Check]:
    """Which models OCR runs with, and whether they are here."""
    found = []
    for name, weights in models.WEIGHTS.items():
        try:
            found.append(Check(name, True, str(models.find_weights(weights))))
        except KobunkoError as error:
            found.append(Check(name, False, "missing", str(error)))
    settings = home.settings.ocr
    try:
        used = models.folders(settings, models.models_folder() / models.MODEL_SET)
        with_ = ", ".join(f"{task} {at.folder.name}" for task, at in used.items())
        found.append(Check("OCR runs with", True, f"{settings.engine} on {settings.device}: {with_}"))
    except KobunkoError as error:
        found.append(Check("OCR runs with", False, "a model is missing", str(error)))
    return found


def forget_readings(home: Home, hashes: Sequence[str]) -> int:
    """Takes what OCR keeps of files with these SHA-256 away; returns of how many there was something."""
    return cache.forget(cache.folder(home.path), hashes)


def picture_of(path: Path, page: Mapping[str, Any], rotation: int) -> Any:
    """A page of a file with its lines framed and numbered (an image of Pillow)."""
    from kobunko.ocr.picture import picture

    blob = Blob("file", "", "", "", path.read_bytes())
    return picture(blob, page["part_page"], page["lines"], rotation)
