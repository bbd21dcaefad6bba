"""The stage `withdrawn`: which removed passages stand in a text, so that a later document that holds one is bound too.

It is part of the pipeline only where a removal names a passage. A new one is a new fingerprint: every text is searched
again, and from then on only what is new.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kobunko.quoted import Quoted, held
from kobunko.records import column
from kobunko.stage import Stage


@dataclass(frozen=True, slots=True)
class WithdrawnInput:
    text: str = column("text.text")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`passages` are the SHA-256 of the removed passages that the text holds."""

    passages: list[str]


def make(passages: Sequence[Mapping[str, Any]]) -> Callable[[WithdrawnInput], Withdrawn]:
    known = [Quoted(**passage) for passage in passages]
    return lambda document: Withdrawn(held(document.text, known))


def withdrawn_stage(after: tuple[Stage[Any, Any], ...], passages: Sequence[Quoted]) -> Stage[WithdrawnInput, Withdrawn]:
    return Stage(
        name="withdrawn",
        version=1,
        make=make,
        reads=WithdrawnInput,
        writes=Withdrawn,
        params={"passages": [asdict(passage) for passage in passages]},
        after=after,
        batch=64,
    )
