"""The stage `tokens`: how long a text is to a language model, by a vocabulary that comes inside a package.

Tekken is the vocabulary of the Mistral models (131,072 byte-level pieces). UniDic morphemes are counted with the text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kobunko.records import column
from kobunko.stage import Stage

VOCABULARY = "tekken_240911.json"  # of mistral-common
_PIECE = 20_000  # characters that are encoded at once


@dataclass(frozen=True, slots=True)
class TokensInput:
    text: str = column("text.text")


@dataclass(frozen=True, slots=True)
class Tokens:
    tekken: int


@cache
def _tokenizer(vocabulary: str) -> Any:
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    return Tekkenizer.from_file(Path(mistral_common.__path__[0]) / "data" / vocabulary)


def make(vocabulary: str) -> Callable[[TokensInput], Tokens]:
    tokenizer = _tokenizer(vocabulary)

    def count(document: TokensInput) -> Tokens:
        return Tokens(sum(len(tokenizer.encode(piece, bos=False, eos=False)) for piece in _pieces(document.text)))

    return count


def tokens_stage(after: tuple[Stage[Any, Any], ...]) -> Stage[TokensInput, Tokens]:
    """The stage, given the one that makes the text."""
    return Stage(
        name="tokens",
        version=1,
        make=make,
        reads=TokensInput,
        writes=Tokens,
        params={"vocabulary": VOCABULARY},
        after=after,
        batch=16,
    )


def _pieces(text: str) -> Iterator[str]:
    """Whole lines, as many as fit; a longer line is a piece of its own."""
    piece = ""
    for line in text.splitlines(keepends=True):
        if piece and len(piece) + len(line) > _PIECE:
            yield piece
            piece = ""
        piece += line
    yield piece
