"""How fast `release build` is beside a bare pyarrow write of the same rows, and how much memory it takes.

    python bench/release.py DOCUMENTS [CHARACTERS]

Generates a home with that many invented documents (of so many characters on average; 8,000 if not said), builds a
release of it in a process of its own, reads its shards back and writes the same tables with the same options. The fold
that finds duplicates is left out: it is measured by itself.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kobunko import ids, pipeline
from kobunko.catalogue import Catalogue
from kobunko.home import open_home
from kobunko.publish import release
from kobunko.publish.rows import Row
from kobunko.publish.shards import parquet_options
from kobunko.records import Document, PageSpan, Part, arrow_schema, to_row
from kobunko.settings import load_settings
from kobunko.sidecar import SideCar
from kobunko.stage import OK

STEP = 2000
CLUSTERS = pa.schema([("doc_id", pa.string()), ("cluster_id", pa.string()), ("cluster_size", pa.int64())])


def generate(folder: Path, count: int, characters: int) -> None:
    """A home as import and stages would leave it."""
    chance = np.random.default_rng(0)
    words = [f"{a}{b}" for a in "潮位観測台帳記載省令施行規則灯台塗色届出" for b in "はをにがのとも条項号第一二三、。"]
    soup = "".join(words[n] for n in chance.integers(0, len(words), 4_000_000))
    with open_home(load_settings(folder)) as home:
        stages = {stage.name: SideCar(home.settings.stages, stage) for stage in pipeline.stages(home)}
        names = sorted(ids.doc_id("bench", str(number), "1") for number in range(count))
        for start in range(0, count, STEP):
            some = names[start : start + STEP]
            _add(home.catalogue, stages, some, soup, chance, characters)


def _add(
    catalogue: Catalogue,
    stages: dict[str, SideCar],
    names: list[str],
    soup: str,
    chance: np.random.Generator,
    characters: int,
) -> None:
    documents, rows = [], {name: [] for name in stages}
    for name in names:
        length = int(chance.lognormal(np.log(characters), 0.6))
        begin = int(chance.integers(0, len(soup) // 2))
        text = (soup[begin:] * (length // len(soup) + 2))[:length]
        part = Part(
            "file",
            f"https://bench.example/{name}",
            "text/html",
            ids.sha256_hex(name.encode()),
            length,
            name,
            "b.warc.gz",
            0,
            None,
        )
        document = Document(
            name,
            name,
            "bench",
            name,
            "1",
            ids.input_sha256([("file", part.sha256)]),
            part.url,
            name,
            None,
            "",
            "",
            "{}",
            [part],
        )
        documents.append(document)
        span = PageSpan(1, 0, length, "embedded", "markup", None, "horizontal", 0, 1)
        written = {
            "extract": {"title": name, "format": "html", "metadata": "{}", "pages": [], "ocr_pages": 0},
            "text": {
                "text": text,
                "title": name,
                "pages": [to_row(span)],
                "sha256": ids.sha256_hex(text.encode()),
                "characters": length,
                "tokens": length // 2,
                "unread_pages": 0,
            },
            "tokens": {"tekken": length},
            "licence": {
                "license": "LicenseRef-JP-NoRight-Art13",
                "rights_basis": "no-right(Art13)",
                "evidence_level": "E3",
                "evidence": "[]",
                "redistribute": "allow",
                "train": "allow",
                "attribution": f"出典：{name}",
                "note": "",
            },
        }
        key = {"doc_id": name, "input_sha256": document.input_sha256, "outcome": OK, "detail": ""}
        for stage, found in written.items():
            rows[stage].append(key | found | {"stage": stages[stage].stage.label})
    with catalogue.transaction() as connection:
        catalogue.add_documents(connection, "bench", documents)
    for stage, found in rows.items():
        if found:
            stages[stage].append(pa.Table.from_pylist(found, schema=stages[stage].stage.output_schema))


def build(folder: Path) -> dict[str, float]:
    """Builds the release; seconds, and the peak of memory in MB before and after."""
    with open_home(load_settings(folder)) as home:
        corpus = pipeline.corpus(home)
        began, before = time.process_time(), _peak()
        none = CLUSTERS.empty_table()
        release.build(corpus, home.catalogue, home.settings, home.seeds, "bench", "open", lambda *_: none)
        return {"cpu_s": time.process_time() - began, "rss_before_mb": before, "rss_mb": _peak()}


def _peak() -> float:
    """Peak of resident memory in MB since the last call: `ru_maxrss` would be that of the parent."""
    told = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def bare(shards: list[Path], target: Path) -> float:
    """CPU seconds that pyarrow takes to write the same row groups with the same options."""
    seconds = 0.0
    schema = arrow_schema(Row)
    for number, path in enumerate(shards):
        with (
            pq.ParquetFile(path) as file,
            pq.ParquetWriter(target / f"{number}.parquet", schema, **parquet_options(schema)) as out,
        ):
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                began = time.process_time()
                out.write_table(table, row_group_size=table.num_rows)
                seconds += time.process_time() - began
            began = time.process_time()
        seconds += time.process_time() - began
    return seconds


def main(count: int, characters: int) -> None:
    with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as name:
        folder = Path(name) / "home"
        generate(folder, count, characters)
        asked = [sys.executable, str(Path(__file__).absolute()), "--build", str(folder)]
        built = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
        shards = sorted((folder / "releases" / "bench" / "data").rglob("*.parquet"))
        megabytes = (
            sum(
                pq.ParquetFile(path).metadata.row_group(g).total_byte_size
                for path in shards
                for g in range(pq.ParquetFile(path).metadata.num_row_groups)
            )
            / 1e6
        )
        seconds = bare(shards, Path(name))
        print(
            "| documents | MB of rows | build rows/s | build MB/s | pyarrow MB/s | ratio | peak RSS MB | before build |"
        )
        print("|---:|---:|---:|---:|---:|---:|---:|---:|")
        cells = [f"{count:,}", f"{megabytes:.0f}", f"{count / built['cpu_s']:.0f}", f"{megabytes / built['cpu_s']:.1f}"]
        cells += [f"{megabytes / seconds:.1f}", f"{seconds / built['cpu_s']:.2f}"]
        print("|", " | ".join([*cells, f"{built['rss_mb']:.0f}", f"{built['rss_before_mb']:.0f}"]), "|")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--build", folder]:
            print(json.dumps(build(Path(folder))))
        case [count, *more]:
            main(int(count), int(*more or [8000]))
        case _:
            sys.exit(__doc__)
