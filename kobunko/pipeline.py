"""The whole pipeline on one screen: crawl or import → stages → folds → release → publish.

This module and the command line are the only parts of the core that know the stage folders. What only one step needs
is imported in that step, because loading everything takes seconds.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq

from kobunko import removals
from kobunko.corpus import Corpus
from kobunko.dedup.stage import signature_stage
from kobunko.doctor import Check
from kobunko.errors import KobunkoError
from kobunko.executors import executor, read_part
from kobunko.extract.assemble import text_stage
from kobunko.extract.stage import EXTRACT
from kobunko.home import Home
from kobunko.licensing import answer, terms
from kobunko.licensing.hosts import host_of
from kobunko.licensing.privacy import privacy_stage
from kobunko.licensing.stage import knowledge_of, licence_stage
from kobunko.licensing.third_party import third_party_stage
from kobunko.ocr import models
from kobunko.ocr.hocr import hocr as hocr
from kobunko.ocr.stage import ocr_stage
from kobunko.ocr.view import VIEW as VIEW
from kobunko.publish.result import Changes as Changes
from kobunko.publish.result import Gated as Gated
from kobunko.publish.result import Progress as BytesDone
from kobunko.publish.result import PublishOptions, PublishResult, Purge, quiet
from kobunko.publish.rows import Profile as Profile
from kobunko.publish.tokens import tokens_stage
from kobunko.records import Blob
from kobunko.running import Progress, StageSummary, run_stages
from kobunko.seed import Seed
from kobunko.settings import OcrSettings
from kobunko.sidecar import prune
from kobunko.single import read_file
from kobunko.stage import Stage

if TYPE_CHECKING:
    from kobunko.dedup.duplicates import Duplicates
    from kobunko.publish.diff import Diff
    from kobunko.publish.release import ReleaseInfo


def stages(home: Home) -> tuple[Stage[Any, Any], ...]:
    """Every step from raw bytes to a row, in order. What a step reads from is in its `after`."""
    extract, ocr, text = reading_stages(home.settings.ocr)
    signature = signature_stage(after=(text,))
    privacy = privacy_stage(after=(text,))
    publishers = {name: seed.publisher for name, seed in home.seeds.items()}
    third_party = third_party_stage(after=(text,), publishers=publishers)
    licence = licence_stage(**_rights_facts(home), signals=terms.opt_outs_digest(home.catalogue))
    return extract, ocr, text, tokens_stage(after=(text,)), signature, privacy, third_party, licence


def _rights_facts(home: Home) -> dict[str, Any]:
    """What the licence of a document is judged by: seeds, captured terms, decisions of people, opt-out files."""
    starts = [url for seed in home.seeds.values() for url in (seed.homepage, *seed.crawl.start)]
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, starts)}
    return {
        "seeds": home.seeds,
        "terms": terms.captured_terms(home.seeds, home.catalogue),
        "processor": home.settings.release.processor,
        "reviews": terms.reviews(home.catalogue),
        "files": terms.opt_out_files(origins, home.catalogue, home.settings.raw),
    }


def rights_of_documents(home: Home, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rights of documents as the stages found them; a stage that did not run yet leaves its part empty."""
    everything = corpus(home, ids)
    names = [f"{stage}.{name}" for stage, wanted in answer.COLUMNS.items() for name in wanted]
    table = everything.select(range(len(everything)), names)
    return [answer.of_row(row) for row in table.to_pylist()]


def rights_of_file(home: Home, path: Path, *, url: str = "", source: str = "") -> dict[str, Any]:
    """Rights of one file that is in no home: read, searched and judged now, nothing stored."""
    source = source or next(
        (s.source for s in home.seeds.values() if host_of(s.homepage) == host_of(url) != ""), "import"
    )
    seed = home.seeds.get(source)
    found = read_file(path, reading_stages(home.settings.ocr), source=source, url=url)
    known, publisher = knowledge_of(**_rights_facts(home)), seed.publisher if seed else ""
    role = seed.role_of(url) if seed else "file"
    return answer.of_text(known, found["text"], found["pages"], found["title"], source, url, role, publisher)


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
    deadline: float = math.inf,
) -> dict[str, Any]:
    """Asks the sources for what is new. A process can do this once, because Scrapy's reactor starts once."""
    from kobunko.crawlers.crawl import crawl

    wanted: dict[str, Any] = {"limit": limit, "replay": replay, "on_progress": on_progress, "deadline": deadline}
    found = crawl(home.settings, home.catalogue, seeds, run_id, **wanted)
    return {source: summary.to_json() for source, summary in found.items()}


def crawl_plan(home: Home, seed: Seed) -> dict[str, Any]:
    """What a crawl would ask, of whom and how; nothing is asked."""
    from kobunko.crawlers.plan import plan

    return plan(home.settings, home.catalogue, seed)


def run(
    home: Home,
    names: Sequence[str] = (),
    progress: Progress = lambda *_: None,
    deadline: float = math.inf,
) -> dict[str, StageSummary]:
    """Brings every document through the stages (or the named ones), doing only what has no row yet."""
    settings = home.settings
    everything = corpus(home)
    with executor(settings.run, partial(read_part, settings.raw)) as engine:
        return run_stages(everything, names or list(everything.stages), engine, settings.run, progress, deadline)


def settle_removals(home: Home) -> list[str]:
    """Seals what may not be kept and binds copies of what was removed; a line for everything that needs a person."""
    everything = corpus(home)
    sealed = removals.seal(home.catalogue, everything)
    removals.apply(home.catalogue, everything)
    alarms = [f"{doc_id} holds a 個人番号 and is sealed: erase it with `kobunko remove purge`" for doc_id in sealed]
    late = [
        row for row in removals.overdue(home.catalogue, datetime.now(UTC)) if row["reason"] != "my-number" or not sealed
    ]
    return alarms + [f"{row['request_id']} is past its deadline: run `kobunko remove purge`" for row in late]


def prune_stages(home: Home) -> list[Path]:
    """Removes side-cars that no stage of today's pipeline would read."""
    return list(prune(home.settings.stages, stages(home)))


def build_release(home: Home, version: str, profile: Profile, sources: Collection[str] = ()) -> "ReleaseInfo":
    """Folds the corpus into a release: duplicate clusters, manifest, shards, card."""
    from kobunko.publish import release

    everything = corpus(home)
    cluster = duplicates(home, everything)
    return release.build(everything, home.catalogue, home.settings, home.seeds, version, profile, cluster, sources)


def duplicates(home: Home, everything: Corpus) -> "Duplicates":
    """What finds the duplicates in a corpus. It writes to the index: hold the home's lock."""
    from kobunko.dedup.duplicates import Duplicates

    return Duplicates(everything, home.settings.duplicates)


def similar_to_text(home: Home, text: str) -> list[tuple[str, float]]:
    """Documents of a home like a text that is not in it, closest first."""
    from kobunko.dedup.stage import SignatureInput, make

    return duplicates(home, corpus(home)).similar_to(make()(SignatureInput(text, [])), home.catalogue.removed())


def is_current(home: Home, version: str) -> bool:
    """Whether a release was made from the documents that are here now, by the stages of now."""
    folder = home.settings.releases / version
    listed = pq.read_table(folder / "manifest.parquet", columns=["doc_id", "input_sha256"]).to_pylist()
    made_by = json.loads((folder / "manifest.json").read_bytes())["stages"]
    now = [stage.label for stage in stages(home)]
    return made_by == now and [tuple(row.values()) for row in listed] == home.catalogue.inputs()


def verify_release(home: Home, version: str) -> list[str]:
    """Problems of a release; none means that every byte and every promise holds."""
    from kobunko.publish import verify

    return verify.verify(home.settings.releases / version, home.catalogue.removed())


def diff_releases(older: Path, newer: Path) -> "Diff":
    from kobunko.publish.diff import diff, read_side

    return diff(read_side(older), read_side(newer))


def publish(
    home: Home, version: str, to: str, private: bool = False, gated: Gated | None = None, progress: BytesDone = quiet
) -> PublishResult:
    from kobunko.publish import destination

    options, folder = _options(home, private, gated), home.settings.releases / version
    return destination.publish(folder, to, home.settings.publishing, options, progress)


def preview_publication(
    home: Home, version: str, to: str, private: bool = False, gated: Gated | None = None
) -> Changes:
    """What `publish` would change, without changing anything."""
    from kobunko.publish import destination

    return destination.preview(home.settings.releases / version, to, _options(home, private, gated))


def plan_purge(home: Home, version: str, to: str) -> Purge:
    """What `purge` would delete from a repository on the Hub."""
    from kobunko.publish import destination

    return destination.plan_purge(home.settings.releases / version, to, _options(home))


def purge(home: Home, version: str, to: str) -> Purge:
    """Leaves nothing but this release in a repository on the Hub."""
    from kobunko.publish import destination

    return destination.purge(home.settings.releases / version, to, _options(home))


def _options(home: Home, private: bool = False, gated: Gated | None = None) -> PublishOptions:
    return PublishOptions(private, gated, home.settings.publish.timeout_s)


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


def picture_of(path: Path, page: Mapping[str, Any], rotation: int) -> Any:
    """A page of a file with its lines framed and numbered (an image of Pillow)."""
    from kobunko.ocr.picture import picture

    blob = Blob("file", "", "", "", path.read_bytes())
    return picture(blob, page["part_page"], page["lines"], rotation)
