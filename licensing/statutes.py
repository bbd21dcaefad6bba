"""Statutes that leave a class of documents without rights, with the very text that says so (evidence level E3).

A decision rests on words that somebody else can check: those of the law as this home captured it from e-Gov, else those
of the article as it ships (`rules/*.txt`, pinned by hash). Where the law that a home holds has lost the words, nothing
opens: it was amended, and a person has to read it.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from kobunko.ids import sha256_hex
from kobunko.licensing.folding import fold
from kobunko.licensing.rulebook import FOLDER, read


class Quote(TypedDict):
    """Words of a statute, as they stand at `start` of its text."""

    phrase: str
    start: int


class StatuteText(TypedDict):
    """A statute as it was captured, or as it ships. `quotes` by item, `whole` for what governs them all; what the text
    does not hold is missing."""

    url: str
    sha256: str
    fetched_at: str  # ISO; of a shipped text the day on which it was read
    origin: str  # captured, or the file that ships
    quotes: Mapping[str, Quote]


@dataclass(frozen=True, slots=True)
class Statute:
    """One entry of `rules/statutes.toml`, which says what the fields mean."""

    name: str
    law_id: str
    url: str
    text: str
    sha256: str
    read_at: str
    read_from: str
    whole: str
    items: Mapping[str, str]

    def named_items(self, reference: str) -> list[str]:
        """The items that a seed names (著作権法第13条第1号・第2号); none where it names another statute."""
        if not reference.startswith(self.name):
            return []
        return re.findall(r"第(\d+)号", reference.removeprefix(self.name).split("（")[0])

    def quoted(self, text: str) -> dict[str, Quote]:
        """Where the words stand in a text of the statute, white space and width aside."""
        folded, found = fold(text, drop_space=True), {}
        for item, words in {"whole": self.whole, **self.items}.items():
            begin = folded.text.find(fold(words, drop_space=True).text)
            if begin >= 0:
                start, end = folded.span(begin, begin + len(words))
                found[item] = Quote(phrase=text[start:end], start=start)
        return found

    def shipped(self) -> StatuteText:
        body = (FOLDER / self.text).read_bytes()
        if sha256_hex(body) != self.sha256:
            raise ValueError(
                f"rules/{self.text} is not the text that was read: restore it, or read it and pin its hash"
            )
        origin, quotes = f"kobunko/licensing/rules/{self.text}", self.quoted(body.decode("utf-8"))
        return StatuteText(url=self.url, sha256=self.sha256, fetched_at=self.read_at, origin=origin, quotes=quotes)


@functools.cache
def statutes() -> tuple[Statute, ...]:
    return tuple(Statute(**entry) for entry in read("statutes")["statute"])


@functools.cache
def shipped_texts() -> dict[str, StatuteText]:
    """The statutes as they ship, by name."""
    return {statute.name: statute.shipped() for statute in statutes()}


def quotes_for(reference: str, texts: Mapping[str, StatuteText]) -> tuple[StatuteText, list[Quote]] | None:
    """The text of the statute that a seed names, and its words for these items, the governing ones first.

    None for a statute that is not known. No words where the text lacks any of them.
    """
    for statute in statutes():
        text, items = texts.get(statute.name), statute.named_items(reference)
        if text is not None and items:
            wanted = ["whole", *items]
            held = all(item in text["quotes"] for item in wanted)
            return text, [text["quotes"][item] for item in wanted] if held else []
    return None
