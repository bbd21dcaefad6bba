"""How fast `release build` is beside a bare pyarrow write of the same rows, and how much memory it takes.

    python -m bench.release DOCUMENTS [CHARACTERS]

Generates a home with that many invented documents (of so many characters on average; 8,000 if not said) as import and
stages would leave it: four fifths in one sorted part per stage, the rest in four nightly parts, a mask in every
twentieth text. Builds a release of it in a process of its own, reads its shards back and writes the same tables with
the same options. The fold that finds duplicates is left out: it is measured by itself.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from kobunko import ids, pipeline, tables
from kobunko.dedup.clusters import SCHEMA
from kobunko.home import Home, open_home
from kobunko.publish import release
from kobunko.publish.rows import Row
from kobunko.publish.shards import parquet_options
from kobunko.records import PageSpan, arrow_schema, to_row
from kobunko.settings import load_settings
from kobunko.sidecar import group_rows
from kobunko.stage import OK, Stage

STEP = 5000
NIGHTS = 4
MASK = {"start": 20, "end": 33, "kind": "phone", "replacement": "［電話番号］"}
EVIDENCE = '[{"level":"E3","rule":"art13","phrase":"憲法その他の法令","url":"https://bench.example/"}]'


@dataclass(frozen=True)
class Texts:
    """Invented texts: pieces of one long soup of words, of log-normal lengths."""

    characters: int

    def of(self, names: Sequence[str]) -> list[str]:
        chance = np.random.default_rng(len(names))
        lengths = np.maximum(chance.lognormal(np.log(self.characters), 0.6, len(names)), 40).astype(int)
        starts = chance.integers(0, len(_SOUP) - min(lengths.max(), len(_SOUP)) + 1, len(names))
        return [f"{name[-8:]}{_SOUP[a : a + n]}" for name, a, n in zip(names, starts.tolist(), lengths, strict=True)]


_WORDS = [f"{a}{b}" for a in "潮位観測台帳記載省令施行規則灯台塗色届出" for b in "はをにがのとも条項号第一二三、。"]
_SOUP = "".join(_WORDS[n] for n in np.random.default_rng(0).integers(0, len(_WORDS), 2_000_000))


def generate(folder: Path, count: int, characters: int) -> None:
    """A home as import and stages would leave it."""
    names = sorted(ids.doc_id("bench", str(number), "1") for number in range(count))
    night = np.random.default_rng(1).choice(NIGHTS + 1, count, p=[0.8, *[0.2 / NIGHTS] * NIGHTS])
    with open_home(load_settings(folder)) as home:
        for start in range(0, count, STEP):
            _add_documents(home, names[start : start + STEP])
        for number in range(NIGHTS + 1):
            _add_part(home, [names[place] for place in np.flatnonzero(night == number)], number, Texts(characters))


def _inputs(names: Sequence[str]) -> list[str]:
    return [ids.sha256_hex(name.encode()) for name in names]


def _add_documents(home: Home, names: Sequence[str]) -> None:
    same: dict[str, Any] = {"source": "bench", "source_version": "1", "run_id": "bench", "published": None}
    same |= {"linked_from": "", "anchor_text": "", "metadata": "{}"}
    file: dict[str, Any] = {"position": 0, "role": "file", "media_type": "text/html", "size": 9000}
    file |= {"warc_file": "bench-1.warc.gz", "warc_offset": 0, "fetched_at": None}
    documents, parts = [], []
    for name, sha256 in zip(names, _inputs(names), strict=True):
        url = f"https://bench.example/{name}"
        parts.append(file | {"doc_id": name, "url": url, "sha256": sha256, "capture_id": f"urn:uuid:{name}"})
        own = {"doc_id": name, "work_id": name, "source_key": name, "input_sha256": sha256}
        documents.append(same | own | {"url": url, "url_key": url, "title": name})
    with home.catalogue.transaction() as connection:
        connection.execute(sa.insert(tables.documents), documents)
        connection.execute(sa.insert(tables.parts), parts)


def _add_part(home: Home, names: Sequence[str], number: int, texts: Texts) -> None:
    """One part of every stage for documents."""
    for stage in pipeline.stages(home):
        if stage.name == "ocr":
            continue
        path = home.settings.stages / stage.label / f"part-{number + 1:08d}-{number + 1:08d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, stage.output_schema, compression="zstd") as writer:
            for start in range(0, len(names), STEP):
                some = names[start : start + STEP]
                rows = _rows(stage, some, texts.of(some))
                writer.write_table(rows, row_group_size=group_rows(rows.nbytes, len(some)))


def _rows(stage: Stage[Any, Any], names: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """What a stage would have written; a string that nothing is said of is empty, a number 0, a list an empty one."""
    count, lengths = len(names), pa.array([len(text) for text in texts])
    known: dict[str, Any] = {"doc_id": pa.array(names), "input_sha256": pa.array(_inputs(names))}
    told: dict[str, Any] = {"outcome": OK, "stage": stage.label}
    match stage.name:
        case "text":
            told |= {"structure": "{}", "language": "ja", "quality": '{"hits":{},"score":1.0}'}
            known |= {"text": pa.array(texts), "title": known["doc_id"], "characters": lengths, "tokens": lengths}
            known["sha256"] = pa.array([ids.sha256_hex(text.encode()) for text in texts])
            span = to_row(PageSpan(1, 0, 0, "embedded", "", None, "horizontal", 0, 1))
            known["pages"] = _lists([1] * count, stage.output_schema.field("pages").type, span, end=lengths)
        case "signature":
            noise = pa.py_buffer(np.random.default_rng(count).bytes(512 * count))
            known["minhash"] = pa.Array.from_buffers(pa.binary(512), count, [None, noise]).cast(pa.binary())
        case "tokens":
            known["tekken"] = lengths
        case "privacy":
            told |= {"action": "keep", "counts": "{}"}
            masked = [int(name.endswith(("a", "b"))) for name in names]
            known["masks"] = _lists(masked, stage.output_schema.field("masks").type, MASK)
        case "third_party":
            told |= {"effect": "none", "spans": "[]"}
        case "licence":
            told |= {"license": "LicenseRef-JP-NoRight-Art13", "evidence_level": "E3", "evidence": EVIDENCE}
            told |= {"redistribute": "allow", "train": "allow", "opt_out": "[]", "attribution": "出典：台帳省"}
    columns = (
        known.get(field.name, _constant(told.get(field.name), field.type, count)) for field in stage.output_schema
    )
    return pa.table(list(columns), schema=stage.output_schema)


def _constant(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    if value is None and kind != pa.float64():
        value = [] if pa.types.is_list(kind) else "" if kind == pa.string() else b"" if kind == pa.binary() else 0
    return pa.repeat(pa.scalar(value, kind), count)


def _lists(lengths: Sequence[int], kind: pa.ListType, value: dict[str, Any], **columns: pa.Array) -> pa.Array:
    """Lists of so many structs that are all the same but for some columns."""
    fields, total = list(kind.value_type), sum(lengths)
    arrays = [columns.get(field.name, pa.repeat(pa.scalar(value[field.name], field.type), total)) for field in fields]
    offsets = pa.array(np.cumsum([0, *lengths]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, fields=fields), type=kind)


def build(folder: Path) -> dict[str, float]:
    """Builds the release; seconds by the clock and of the processor, and the peak of memory in MB."""
    with open_home(load_settings(folder)) as home:
        corpus = pipeline.corpus(home)
        none = SCHEMA.empty_table()
        clock, cpu, before = time.perf_counter(), time.process_time(), _peak()
        release.build(corpus, home.catalogue, home.settings, home.seeds, "bench", "open", lambda *_: none)
        seconds = {"s": time.perf_counter() - clock, "cpu_s": time.process_time() - cpu}
        return seconds | {"rss_before_mb": before, "rss_mb": _peak()}


def _peak() -> float:
    """Peak of resident memory in MB since the last call: `ru_maxrss` would be that of the parent."""
    told = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def bare(shards: Sequence[Path], target: Path) -> dict[str, float]:
    """Seconds that pyarrow takes to write the same row groups with the same options; reading them is not counted."""
    seconds = {"s": 0.0, "cpu_s": 0.0}
    schema = arrow_schema(Row)
    for number, path in enumerate(shards):
        with pq.ParquetFile(path) as file:
            out = pq.ParquetWriter(target / f"{number}.parquet", schema, **parquet_options(schema))
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                clock, cpu = time.perf_counter(), time.process_time()
                out.write_table(table, row_group_size=table.num_rows)
                seconds["s"] += time.perf_counter() - clock
                seconds["cpu_s"] += time.process_time() - cpu
            out.close()
    return seconds


def _megabytes(path: Path) -> float:
    """Size of the rows of a shard before compression."""
    metadata = pq.read_metadata(path)
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)) / 1e6


def main(count: int, characters: int) -> None:
    with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as name:
        folder = Path(name) / "home"
        generate(folder, count, characters)
        measure(folder)


def measure(folder: Path) -> None:
    """Builds a release of a home and prints a row of figures."""
    asked = [sys.executable, "-m", "bench.release", "--build", str(folder)]
    built = json.loads(subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout)
    shards = sorted((folder / "releases" / "bench" / "data").rglob("*.parquet"))
    size, count = sum(map(_megabytes, shards)), sum(pq.read_metadata(path).num_rows for path in shards)
    plain = bare(shards, folder)
    names = ["documents", "MB of rows", "rows/s", "MB/s", "pyarrow MB/s", "ratio", "ratio of CPU", "RSS MB", "before"]
    cells = [f"{count:,}", f"{size:.0f}", f"{count / built['s']:.0f}", f"{size / built['s']:.0f}"]
    cells += [f"{size / plain['s']:.0f}", *(f"{plain[unit] / built[unit]:.2f}" for unit in ("s", "cpu_s"))]
    cells += [f"{built[name]:.0f}" for name in ("rss_mb", "rss_before_mb")]
    for line in (names, ["---:"] * len(names), cells):
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--build", folder]:
            print(json.dumps(build(Path(folder))))
        case [count, *more]:
            main(int(count), int(*more or [8000]))
        case _:
            sys.exit(__doc__)
