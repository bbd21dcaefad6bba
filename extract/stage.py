"""The stage that turns a document's bytes into pages."""

from collections.abc import Callable
from functools import partial

from kobunko.extract.records import Extracted, ExtractInput
from kobunko.stage import Resources, Stage


def make(ruby: bool = True) -> Callable[[ExtractInput], Extracted]:
    from kobunko.extract.route import extract  # brings every reader along, which only workers need

    return partial(extract, ruby=ruby)


def extract_stage(ruby: bool = True) -> Stage[ExtractInput, Extracted]:
    """The stage; without `ruby` the readings of words are left out of the text of laws."""
    return Stage(
        name="extract",
        version=10,
        make=make,
        reads=ExtractInput,
        writes=Extracted,
        params={"ruby": ruby},
        resources=Resources(memory_mb=3072, wall_s=300),
    )


EXTRACT = extract_stage()
