"""What a dataset card says in its tables and lists, as Markdown, in one of its languages."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from kobunko.publish.rows import Row
from kobunko.publish.totals import BY, Totals
from kobunko.records import arrow_schema

TEMPLATES = Path(__file__).parent / "templates"
_SUMS = ("documents", "texts", "characters")

Words = Mapping[str, Any]


@cache
def words_of(language: str) -> Words:
    """The words of a language, from `words.toml`."""
    return dict(tomllib.loads((TEMPLATES / "words.toml").read_text(encoding="utf-8"))[language])


def sizes(configs: Mapping[str, Mapping[str, int]], words: Words) -> str:
    """What each config holds, in the measures that people plan with."""
    names = (*_SUMS, "tokens", "tokens_tekken")
    total = {name: sum(found[name] for found in configs.values()) for name in names}
    rows = [[config, *(found[name] for name in names)] for config, found in [*configs.items(), ("**default**", total)]]
    return _table([words["heads"][name] for name in ("config", *names)], rows, len(names))


def breakdown(figures: Totals, words: Words) -> str:
    """Counts by config, source, licence and method."""
    rows = [[*(row[name] or "—" for name in BY), *(row[name] for name in _SUMS)] for row in figures.counts(BY)]
    return _table([words["heads"][name] for name in (*BY, *_SUMS)], rows, len(_SUMS))


def licences(figures: Totals, words: Words) -> str:
    """What each licence of the release means."""
    names = ("license", "meaning", "documents", "texts")
    found = figures.counts(("license",))
    rows = [[f"`{row['license']}`", _meaning(row["license"], words), row["documents"], row["texts"]] for row in found]
    return _table([words["heads"][name] for name in names], rows, 2)


def _meaning(name: str, words: Words) -> str:
    return str(words["licences"].get(name, words["licence_unknown"]))


def schema(words: Words) -> str:
    """The columns of a row; what they mean stands in the code in English, other languages have their own words."""
    about = words.get("columns", {item.name: item.metadata["about"] for item in fields(Row)})
    kinds = ((item.name, arrow_schema(Row).field(item.name).type) for item in fields(Row))
    rows = [[f"`{name}`", _kind(kind, words["types"]), about[name]] for name, kind in kinds]
    return _table([words["heads"][name] for name in ("column", "type", "meaning")], rows, 0)


def _kind(kind: pa.DataType, words: Mapping[str, str]) -> str:
    if pa.types.is_list(kind):
        return words["structs" if pa.types.is_struct(kind.value_type) else "strings"]
    return words.get(str(kind), str(kind))


def pictures(names: Iterable[str], words: Words) -> str:
    """The plots by file name, each with what is to be seen in it."""
    told = ((name, words["pictures"][Path(name).stem]) for name in sorted(names, reverse=True))
    return "\n\n".join(f"![{about}]({name})\n\n*{about}*" for name, about in told)


def changes(found: Mapping[str, Any] | None, words: Words) -> str:
    """What is new since the release before; that it is the first one where there is none."""
    told = words["changes"]
    if not found:
        return str(told["first"])

    def listed(counts: Mapping[str, int]) -> str:
        parts = [told["count"].format(number=number, word=told[why]) for why, number in counts.items()]
        return str(told["between"].join(parts) or told["none"])

    facts = {**found, "changed": listed(found["changed"]), "removed": listed(found["removed"])}
    steps = [told["step"].format(before=old or "—", now=new or "—") for old, new in found["stages"]]
    return "\n".join([told["line"].format_map(facts), *(["", *steps] if steps else [])])


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int) -> str:
    """A table whose last so many columns are numbers."""
    rule = ["---"] * (len(heads) - numbers) + ["---:"] * numbers
    lines = [heads, rule, *([f"{value:,}" if isinstance(value, int) else value for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
