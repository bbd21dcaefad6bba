"""How fast `release build` is beside a bare pyarrow write of the same rows, and how much memory it takes.

    python -m bench.release DOCUMENTSxCHARACTERS[xSPREAD]…

For each size it generates a home with that many invented documents as import and stages would leave it: four fifths in
one sorted part per stage, the rest in four nightly parts, a mask in every sixteenth text. The lengths of the texts are
log-normal around so many characters; a spread of 1.9 around 4,000 is that of laws, judgments and PDFs together. It
builds a release of it in a process of its own, reads the shards back and writes the same row groups again: those of
every config (`default` is all of them, no files of its own), and under `all tables` the provenance and the manifest,
with the options that each was written with. All that the command does is counted, from the first question to the
catalogue to the last hash and picture; the fold that finds duplicates is left out, because it is measured by itself.
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

from kobunko import ids, partfile, pipeline, tables
from kobunko.dedup.clusters import SCHEMA
from kobunko.home import Home, open_home
from kobunko.masking import Mask, masked
from kobunko.parts import GROUPS, part_path
from kobunko.publish import release
from kobunko.publish.manifest import OPTIONS
from kobunko.publish.shards import parquet_options
from kobunko.records import PageSpan, to_row
from kobunko.settings import load_settings
from kobunko.stage import OK, Stage

STEP = 5000
NIGHTS = 4
MASK = Mask(20, 33, "phone", "［電話番号］")
EVIDENCE = '[{"level":"E3","rule":"art13","phrase":"憲法その他の法令","url":"https://bench.example/"}]'


@dataclass(frozen=True)
class Texts:
    """Invented texts: pieces of one long soup of words, of log-normal lengths."""

    characters: int
    spread: float = 0.6

    def of(self, names: Sequence[str]) -> list[str]:
        chance = np.random.default_rng(len(names))
        lengths = np.maximum(chance.lognormal(np.log(self.characters), self.spread, len(names)), 40).astype(int)
        starts = chance.integers(0, len(_SOUP) - min(lengths.max(), len(_SOUP)) + 1, len(names))
        return [f"{name[-8:]}{_SOUP[a : a + n]}" for name, a, n in zip(names, starts.tolist(), lengths, strict=True)]


_WORDS = [f"{a}{b}" for a in "潮位観測台帳記載省令施行規則灯台塗色届出" for b in "はをにがのとも条項号第一二三、。"]
_SOUP = "".join(_WORDS[n] for n in np.random.default_rng(0).integers(0, len(_WORDS), 2_000_000))


def generate(folder: Path, count: int, texts: Texts) -> None:
    """A home as import and stages would leave it."""
    names = sorted(ids.doc_id("bench", str(number), "1") for number in range(count))
    night = np.random.default_rng(1).choice(NIGHTS + 1, count, p=[0.8, *[0.2 / NIGHTS] * NIGHTS])
    with open_home(load_settings(folder)) as home:
        for start in range(0, count, STEP):
            _add_documents(home, names[start : start + STEP])
        for number in range(NIGHTS + 1):
            _add_part(home, [names[place] for place in np.flatnonzero(night == number)], number, texts)


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
    """One part of every stage for documents, in as many files as a compaction would make of it."""
    for stage in pipeline.stages(home):
        if stage.name == "ocr":
            continue
        folder, some = home.settings.stages / stage.label, names[:STEP]
        folder.mkdir(parents=True, exist_ok=True)
        rows = partfile.group_rows(_rows(stage, some, texts.of(some)).nbytes, len(some))
        size = max(rows * GROUPS // STEP, 1) * STEP
        starts = range(0, len(names), size)
        for file, start in enumerate(starts):
            end = min(start + size, len(names))
            steps = (names[at : min(at + STEP, end)] for at in range(start, end, STEP))
            path = part_path(folder, number + 1, number + 1, file, len(starts))
            tables = (_rows(stage, some, texts.of(some)) for some in steps)
            partfile.write(path, stage.output_schema, tables, rows)


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
            hit = [name.endswith(("a", "b")) for name in names]
            known["masks"] = _lists([int(one) for one in hit], stage.output_schema.field("masks").type, to_row(MASK))
            clean = (masked(text, [MASK]) if one else None for text, one in zip(texts, hit, strict=True))
            known["masked_sha256"] = pa.array([text and ids.sha256_hex(text.encode()) for text in clean], pa.string())
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


def build(folder: Path) -> dict[str, Any]:
    """Builds the release and writes its tables again: seconds by the clock and of the processor, peaks in MB."""
    with open_home(load_settings(folder)) as home:
        corpus = pipeline.corpus(home)
        none = SCHEMA.empty_table()
        steps = {name: Watch(release, name) for name in ("plan", "_write_rows", "_papers")}
        before, whole = _peak(), Watch(release, "build")
        release.build(corpus, home.catalogue, home.settings, home.seeds, "bench", "open", lambda *_: none)
        made = home.settings.releases / "bench"
        found: dict[str, Any] = {"s": whole.s, "cpu_s": whole.cpu_s, "rss_before_mb": before, "rss_mb": _peak()}
        found["steps"] = {name.strip("_"): watch.cpu_s for name, watch in steps.items()}
    data, others = sorted(made.glob("data/*/*.parquet")), [*made.glob("provenance/*"), made / "manifest.parquet"]
    rows, rest = bare(data, folder), bare(others, folder)
    size, count = sum(map(_megabytes, data)), sum(pq.read_metadata(path).num_rows for path in data)
    return found | {"rows": rows, "rest": rest, "mb": size, "count": count}


class Watch:
    """A function of a module from now on, with the seconds that were spent in it."""

    def __init__(self, module: Any, name: str) -> None:
        self.s = self.cpu_s = 0.0
        self._function = getattr(module, name)
        setattr(module, name, self)

    def __call__(self, *args: Any, **options: Any) -> Any:
        clock, cpu = time.perf_counter(), time.process_time()
        try:
            return self._function(*args, **options)
        finally:
            self.s += time.perf_counter() - clock
            self.cpu_s += time.process_time() - cpu


def _peak() -> float:
    """Peak of resident memory in MB since the last call: `ru_maxrss` would be that of the parent."""
    told = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def bare(shards: Sequence[Path], target: Path) -> dict[str, float]:
    """Seconds that pyarrow takes to write the same row groups with the same options; reading them is not counted."""
    seconds = {"s": 0.0, "cpu_s": 0.0}
    for path in shards:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            options = OPTIONS if path.name == "manifest.parquet" else parquet_options(schema)
            out = pq.ParquetWriter(target / "bare.parquet", schema, **options)
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
    sizes = [int(metadata.row_group(number).total_byte_size) for number in range(metadata.num_row_groups)]
    return sum(sizes) / 1e6


def main(sizes: Sequence[str]) -> None:
    found: list[tuple[str, dict[str, Any]]] = []
    for size in sizes:
        count, characters, *spread = size.split("x")
        with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as name:
            generate(Path(name) / "home", int(count), Texts(int(characters), *map(float, spread)))
            told = f"{int(characters):,}" + "".join(f" ± {some}" for some in spread)
            found.append((told, measure(Path(name) / "home")))
    show([speed(characters, built) for characters, built in found])
    print()
    show([shares(characters, built) for characters, built in found])


def measure(folder: Path) -> dict[str, Any]:
    """Builds a release of a home in a process of its own."""
    asked = [sys.executable, "-m", "bench.release", "--build", str(folder)]
    done = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True)
    built: dict[str, Any] = json.loads(done.stdout)
    return built


def speed(characters: str, built: dict[str, Any]) -> dict[str, str]:
    count, size, rows = built["count"], built["mb"], built["rows"]
    tables = {unit: rows[unit] + built["rest"][unit] for unit in rows}
    return {
        "documents": f"{count:,}",
        "characters": characters,
        "MB of rows": f"{size:.0f}",
        "rows/s": f"{count / built['s']:,.0f}",
        "MB/s": f"{size / built['s']:.0f}",
        "pyarrow MB/s": f"{size / rows['s']:.0f}",
        "ratio": f"{rows['s'] / built['s']:.2f}",
        "of CPU": f"{rows['cpu_s'] / built['cpu_s']:.2f}",
        "all tables": f"{tables['s'] / built['s']:.2f}",
        "all of CPU": f"{tables['cpu_s'] / built['cpu_s']:.2f}",
        "peak MB": f"{built['rss_mb']:.0f}",
        "before": f"{built['rss_before_mb']:.0f}",
    }


def shares(characters: str, built: dict[str, Any]) -> dict[str, str]:
    """What the CPU seconds were spent for."""
    steps = built["steps"]
    return {
        "documents": f"{built['count']:,}",
        "characters": characters,
        "CPU s": f"{built['cpu_s']:.2f}",
        "manifest": f"{steps['plan']:.2f}",
        "shards and pictures": f"{steps['write_rows']:.2f}",
        "card and papers": f"{steps['papers']:.2f}",
        "hashes and the rest": f"{built['cpu_s'] - sum(steps.values()):.2f}",
        "pyarrow: rows": f"{built['rows']['cpu_s']:.2f}",
        "pyarrow: manifest and provenance": f"{built['rest']['cpu_s']:.2f}",
    }


def show(rows: Sequence[dict[str, str]]) -> None:
    """A Markdown table."""
    for line in (rows[0], ["---:"] * len(rows[0]), *(row.values() for row in rows)):
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--build", folder]:
            print(json.dumps(build(Path(folder))))
        case [_, *_]:
            main(sys.argv[1:])
        case _:
            sys.exit(__doc__)
