"""Repairs of what the recogniser confuses, only where Japanese leaves no other reading, each with a note of it.

ー follows kana and nothing else; カ, ロ, ト, エ, タ look like kanji that never stand inside a word of katakana; へ, べ
and ぺ look the same in both kana; the raised dot of Japanese is ・.
"""

import re
from dataclasses import dataclass

_KATAKANA = "ァ-ヺヽヾ"
_KANJI = "一-鿿々〆"
_HIRAGANA = "ぁ-ゖ"


@dataclass(frozen=True, slots=True)
class Repair:
    rule: str
    place: int  # in the line
    was: str
    now: str


_RULES: tuple[tuple[str, re.Pattern[str], dict[str, str]], ...] = (
    (
        "dash-in-katakana",
        re.compile(f"(?<=[{_KATAKANA}])[一―—](?=[{_KATAKANA}ー])"),
        {"一": "ー", "―": "ー", "—": "ー"},
    ),
    ("one-between-kanji", re.compile(f"(?<=[{_KANJI}])ー(?=[{_KANJI}])"), {"ー": "一"}),
    ("one-before-comma", re.compile("^ー(?=[、　 ])"), {"ー": "一"}),
    (
        "kanji-in-katakana",
        re.compile(f"(?<=[{_KATAKANA}ー])[力口卜夕工](?=[{_KATAKANA}ー])"),
        {"力": "カ", "口": "ロ", "卜": "ト", "夕": "タ", "工": "エ"},
    ),
    (
        "katakana-in-hiragana",
        re.compile(f"(?<=[{_HIRAGANA}{_KANJI}])[ヘベペ](?=[{_HIRAGANA}])"),
        {"ヘ": "へ", "ベ": "べ", "ペ": "ぺ"},
    ),
    ("hiragana-in-katakana", re.compile(f"(?<=[{_KATAKANA}ー])[べぺ](?=[{_KATAKANA}ー])"), {"べ": "ベ", "ぺ": "ペ"}),
    (
        "raised-dot",
        re.compile(f"(?<=[{_KATAKANA}{_KANJI}{_HIRAGANA}ー])[·•‧](?=[{_KATAKANA}{_KANJI}{_HIRAGANA}])"),
        {"·": "・", "•": "・", "‧": "・"},
    ),
)


def repaired(text: str) -> tuple[str, list[Repair]]:
    """The text of one line, as long as before, and what was changed in it."""
    notes: list[Repair] = []
    for rule, pattern, forms in _RULES:
        places = [found.start() for found in pattern.finditer(text)]
        notes += [Repair(rule, place, text[place], forms[text[place]]) for place in places]
        text = pattern.sub(lambda found, forms=forms: forms[found[0]], text)  # type: ignore[misc]
    return text, notes
