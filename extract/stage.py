"""The stage that turns a document's bytes into pages."""

from collections.abc import Callable

from kobunko.extract.records import Extracted, ExtractInput
from kobunko.stage import Resources, Stage


def make() -> Callable[[ExtractInput], Extracted]:
    from kobunko.extract.route import extract  # brings every reader along, which only workers need

    return extract


EXTRACT: Stage[ExtractInput, Extracted] = Stage(
    name="extract",
    version=4,
    make=make,
    reads=ExtractInput,
    writes=Extracted,
    resources=Resources(memory_mb=3072, wall_s=300),
)
