"""The executor that the settings name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from kobunko.errors import UsageError
from kobunko.executors import Executor, Inline, Processes
from kobunko.settings import RunSettings
from kobunko.stage import ReadBlob


@contextmanager
def executor(settings: RunSettings, read_blob: ReadBlob) -> Iterator[Executor]:
    """The executor that the settings name; its workers end with the context. `read_blob` must survive pickling."""
    match settings.engine:
        case "inline":
            yield Inline(read_blob)
        case "processes":
            with closing(Processes(read_blob, settings.worker_count)) as processes:
                yield processes
        case "ray":
            try:
                from kobunko.cluster import cluster
            except ImportError as error:
                raise UsageError("the engine ray is not installed: pip install 'kobunko[ray]'.") from error
            with cluster(settings.address, read_blob) as machines:
                yield machines
