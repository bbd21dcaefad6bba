"""Deduplication: how well known edits are found, and whether real documents that only look alike are kept apart.

The curve is of invented documents with known edits, against the true Jaccard similarity of the pair:
`python -c "from bench.quality.dedup import plot; plot('docs/dedup-recall.png')"` draws it. The samples are clustered
together with 2,000 edited copies of them: laws (XML, JSON and HTML, several revisions), lists and their prints (where
LibreOffice is at hand), court decisions, standards of two years.
"""

import json
import random
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kobunko.dedup.bands import THRESHOLD, families
from kobunko.dedup.clusters import cluster
from kobunko.dedup.designations import law_in
from kobunko.dedup.keys import matching_keys
from kobunko.dedup.normalise import matching_key
from kobunko.dedup.signature import from_bytes, signatures
from kobunko.dedup.stage import Signature, SignatureInput, Signer
from kobunko.executors import Processes
from kobunko.pipeline import reading_stages
from kobunko.records import PageSpan, from_row
from kobunko.settings import OcrSettings
from kobunko.single import as_document, read_named

NEEDS_SAMPLES = True
PAIRS = 2000
MOST = {"characters": 0.06, "sentences": 0.9, "reflow": 0.4, "headers": 0.3}  # of a text that an edit of a kind changes
LARGEST = 400_000  # bytes of a list that is printed here
LISTS = "ministry/mhlw_clinic_lists"
PRINTS = "prints"
FORMS_OF = "334AC0000000121"  # the law of which the samples have XML of several revisions, and these:
FORMS = {
    "law_api/obsidian_fixture/law_data_tokkyoho.json": "https://laws.e-gov.go.jp/api/2/law_data/334AC0000000121",
    "law_html/obsidian_fixture/page.html": "https://laws.e-gov.go.jp/law/334AC0000000121",
}
KEY = ("doc_id", "input_sha256")
FLOORS: dict[str, tuple[str, float]] = {
    "recall of pairs at Jaccard 0.8 to 0.85": (">=", 0.9),
    "recall of pairs at Jaccard 0.85 and more": (">=", 0.98),
    "edited copies that kept their number in the cluster or the work of their original": (">=", 0.98),
    "edited copies elsewhere that name themselves as their original does": ("<=", 0.01),
    "precision of pairs that are joined": (">=", 1.0),
    "error of the estimate, of the theoretical one": ("<=", 1.1),
    "revisions of a law that were merged": ("==", 0),
    "revisions of a law that are linked": (">=", 1.0),
    "formats of a revision that share a cluster": (">=", 1.0),
    "works that the XML, JSON and HTML of one law are in": ("==", 1),
    "printed lists in the cluster of their XLSX": (">=", 1.0),
    "court decisions that were merged": ("==", 0),
    "examination standards that were merged": ("==", 0),
    "circulars to different sections that were merged": ("==", 0),
}


def shingles(key: str) -> set[str]:
    return {key[start : start + 5] for start in range(max(1, len(key) - 4))}


def edited(text: str, share: float, kind: str, chance: random.Random) -> str:
    """A text of which a share was changed: single characters (as OCR errs), sentences, or with page headers between."""
    letters = [chr(code) for code in range(0x4E00, 0x5000)]
    if kind == "characters":
        return "".join(chance.choice(letters) if chance.random() < share else one for one in text)
    if kind == "headers":
        header = "".join(chance.choices(letters, k=12))
        return "。".join(
            f"{one}\n{header}{number}頁\n" if chance.random() < share else one
            for number, one in enumerate(text.split("。"))
        )
    changed = [
        "".join(chance.choices(letters, k=len(one))) if chance.random() < share else one for one in text.split("。")
    ]
    return ("\n" if kind == "reflow" else "") + "。\n".join(changed)


def curve() -> list[tuple[float, float, bool]]:
    """`(true Jaccard, estimate, joined)` of pairs of a document and its edited copy."""
    chance = random.Random(7)
    letters = [chr(code) for code in (*range(0x3042, 0x3094), *range(0x4E00, 0x5600))]
    texts = []
    for number in range(PAIRS):
        sentences = [
            "".join(chance.choices(letters, k=chance.randrange(20, 50))) for _ in range(chance.randrange(10, 60))
        ]
        kind = tuple(MOST)[number % len(MOST)]
        share = chance.uniform(0, MOST[kind])
        texts += ["。".join(sentences), edited("。".join(sentences), share, kind, chance)]
    keys = matching_keys(pa.array(texts, pa.large_string()))
    matrix, sets = signatures(keys), [shingles(key) for key in keys.to_pylist()]
    found = []
    for first in range(0, 2 * PAIRS, 2):
        a, b = sets[first], sets[first + 1]
        real = len(a & b) / len(a | b)
        labels = families(matrix[first : first + 2], jaccard=lambda _one, _other, real=real: real)  # type: ignore[misc]
        found.append((real, float(np.mean(matrix[first] == matrix[first + 1])), bool(labels[1] == 0)))
    return found


def plot(path: str) -> None:
    """Draws how likely a pair is found by its true similarity. Needs matplotlib, which Kobunko does not."""
    from matplotlib import pyplot

    found, edges = curve(), np.linspace(0.5, 1, 21)
    places = np.digitize([real for real, _, _ in found], edges)
    shares = [[joined for (_, _, joined), at in zip(found, places, strict=True) if at == n] for n in range(1, 21)]
    figure, axes = pyplot.subplots(figsize=(6, 3.2), dpi=90)
    axes.plot(
        (edges[:-1] + edges[1:]) / 2,
        [float(np.mean(one)) if one else np.nan for one in shares],
        marker="o",
        label="measured",
    )
    fine = np.linspace(0.5, 1, 200)
    axes.plot(fine, 1 - (1 - fine**8) ** 16, linestyle=":", label="shares a band (16 × 8)")
    axes.axvline(THRESHOLD, color="grey", linewidth=0.8)
    axes.set(xlabel="true Jaccard similarity", ylabel="pairs in one family", ylim=(-0.03, 1.03))
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def measure(samples: Path) -> dict[str, float]:
    return _curve_figures() | _real_figures(samples)


def _curve_figures() -> dict[str, float]:
    found = curve()
    close = [joined for real, _, joined in found if THRESHOLD <= real < 0.85]
    closer = [joined for real, _, joined in found if real >= 0.85]
    joined = [real >= THRESHOLD for real, _, together in found if together]
    errors = [(estimate - real) ** 2 for real, estimate, _ in found]
    theory = [real * (1 - real) / 128 for real, _, _ in found]
    return {
        "recall of pairs at Jaccard 0.8 to 0.85": float(np.mean(close)),
        "recall of pairs at Jaccard 0.85 and more": float(np.mean(closer)),
        "precision of pairs that are joined": float(np.mean(joined)),
        "error of the estimate, of the theoretical one": float(np.sqrt(np.mean(errors) / np.mean(theory))),
    }


def _read(samples: Path, prints: Path) -> list[dict[str, Any]]:
    """Facts of the samples that hold text of their own, and of `prints`: PDFs printed from the lists among them."""
    rows = [json.loads(line) for line in (samples / "import.jsonl").read_text().splitlines()]
    rows += [{"path": path, "source": "egov_laws", "url": url} for path, url in FORMS.items()]
    named = {samples / row["path"]: row for row in rows} | {
        path: {"path": f"{PRINTS}/{path.name}", "source": "mhlw"} for path in sorted(prints.glob("*.pdf"))
    }
    tables = [as_document(path, source=row["source"], url=row.get("url") or "") for path, row in named.items()]
    by_id = {table["doc_id"][0].as_py(): row for table, row in zip(tables, named.values(), strict=True)}
    found = []
    for row in _texts(tables):
        known = by_id[row["doc_id"]]
        signature = Signer().many([SignatureInput(row["text"], row["pages"])])[0]
        if isinstance(signature, Signature):
            facts = {"source": known["source"], "source_key": known["path"], "url": known.get("url") or ""}
            found.append(asdict(signature) | facts | row)
    return found


def _texts(tables: list[pa.Table]) -> Iterator[dict[str, Any]]:
    """`doc_id`, `text` and `pages` of documents; what is in images only is not read."""
    extract, ocr, text = reading_stages(OcrSettings())
    nothing = {f"ocr.{item.name}": pa.nulls(1, item.type) for item in ocr.output_schema if item.name not in KEY}
    before = {table["doc_id"][0].as_py(): table for table in tables}
    with closing(Processes(read_named, workers=1)) as compute:
        read = []
        for output in compute.map(extract, tables):
            table = before[output["doc_id"][0].as_py()]
            columns = {f"extract.{name}": output[name] for name in output.column_names if name not in KEY}
            if output["outcome"][0].as_py() == "ok":
                read.append(pa.table({name: table[name] for name in table.column_names} | columns | nothing))
        for output in compute.map(text, read):
            row = output.to_pylist()[0]
            if row["outcome"] == "ok":
                pages = [from_row(PageSpan, page) for page in row["pages"]]
                yield {"doc_id": row["doc_id"], "text": row["text"], "pages": pages}


def _print(samples: Path, folder: Path) -> None:
    """Prints the lists among the samples, where LibreOffice is at hand."""
    lists = sorted(path for path in (samples / LISTS).glob("*.xlsx") if path.stat().st_size <= LARGEST)
    if office := shutil.which("soffice"):
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [office, "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder), *map(str, lists)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _variants(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Edited copies of documents, that say nothing of where they come from: as many as there are pairs in the curve."""
    usable = [facts for facts in documents if 1000 < len(facts["text"]) < 40_000]
    for number in range(PAIRS):
        facts = usable[number % len(usable)]
        chance = random.Random(f"{facts['source_key']} {number}")  # what is done to one does not hang on the others
        kind = tuple(MOST)[number // len(usable) % len(MOST)]
        share = chance.uniform(0, 0.6 * MOST[kind])
        text = edited(facts["text"], share, kind, chance)
        signature = asdict(Signer()(SignatureInput(text, [])))
        original = shingles(matching_key(facts["text"], facts["pages"]))
        mine = shingles(matching_key(text))
        real = len(original & mine) / len(original | mine)
        yield signature | {"doc_id": f"~{number:05}", "of": facts["doc_id"], "real": real}


def _real_figures(samples: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        _print(samples, Path(folder))
        documents = _read(samples, Path(folder))
    variants = list(_variants(documents))
    facts = [{name: value for name, value in known.items() if name != "pages"} for known in (*documents, *variants)]
    ids, keys = [known["doc_id"] for known in facts], [known["key_sha256"] for known in facts]
    table = cluster(ids, keys, from_bytes([known["minhash"] for known in facts]), facts=facts)
    rows = {row["doc_id"]: row for row in table.to_pylist()}
    own = [{**known, **rows[known["doc_id"]]} for known in documents]
    return {
        "documents": float(len(documents)),
        "edited copies": float(len(variants)),
        **_copy_figures(
            [{**known, **rows[known["doc_id"]]} for known in variants], {row["doc_id"]: row for row in own}
        ),
        **_law_figures(own),
        **_form_figures(own),
        **_merged_figures(own),
    }


def _copy_figures(copies: list[dict[str, Any]], originals: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Where edited copies at Jaccard 0.85 and more went. One of a law, that does not say of which revision it is, is
    linked through the work; one in which the number of the law or the case was changed is something else."""
    pairs = [(row, originals[row["of"]]) for row in copies if row["real"] >= 0.85]
    clustered = [one["cluster_id"] == other["cluster_id"] for one, other in pairs]
    linked = [one["work_cluster"] == other["work_cluster"] for one, other in pairs]
    named = [one["designations"] == other["designations"] for one, other in pairs]
    lost = [same and not at_home for same, at_home in zip(named, linked, strict=True)]
    return {
        "edited copies in the cluster of their original": float(np.mean(clustered)),
        "edited copies in the cluster or the work of their original": float(np.mean(linked)),
        "edited copies that kept their number in the cluster or the work of their original": float(
            np.mean(np.array(linked)[named])
        ),
        "edited copies elsewhere that name themselves as their original does": float(np.mean(lost)),
    }


def _law_figures(own: list[dict[str, Any]]) -> dict[str, float]:
    clusters: dict[str, set[str]] = defaultdict(set)
    revisions: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in own:
        law, revision = law_in(row["url"], row["source_key"])
        if revision:
            clusters[row["cluster_id"]].add(law + revision)
            revisions[law][revision].append(row)
    later = [row for found in revisions.values() for revision in sorted(found)[1:] for row in found[revision]]
    formats = [same for found in revisions.values() for same in found.values() if len(same) > 1]
    one_cluster = [len({row["cluster_id"] for row in same}) == 1 for same in formats]
    return {
        "revisions of a law that were merged": float(sum(len(found) > 1 for found in clusters.values())),
        "revisions of a law that are linked": float(np.mean([bool(row["supersedes"]) for row in later])),
        "formats of a revision that share a cluster": float(np.mean(one_cluster)),
    }


def _form_figures(own: list[dict[str, Any]]) -> dict[str, float]:
    """The law of which there are XML, JSON and HTML, and lists beside their prints."""
    forms = {row["work_cluster"] for row in own if row["source_key"] in FORMS or FORMS_OF in row["source_key"]}
    found = {"works that the XML, JSON and HTML of one law are in": float(len(forms))}
    lists = {Path(row["source_key"]).stem: row["cluster_id"] for row in own if row["source_key"].startswith(LISTS)}
    prints = {Path(row["source_key"]).stem: row["cluster_id"] for row in own if row["source_key"].startswith(PRINTS)}
    if prints:
        same = [lists[name] == cluster_id for name, cluster_id in prints.items()]
        found["printed lists in the cluster of their XLSX"] = float(np.mean(same))
    return found


def _merged_figures(own: list[dict[str, Any]]) -> dict[str, float]:
    """Documents that only look alike: court decisions, standards of two years with their comparison, circulars."""
    sizes = Counter(row["cluster_id"] for row in own)
    apart = {
        "court decisions that were merged": "courts/",
        "examination standards that were merged": "ministry/mhlw_mext_dental_standards/",
        "circulars to different sections that were merged": "ministry/nta_html/",
    }
    return {
        figure: float(sum(sizes[row["cluster_id"]] > 1 for row in own if row["source_key"].startswith(folder)))
        for figure, folder in apart.items()
    }
