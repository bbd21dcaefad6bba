"""Repairs of what the recogniser confuses, only where Japanese leaves no other reading, each with a note of it.

ー follows kana and nothing else; カ, ロ, ト, エ, タ look like kanji that never stand inside a word of katakana; へ, べ
and ぺ look the same in both kana; the raised dot of Japanese is ・. On a page that has none of the old forms of kanji a
few others, which are the Chinese forms of today, are the recogniser's.
"""

import re
from dataclasses import dataclass

_KATAKANA = "ァ-ヺヽヾ"
_KANJI = "一-鿿々〆"
_HIRAGANA = "ぁ-ゖ"
_NUMERALS = "第〇二三四五六七八九十百千"


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
    ("one-in-number", re.compile(f"(?<=[{_NUMERALS}])ー(?=[{_KANJI}])"), {"ー": "一"}),
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


_RI = re.compile(f"(?<=[{_HIRAGANA}{_KANJI}])(?<![力口卜夕工])リ(?![{_KATAKANA}ー])")  # 夕リ may be タリ
_CHINESE = str.maketrans("增產內單戶黃錄說稅敎淸靑絕强", "増産内単戸黄録説税教清青絶強")
_CHINESE_FORM = re.compile("[增產內單戶黃錄說稅敎淸靑絕强]")
_OLD = frozenset("國學會體當實應對處總數區圖廣發變賣讀關歸舊聲與點黨縣團權")


def is_modern(text: str) -> bool:
    """Whether a page is written in hiragana and without old forms of kanji."""
    return re.search(f"[{_HIRAGANA}]", text) is not None and not _OLD & set(text)


def repaired(text: str, *, modern: bool) -> tuple[str, list[Repair]]:
    """The text of one line of a (modern) page, as long as before, and what was changed in it."""
    notes: list[Repair] = []
    for rule, pattern, forms in _RULES:
        places = [found.start() for found in pattern.finditer(text)]
        notes += [Repair(rule, place, text[place], forms[text[place]]) for place in places]
        text = pattern.sub(lambda found, forms=forms: forms[found[0]], text)  # type: ignore[misc]
    if not modern:
        return text, notes
    for found in list(_RI.finditer(text)):
        notes.append(Repair("katakana-in-hiragana", found.start(), "リ", "り"))
    text = _RI.sub("り", text)
    if places := [found.start() for found in _CHINESE_FORM.finditer(text)]:
        now = text.translate(_CHINESE)
        notes += [Repair("chinese-form", place, text[place], now[place]) for place in places]
        text = now
    return text, notes
