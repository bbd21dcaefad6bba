"""The whole pipeline on one screen: crawl or import → stages → folds → release → publish.

This module and the command line are the only parts of the core that know the stage folders. What only one step needs
is imported in that step, because loading everything takes seconds.
"""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq

from kobunko import depot, removals
from kobunko.corpus import Corpus
from kobunko.dedup.stage import signature_stage
from kobunko.engine import executor
from kobunko.errors import UsageError
from kobunko.executors import reader
from kobunko.extract.assemble import text_stage
from kobunko.extract.stage import EXTRACT
from kobunko.home import Home
from kobunko.ids import sha256_hex
from kobunko.licensing import terms
from kobunko.licensing.privacy import privacy_stage
from kobunko.licensing.stage import licence_stage
from kobunko.licensing.third_party import third_party_stage
from kobunko.licensing.withdrawn import withdrawn_stage
from kobunko.ocr.hocr import hocr as hocr
from kobunko.ocr.stage import ocr_stage
from kobunko.ocr.view import VIEW as VIEW
from kobunko.publish.result import Gated, PublishOptions, PublishResult, quiet
from kobunko.publish.result import Progress as BytesDone
from kobunko.publish.rows import Profile as Profile
from kobunko.publish.tokens import tokens_stage
from kobunko.rebuild import Listed
from kobunko.running import Progress, StageSummary, run_shared, run_stages
from kobunko.seed import Seed
from kobunko.settings import OcrSettings
from kobunko.sidecar import prune
from kobunko.stage import Stage
from kobunko.turns import Turns

if TYPE_CHECKING:
    from kobunko.dedup.duplicates import Duplicates
    from kobunko.publish.release import ReleaseInfo


def stages(home: Home) -> tuple[Stage[Any, Any], ...]:
    """Every step from raw bytes to a row, in order. What a step reads from is in its `after`."""
    extract, ocr, text = reading_stages(home.settings.ocr)
    signature = signature_stage((text,), home.settings.dedup.shingles, home.settings.dedup.benchmarks)
    privacy = privacy_stage(after=(text,))
    publishers = {name: seed.publisher for name, seed in home.seeds.items()}
    third_party = third_party_stage(after=(text,), publishers=publishers)
    licence = licence_stage(**rights_facts(home), signals=terms.opt_outs_digest(home.catalogue))
    withdrawn = [withdrawn_stage((text,), found)] if (found := removals.passages(home.catalogue)) else []
    return extract, ocr, text, tokens_stage(after=(text,)), signature, privacy, third_party, *withdrawn, licence


def rights_facts(home: Home) -> dict[str, Any]:
    """What the licence of a document is judged by: seeds, captured terms, decisions of people, opt-out files."""
    starts = [url for seed in home.seeds.values() for url in (seed.homepage, *seed.crawl.start)]
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, starts)}
    return {
        "seeds": home.seeds,
        "terms": terms.captured_terms(home.seeds, home.catalogue),
        "processor": home.settings.release.processor,
        "reviews": terms.reviews(home.catalogue),
        "statutes": terms.captured_statutes(home.catalogue, home.settings.raw),
        "files": terms.opt_out_files(origins, home.catalogue, home.settings.raw),
    }


def reading_stages(settings: OcrSettings) -> tuple[Stage[Any, Any], ...]:
    """From the bytes of one document to its text."""
    ocr = ocr_stage((EXTRACT,), settings)
    return EXTRACT, ocr, text_stage(after=(EXTRACT, ocr))


def corpus(home: Home, ids: Sequence[str] | None = None) -> Corpus:
    depot.fetch(home.settings.stages)
    return Corpus(home.catalogue, home.settings.stages, stages(home), ids)


def crawl(
    home: Home,
    run_id: str,
    seeds: Sequence[Seed],
    *,
    limit: int = 0,
    replay: Sequence[Path] = (),
    on_progress: Callable[[str, Mapping[str, int], Mapping[str, int]], None] | None = None,
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
    turns: Turns | None = None,
) -> dict[str, StageSummary]:
    """Brings every document through the stages (or the named ones), doing only what has no row yet.

    With `turns` that are shared, other hosts of the same installation do the same beside it.
    """
    settings = home.settings
    everything = corpus(home)
    wanted = names or list(everything.stages)
    with executor(settings.run, reader(settings)) as engine:
        if turns is not None and turns.shared:
            return run_shared(everything, wanted, engine, settings.run, turns, progress, deadline)
        return run_stages(everything, wanted, engine, settings.run, progress, deadline)


def prune_stages(home: Home) -> list[Path]:
    """Removes side-cars that no stage of today's pipeline would read."""
    return list(prune(home.settings.stages, stages(home)))


def build_release(home: Home, version: str, profile: Profile, sources: Collection[str] = ()) -> "ReleaseInfo":
    """Folds the corpus into a release: duplicate clusters, manifest, shards, card."""
    from kobunko.publish import release

    everything = corpus(home)
    if "withdrawn" in everything.stages and (left := len(everything.pending("withdrawn"))):
        raise UsageError(f"{left} texts were not searched for removed passages yet: `kobunko run` does it.")
    cluster = duplicates(home, everything)
    return release.build(everything, home.catalogue, home.settings, home.seeds, version, profile, cluster, sources)


def duplicates(home: Home, everything: Corpus) -> "Duplicates":
    """What finds the duplicates in a corpus. It writes to the index: hold the home's lock."""
    from kobunko.dedup.duplicates import Duplicates

    return Duplicates(everything, home.settings.duplicates)


def is_current(home: Home, version: str) -> bool:
    """Whether a release was made from the documents that are here now, by the stages of now."""
    folder = home.settings.releases / version
    if not folder.is_dir():
        return False
    listed = pq.read_table(folder / "manifest.parquet", columns=["doc_id", "input_sha256"]).to_pylist()
    made_by = json.loads((folder / "manifest.json").read_bytes())["stages"]
    now = [stage.label for stage in stages(home)]
    withheld = home.catalogue.withheld()
    here = [row for row in corpus(home).inputs.to_pylist() if row["doc_id"] not in withheld]
    return bool(made_by == now and listed == here)


def listed_releases(home: Home) -> Iterator[Listed]:
    """The releases that are in this home's folder or depot, oldest first, as a lost catalogue gets them back."""
    from kobunko.publish import provenance

    depot.fetch(home.settings.releases)
    for version, manifest in provenance.manifests(home.settings.releases).items():
        folder = home.settings.releases / version
        digest = sha256_hex((folder / "manifest.json").read_bytes())
        documents, removed = provenance.documents_of(folder), provenance.removed_from(folder)
        yield Listed(version, manifest["profile"], digest, documents, manifest["documents"], removed)


def verify_release(home: Home, version: str) -> list[str]:
    """Problems of a release; none means that every byte and every promise holds."""
    from kobunko.publish import verify

    return verify.verify(home.settings.releases / version, home.catalogue.removed())


def damaged_files(home: Home, version: str) -> list[str]:
    """Files of a release that are missing, strange or not as they were written, one line each."""
    from kobunko.publish import verify

    return list(verify.damaged_files(home.settings.releases / version))


def publish(
    home: Home, version: str, to: str, private: bool = False, gated: Gated | None = None, progress: BytesDone = quiet
) -> PublishResult:
    from kobunko.publish import destination

    options = PublishOptions(private, gated, home.settings.publish.timeout_s)
    return destination.publish(home.settings.releases / version, to, home.settings.publishing, options, progress)
