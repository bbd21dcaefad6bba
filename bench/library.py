"""A home full of generated documents, as batches would leave it, for measuring what a service does with it.

Captures in WARC files, the catalogue, side-cars of every stage (one compacted part, and a part for each of ten nights
after it) and two releases, of which the second has the nights' documents too. Texts are invented: words of a made-up
vocabulary with the frequencies of a natural one. The raw bytes of documents are 1,000 records that they share.
"""

import json
import random
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from kobunko import durable, partfile, pipeline
from kobunko.document import document, part
from kobunko.home import Home
from kobunko.ids import sha256_hex
from kobunko.parts import parts_of
from kobunko.publish.manifest import Entry
from kobunko.publish.rows import Row
from kobunko.publish.shards import partition, places, row_groups, shard_name, sizes_of, write_shard
from kobunko.records import Capture, PageSpan, arrow_schema, to_row
from kobunko.sidecar import SideCar
from kobunko.warc import WarcWriter

NEW = 1000  # documents of the nights after the compaction
_NIGHTS = 10
_RECORDS = 1000
_STEP = 20_000
_SOURCE = "generated"
_REJECTING = ("extract", "text")
_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
SYLLABLES = (
    "法令公文書保存期間大臣届出審査基準告示申請交付地域支援計画報告事業者施設医療福祉"
    "教育環境農林水産国土交通財政税金融労働安全衛生防災統計"
)
_KANA = ["の", "を", "に", "は", "が", "と", "する", "した", "により", "及び", "。", "、", "こと", "もの", "について"]


class Texts:
    """The text of each document, made from its id whenever it is asked for."""

    def __init__(self, characters: int) -> None:
        self._count = characters // 4
        chosen = random.Random(0)
        self._words = ["".join(chosen.choices(SYLLABLES, k=chosen.randint(2, 4))) for _ in range(40_000)]
        weights = 1 / np.arange(1, len(self._words) + 1)
        self._cumulative = np.cumsum(weights / weights.sum())

    def of(self, doc_id: str) -> str:
        chosen = np.random.default_rng(int.from_bytes(doc_id[-12:].encode()))
        words = np.searchsorted(self._cumulative, chosen.random(self._count))
        kana = chosen.integers(len(_KANA), size=self._count)
        return f"{doc_id}。" + "".join(
            self._words[word % len(self._words)] + _KANA[sign] for word, sign in zip(words, kana, strict=True)
        )


def late(ids: Sequence[str]) -> list[str]:
    """The documents of the ten nights, in the order in which they came."""
    return random.Random(3).sample(ids, NEW)


def fill(home: Home, count: int) -> None:
    """The raw store and the catalogue."""
    places = _records(home)
    for begin in range(0, count, _STEP):
        captures, documents = [], []
        for number in range(begin, min(begin + _STEP, count)):
            body, name, offset = places[number % _RECORDS]
            url = f"https://www.example.jp/{number}.html"
            told: dict[str, Any] = {"sha256": sha256_hex(body), "size": len(body), "fetched_at": _MOMENT}
            place: dict[str, Any] = {"warc_file": name, "warc_offset": offset, "record_type": "response", "status": 200}
            capture = Capture(
                capture_id=f"urn:x:{number}", source=_SOURCE, url=url, media_type="text/html", **told, **place
            )
            captures.append((number + 1, capture))
            parts = [part("page", capture)]
            documents.append(document(_SOURCE, str(number), "1", parts, url=url, title=f"文書{number}"))
        with home.catalogue.transaction() as connection:
            home.catalogue.add_captures(connection, "bench", captures)
            home.catalogue.add_documents(connection, "bench", documents)


def read(home: Home) -> None:
    """The side-cars, those that are there left alone; what stages wrote is made up but has its real shape."""
    inputs = dict(home.catalogue.inputs())
    nights = late(sorted(inputs))
    early = sorted(inputs.keys() - set(nights))
    for stage in pipeline.stages(home):
        sidecar = SideCar(home.settings.stages, stage)
        if stage.name != "ocr" and len(parts_of(sidecar.folder)) <= _NIGHTS:
            _side_car(sidecar, inputs, early, nights)


def _records(home: Home) -> list[tuple[bytes, str, int]]:
    texts, found = Texts(680), []
    with WarcWriter(home.settings.raw, _SOURCE) as writer:
        for number in range(_RECORDS):
            body = f"<!DOCTYPE html><title>{number}</title><p>{texts.of(f'{number:012d}')}".encode()
            url = f"https://www.example.jp/{number}.html"
            _, name, offset = writer.response(url, _MOMENT, 200, [("Content-Type", "text/html")], body)
            found.append((body, name, offset))
    return found


def _side_car(sidecar: SideCar, inputs: dict[str, str], early: Sequence[str], nights: Sequence[str]) -> None:
    stage = sidecar.stage
    compacted = sidecar.folder / "part-00000001-00000032.parquet"
    tables = (_rows(stage, inputs, early[begin : begin + _STEP]) for begin in range(0, len(early), _STEP))
    with durable.writing(compacted) as temporary:
        first = next(tables)
        rows = partfile.group_rows(first.nbytes, first.num_rows)
        partfile.write(temporary, stage.output_schema, chain([first], tables), rows)
    for night in range(_NIGHTS):
        sidecar.append(_rows(stage, inputs, nights[night::_NIGHTS]))


def _rows(stage: Any, inputs: dict[str, str], ids: Sequence[str]) -> pa.Table:
    """What differs from document to document does so here; every hundredth could not be read."""
    rejected = np.array([stage.name in _REJECTING and crc32(doc_id.encode()) % 100 == 0 for doc_id in ids])
    own = {
        "doc_id": list(ids),
        "input_sha256": [inputs[doc_id] for doc_id in ids],
        "outcome": np.where(rejected, "reject:empty", "ok"),
        "detail": np.where(rejected, "nothing is written on any page", ""),
        "title": [f"文書{doc_id[-12:]}" for doc_id in ids],
        "sha256": [sha256_hex(doc_id.encode()) for doc_id in ids],
        "license": [f"LicenseRef-JP-{crc32(doc_id.encode()) % 7}" for doc_id in ids],
        "attribution": [f"出典：架空省「文書{doc_id[-12:]}」" for doc_id in ids],
    }
    same = {"stage": stage.label, "evidence": "[]", "ocr_pages": 0}
    columns = []
    for item in stage.output_schema:
        where = rejected if item.nullable else np.zeros(len(ids), dtype=bool)
        if item.name in own:
            columns.append(pa.array(own[item.name], mask=where))
        else:
            zeros = pa.array(np.zeros(len(ids), dtype=np.int32), mask=where)
            columns.append(pa.array([same.get(item.name, _value(item.type))], item.type).take(zeros))
    return pa.Table.from_arrays(columns, schema=stage.output_schema)


def _value(kind: pa.DataType) -> Any:
    """Any value of an Arrow type, of the size that such values have."""
    if pa.types.is_struct(kind):
        return {item.name: _value(item.type) for item in kind}
    if pa.types.is_list(kind):
        return [_value(kind.value_type)] * 2
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return b"\x00" * 1024
    return {"string": "あ" * 40, "int64": 1, "int32": 1, "double": 0.5, "bool": True}.get(str(kind))


def settle(home: Home) -> None:
    """The manifests of two releases: `g1` without the documents of the nights, and `g2` with them."""
    ids = [row[0] for row in home.catalogue.inputs()]
    for version, missing in (("g1", set(late(ids))), ("g2", set[str]())):
        held = [doc_id for doc_id in ids if doc_id not in missing]
        _manifest(home.settings.releases / version, version, held)


def release(home: Home, texts: Texts) -> None:
    """The shards of the releases of `settle`, in the layout of real ones."""
    ids = [row[0] for row in home.catalogue.inputs()]
    new = set(late(ids))
    sizes = sizes_of(pa.chunked_array([[2000] * len(ids)]))
    where = places(ids)
    shards = partition(where, sizes)
    for number, members in enumerate(shards):
        cuts = list(row_groups(where[members], sizes[members]))
        groups = ([ids[member] for member in members[cut]] for cut in cuts)
        name = shard_name(number, len(shards))
        _write(home.settings.releases, name, groups, texts, new)


def _write(releases: Path, name: str, groups: Iterator[list[str]], texts: Texts, new: Collection[str]) -> None:
    """One shard of both releases."""
    kept: list[pa.Table] = []

    def all_groups() -> Iterator[pa.Table]:
        for ids in groups:
            table = pa.Table.from_pylist([_row(doc_id, texts.of(doc_id)) for doc_id in ids], schema=arrow_schema(Row))
            kept.append(table.filter(pa.array([doc_id not in new for doc_id in ids])))
            yield table

    write_shard(releases / "g2" / "data" / _SOURCE / name, arrow_schema(Row), all_groups())
    some = [table for table in kept if table.num_rows]
    write_shard(releases / "g1" / "data" / _SOURCE / name, arrow_schema(Row), some)


@cache
def _constant() -> dict[str, Any]:
    """A row but for what is its own."""
    row = {item.name: None if item.nullable else _value(item.type) for item in arrow_schema(Row)}
    return row | {"metadata": "{}", "source_version": "1", "redistribute": "allow", "withheld": "", "parts": []}


def _row(doc_id: str, text: str) -> dict[str, Any]:
    span = to_row(PageSpan(1, 0, len(text), "embedded", "markup", None, "horizontal", 0, 1))
    own = {"id": doc_id, "text": text, "pages": [span], "characters": len(text), "duplicate_cluster": doc_id}
    return _constant() | own | {"sha256": sha256_hex(text.encode()), "source_key": doc_id[-12:]}


def _manifest(folder: Path, version: str, ids: Sequence[str]) -> None:
    durable.make_folder(folder)
    schema = arrow_schema(Entry)
    zeros = pa.array(np.zeros(len(ids), dtype=np.int32))
    digests = pa.array([sha256_hex(doc_id.encode()) for doc_id in ids])
    own = {"doc_id": pa.array(ids), "duplicate_cluster": pa.array(ids), "canonical": pa.array(ids)}
    own |= dict.fromkeys(("input_sha256", "text_sha256", "rights_sha256"), digests)
    columns = [own.get(item.name, pa.array([_value(item.type)], item.type).take(zeros)) for item in schema]
    table = pa.Table.from_arrays(columns, schema=schema)
    durable.write_parquet(folder / "manifest.parquet", table, compression="zstd", row_group_size=2000)
    facts = {"version": version, "profile": "open", "stages": [], "documents": len(ids)}
    durable.write_bytes(folder / "manifest.json", json.dumps(facts).encode())
