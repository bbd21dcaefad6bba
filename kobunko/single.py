"""One file through the reading stages without a home: what `kobunko extract` does, and the tool for debugging one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from kobunko.document import document
from kobunko.errors import UsageError
from kobunko.executors import Processes
from kobunko.ids import sha256_hex
from kobunko.records import Document, Part, arrow_schema, to_row
from kobunko.stage import OK, Stage


def read_named(part: Part) -> bytes:
    """The bytes of a part that is a file of this machine and in no WARC file yet."""
    return Path(part.warc_file).read_bytes()


def as_document(path: Path, *, source: str = "import", url: str = "") -> pa.Table:
    """A file as the one row that the first stage reads, for use with `read_named`."""
    if not path.is_file():
        raise UsageError(f"{path} is not a file: give the path of one document.")
    body = path.read_bytes()
    part = Part("file", url or f"file:{path.name}", "", sha256_hex(body), len(body), "", str(path.resolve()), 0, None)
    row = to_row(document(source, url or path.name, part.sha256, [part], url=part.url, title=""))
    return pa.Table.from_pylist([row], schema=arrow_schema(Document))


def read_file(
    path: Path, stages: Sequence[Stage[Any, Any]], *, source: str = "import", url: str = ""
) -> dict[str, Any]:
    """`{"text", "title", "pages", "outcome", "detail", "stage"}` of a file; a failure is an outcome, not an error."""
    table = as_document(path, source=source, url=url)
    last: Mapping[str, Any] = {}
    with closing(Processes(read_named, workers=1)) as compute:
        for stage in stages:
            output = _nothing(stage)
            if _has_work(stage, table):
                (output,) = compute.map(stage, [table])
                last = output.select(["outcome", "detail", "stage"]).to_pylist()[0]
            for name in output.column_names[2:]:
                table = table.append_column(f"{stage.name}.{name}", output[name])
    return _result(table.to_pylist()[0], last)


def _nothing(stage: Stage[Any, Any]) -> pa.Table:
    """The row of a stage that had nothing to do."""
    return pa.table({item.name: pa.nulls(1, item.type) for item in stage.output_schema})


def _has_work(stage: Stage[Any, Any], table: pa.Table) -> bool:
    names = [*stage.required, *([stage.where] if stage.where else [])]
    return all(table[name][0].as_py() not in (None, 0, False) for name in names if "." in name)


def _result(row: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    text = row.get("text.text") or ""
    spans = row.get("text.pages")
    pages = (
        [span | {"text": text[span["start"] : span["end"]]} for span in spans or []] or row.get("extract.pages") or []
    )
    wanted = ("number", "text", "method", "reason", "confidence", "writing")
    return {
        "text": text,
        "title": row.get("text.title") or row.get("extract.title") or "",
        "pages": [{name: page[name] for name in wanted} for page in pages],
        "outcome": last["outcome"],
        "detail": last["detail"],
        "stage": last["stage"],
    }


def read_images(files: Sequence[Path], stages: Sequence[Stage[Any, Any]]) -> Iterator[dict[str, Any]]:
    """Files read from the images of all their pages, whatever text they hold, in the shape of `read_file` with
    lines under each page, tables in `structure`, `notes` by page number, and `engine`."""
    extract, ocr = stages[:2]
    # A worker of its own for each: they need different ones, and loading models takes ten times as long as a page.
    with closing(Processes(read_named, workers=1)) as extracting, closing(Processes(read_named, workers=1)) as reading:
        for path in files:
            document = as_document(path)
            (extracted,) = extracting.map(extract, [document])
            if extracted["outcome"][0].as_py() != OK:
                yield _as_seen(
                    dict.fromkeys(("structure", "notes", "engine")) | extracted.to_pylist()[0] | {"pages": None}
                )
                continue
            marked = [page | {"method": "ocr"} for page in extracted["pages"][0].as_py()]
            pages = pa.array([marked], extracted["pages"].type)
            document = document.append_column("extract.pages", pages)
            (read,) = reading.map(ocr, [document.append_column("extract.ocr_pages", pa.array([len(marked)]))])
            yield _as_seen(read.to_pylist()[0])


def _as_seen(row: Mapping[str, Any]) -> dict[str, Any]:
    pages = row["pages"] or []
    return {
        "text": "\n\n".join(page["text"] for page in pages if page["text"]),
        "title": "",
        "pages": pages,
        "structure": json.loads(row["structure"] or "{}"),
        "notes": json.loads(row["notes"] or "{}"),
        "engine": row["engine"] or "",
        "outcome": row["outcome"],
        "detail": row["detail"],
        "stage": row["stage"],
    }
