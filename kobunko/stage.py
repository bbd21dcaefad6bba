"""The stage contract: what a stage declares, and the one object that an engine ever sees.

N rows in, N rows out. A bad document is a row, never an exception that ends the batch and never a silent gap.
"""

import dataclasses
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import pyarrow as pa

from kobunko.errors import Corrupt, KobunkoError, Reject, Unreachable
from kobunko.ids import json_sha256
from kobunko.records import Blob, Part, arrow_fields, arrow_schema, column_name, from_row, hints, optional, to_row

Json = str | int | float | bool | None | list[Any] | Mapping[str, Any]
I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741
ReadBlob = Callable[[Part], bytes]

KEY = ("doc_id", "input_sha256")
OK = "ok"
NO_MEMORY = "error:MemoryError"


@dataclass(frozen=True)
class Resources:
    """What one document may use. Wall time is `wall_s` plus `wall_s_per_unit` for each `unit` (a column) of the row."""

    cpus: int = 1
    gpus: int = 0
    memory_mb: int = 4096
    wall_s: float = 120
    unit: str = ""
    wall_s_per_unit: float = 0
    tasks_per_worker: int = 500  # batches; then the worker is replaced, because native code leaks

    def same_worker(self, other: "Resources") -> bool:
        """Whether one worker can serve both: what it has is fixed at its start, wall time is each task's own."""
        fixed = ("cpus", "gpus", "memory_mb", "tasks_per_worker")
        return all(getattr(self, name) == getattr(other, name) for name in fixed)


@dataclass(frozen=True)
class Stage(Generic[I, O]):
    """One step of the pipeline as data.

    `make(**params)` is a module-level factory; it loads models once per worker and returns the record function. A
    function that gains from many records at once has a method `many` too: a list in, as long a list out, in which a
    `Reject` stands for a document that it rejects.
    `reads` and `writes` are frozen dataclasses; a field of `reads` names its column by `column("extract.pages")` or is
    a column of the document itself. A field named `blobs` receives the bytes of the document's parts.
    `after` are the stages that it reads from; `where` names a column that must be true or positive for the stage to
    have anything to do with a document. `batch` is how many documents travel together; a batch whose worker dies is
    tried again one by one.
    """

    name: str
    version: int
    make: Callable[..., Callable[[I], O]]
    reads: type[I]
    writes: type[O]
    params: Mapping[str, Json] = field(default_factory=dict)
    resources: Resources = Resources()
    after: tuple["Stage[Any, Any]", ...] = ()
    where: str = ""
    batch: int = 1

    @cached_property
    def fingerprint(self) -> str:
        """Changes exactly when the output may: name, version, params, schemas, and the stages that it reads from."""
        return json_sha256(
            {
                "name": self.name,
                "version": self.version,
                "params": dict(self.params),
                "reads": _describe(arrow_schema_of_input(self.reads)),
                "writes": _describe(arrow_schema(self.writes)),
                "after": [stage.label for stage in self.after],
            }
        )[:12]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.fingerprint}"

    @property
    def columns(self) -> list[str]:
        """Columns that a batch for this stage holds beside the key, in the naming of `reads`."""
        names = [column_name(item) for item in dataclasses.fields(self.reads)]  # type: ignore[arg-type]
        wanted = ["parts" if name == "blobs" else name for name in names]
        return list(dict.fromkeys([*wanted, *(n for n in (self.resources.unit,) if n)]))

    @property
    def required(self) -> list[str]:
        """Columns that must not be null: where one is, an earlier stage had no result and this one has no row."""
        found = hints(self.reads)
        fields = dataclasses.fields(self.reads)  # type: ignore[arg-type]
        return [column_name(item) for item in fields if item.name != "blobs" and not optional(found[item.name])]

    @cached_property
    def output_schema(self) -> pa.Schema:
        """`doc_id, input_sha256, <writes>, outcome, detail, stage`; the written columns are null unless `ok`."""
        text = [pa.field(name, pa.string(), nullable=False) for name in (*KEY, "outcome", "detail", "stage")]
        written = [item.with_nullable(True) for item in arrow_fields(self.writes)]
        return pa.schema([*text[:2], *written, *text[2:]], metadata=arrow_schema(self.writes).metadata)


def arrow_schema_of_input(reads: type) -> pa.Schema:
    """Schema of a stage's input with its column names, `blobs` left out (its bytes are in the key already)."""
    found = {item.name: column_name(item) for item in dataclasses.fields(reads)}
    return pa.schema([item.with_name(found[item.name]) for item in arrow_fields(reads) if item.name != "blobs"])


def _describe(schema: pa.Schema) -> list[Any]:
    return [[item.name, str(item.type), item.nullable] for item in schema]


CPU_SECONDS = b"cpu_seconds"


def cpu_seconds(output: pa.Table) -> float:
    """What a batch of output rows cost; 0 where nobody lived to tell."""
    return float((output.schema.metadata or {}).get(CPU_SECONDS, 0))


class Runner:
    """Applies a stage to batches: all that an engine ever sees.

    `read_blob` gives the bytes of a part; it is called in the worker, so that raw bytes never pass through the
    main process. Only where the worker cannot reach them they come with the batch (`carrying`).
    """

    def __init__(self, stage: Stage[Any, Any], read_blob: ReadBlob) -> None:
        self._stage = stage
        self._read_blob = read_blob
        self._function: Callable[[Any], Any] | None = None

    def __call__(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        """Output rows of a batch; the CPU seconds that they took are in the schema's metadata."""
        started = time.process_time()
        found = batch.to_pylist()
        rows = self._together(found) or [self._row(row) for row in found]
        table = pa.Table.from_pylist(rows, schema=self._stage.output_schema)
        return table.replace_schema_metadata({CPU_SECONDS: f"{time.process_time() - started:.6f}"})

    def _together(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Output rows by the function's own `many`; None where it has none or failed, so that each goes alone."""
        if len(rows) < 2:
            return None
        try:
            many = getattr(self._record_function(), "many", None)
            results = many([self._input(row) for row in rows]) if many else []
        except Exception:  # one by one, the guilty document gets its name and the others their result
            return None
        if len(results) != len(rows):
            return None
        return [self._output(row, result) for row, result in zip(rows, results, strict=True)]

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._output(row, self._record_function()(self._input(row)))
        except Unreachable:  # a result of no document: the run ends, and the next one does what is left
            raise
        except Exception as error:
            if is_want_of_memory(error):
                return failure(self._stage, row, NO_MEMORY, _where(error))
            if isinstance(error, Reject):
                return self._output(row, error)
            return failure(self._stage, row, f"error:{type(error).__name__}", _where(error))

    def _record_function(self) -> Callable[[Any], Any]:
        if self._function is None:
            self._function = self._stage.make(**self._stage.params)
        return self._function

    def _output(self, row: Mapping[str, Any], result: Any) -> dict[str, Any]:
        if isinstance(result, Reject):
            return failure(self._stage, row, f"reject:{result.code}", result.detail)
        return failure(self._stage, row, OK, "") | to_row(result)

    def _input(self, row: dict[str, Any]) -> Any:
        values: dict[str, Any] = {}
        for item in dataclasses.fields(self._stage.reads):
            if item.name == "blobs":
                carried = row.get(_CARRIED) or [None] * len(row["parts"])
                found = zip(row["parts"], carried, strict=True)
                values["blobs"] = [self._blob(from_row(Part, part), body) for part, body in found]
            else:
                values[item.name] = row[column_name(item)]
        return from_row(self._stage.reads, values)

    def _blob(self, part: Part, carried: dict[str, Any] | None) -> Blob:
        if carried and carried["damage"]:
            raise Corrupt(carried["damage"])
        body = carried["body"] if carried else self._read_blob(part)
        return Blob(part.role, part.url, part.media_type, part.sha256, body)


_LEAST_MEMORY = 64 << 20  # bytes; with less at hand nothing that fails says anything of a document
_CARRIED = "bytes"
_BODIES = pa.list_(pa.struct([("body", pa.large_binary()), ("damage", pa.string())]))


def carrying(stage: Stage[Any, Any], batch: pa.Table, read_blob: ReadBlob) -> pa.Table:
    """A batch with the bytes of its documents, for workers that have no way to them: workers have no network."""
    if "blobs" not in {item.name for item in dataclasses.fields(stage.reads)}:
        return batch

    def carried(part: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"body": read_blob(from_row(Part, part)), "damage": None}
        except Unreachable:
            raise
        except (KobunkoError, OSError) as error:  # to be said of the document, not of the run
            return {"body": b"", "damage": str(error)}

    bodies = [[carried(part) for part in parts] for parts in batch["parts"].to_pylist()]
    return batch.append_column(_CARRIED, pa.array(bodies, _BODIES))


def failure(stage: Stage[Any, Any], row: Mapping[str, Any], outcome: str, detail: str) -> dict[str, Any]:
    """The output row of a document that gave no result, or the frame of one that did."""
    key = {name: row[name] for name in KEY}
    return key | {"outcome": outcome, "detail": detail[:2000], "stage": stage.label}


def is_want_of_memory(error: BaseException) -> bool:
    """Whether something failed because the process had no memory left.

    Readers say that in words of their own, or take it for damage of what they read: what was behind it counts, and
    whether there is memory now.
    """
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, MemoryError):
            return True
        link = link.__cause__ or link.__context__
    try:
        bytearray(_LEAST_MEMORY)
    except MemoryError:
        return True
    return False


def _where(error: Exception) -> str:
    """Message with the innermost line of our own trace: enough to find the place without a log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno})" if frames else ""
    return f"{error}{place}"
