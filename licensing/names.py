"""Names of people in a text, with the role in which they stand there.

Roles decide: who acts in office (judges, counsel, ministers, officers) keeps the name, whose life the document is
about (parties, victims, minors, private contacts) does not. The recogniser is asked only about lines that hold a word
for such a role, because it reads some kilobytes a second where the rules read megabytes. Pseudonyms of a court stay
as they are and are no names.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from kobunko.licensing.folding import fold

MODEL = "ja_ginza"  # 5.x, a statistical model of UD Japanese and of 拡張固有表現 from PyPI
_LONGEST = 4000  # characters that the tokenizer gets at once; it refuses 49,149 bytes

_OFFICE = (
    "裁判長|裁判官|判事|判事補|検察官|検事|弁護人|弁護士|代理人|代理人弁護士|書記官|公証人|弁理士|公認会計士|税理士|鑑定人"
    "|代表取締役|取締役|監査役|執行役|執行役員|社長|会長|理事長|理事|監事|大臣|長官|次官|局長|部長|課長|室長|所長|支店長|校長"
    "|知事|市長|町長|村長|区長|議員|委員|委員長|議長|教授|准教授|博士|総裁|館長"
)
_PRIVATE = (
    "原告|被告|被告人|被疑者|控訴人|被控訴人|上告人|被上告人|申立人|相手方|抗告人|被害者|被害児童|遺族|証人|債務者|債権者|破産者"
    "|児童|生徒|園児|保護者|患者|被相続人|相続人|氏名|担当者|亡|訴外|被保険者|請求人|参加人|本人"
)
_OFFICE, _PRIVATE = ("|".join(sorted(words.split("|"), key=len, reverse=True)) for words in (_OFFICE, _PRIVATE))
_OFFICE_BEFORE = re.compile(rf"(?:{_OFFICE})[\s　:：、・]{{0,3}}$")
_OFFICE_AFTER = re.compile(rf"^[\s　]{{0,2}}(?:{_OFFICE})")
_PRIVATE_BEFORE = re.compile(rf"(?:{_PRIVATE})(?:ら)?(?:[（(][^）)]{{0,10}}[）)])?[\s　:：、・]{{0,3}}$")
_PRIVATE_AFTER = re.compile(r"^[\s　]{0,2}(?:ちゃん|くん|(?:ら)?(?:に対する|を被害者とする))")
_ROLE_FIRST = re.compile(rf"(?:{_PRIVATE}|立人)(?=.)")
_REST = re.compile(r"[一-龥々]{1,2}(?=[はをがにのともや、。（(\s]|$)")
_ASKED = re.compile(_PRIVATE)
_NO_NAME = re.compile(r"両名|判決|(?:郵便局|警察署|事務所|裁判所|会社)$")  # in judgments the model takes them for one
_PSEUDONYM = re.compile(
    r"[A-Za-zＡ-Ｚａ-ｚα-ω甲乙丙丁戊己庚辛壬癸●○◯〇×＊*△▲□■_＿]{1,4}[0-9０-９一二三四五六七八九十]{0,3}(?:[ら子男女太郎]|教授|医師)?"
)


@dataclass(frozen=True, slots=True)
class Name:
    """`text[start:end]` is a person's name; `role`: office · private · unknown."""

    start: int
    end: int
    text: str
    role: str


Recogniser = Callable[[str], list[tuple[int, int]]]  # places of person names in a short text


@cache
def recogniser() -> Recogniser:
    """The model, loaded once per worker."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spacy

        model: Any = spacy.load(MODEL, exclude=["parser", "morphologizer", "compound_splitter", "bunsetu_recognizer"])

    def people(text: str) -> list[tuple[int, int]]:
        return [(found.start_char, found.end_char) for found in model(text).ents if found.label_ == "Person"]

    return people


def find_names(text: str, people: Recogniser | None = None) -> list[Name]:
    """Names in the lines that speak of private roles, and every further mention of those that are private."""
    found: list[Name] = []
    for start, line in _lines(text):
        if _ASKED.search(line):
            folded = fold(line, drop_space=True)  # 山　田　太　郎 is one name
            alone = _ASKED.sub(lambda role: "、" * len(role[0]), folded.text)  # else 被告人安藤 is taken apart wrongly
            for first, last in (people or recogniser())(alone):
                first, last = _whole(folded.text, first, last)
                name = folded.text[first:last]
                if last - first > 1 and not _PSEUDONYM.fullmatch(name) and not _NO_NAME.search(name):
                    begin, end = (start + place for place in folded.span(first, last))
                    found.append(Name(begin, end, text[begin:end], _role(folded.text, first, last)))
    office = {name.text for name in found if name.role == "office"}
    private = {name.text for name in found if name.role == "private"} - office
    found = [replace(name, role="private") if name.text in private else name for name in found]
    known = {(name.start, name.end) for name in found}
    again = [
        Name(match.start(), match.end(), name, "private")
        for name in sorted(private)
        if len(name) > 2  # a short name is a part of too many words
        for match in re.finditer(re.escape(name), text)
        if match.span() not in known
    ]
    return sorted([*found, *again], key=lambda name: name.start)


def _whole(line: str, start: int, end: int) -> tuple[int, int]:
    """A name without the role that the model took for a part of it, and with the characters that it left behind."""
    if role := _ROLE_FIRST.match(line, start, end):
        start = role.end()
    if rest := _REST.match(line, end):
        end = rest.end()
    return start, end


def _role(line: str, start: int, end: int) -> str:
    before, after = line[max(0, start - 20) : start], line[end : end + 12]
    if _OFFICE_BEFORE.search(before) or _OFFICE_AFTER.search(after):
        return "office"
    if _PRIVATE_BEFORE.search(before) or _PRIVATE_AFTER.search(after):
        return "private"
    return "unknown"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their places, long ones in pieces cut behind a full stop where there is one."""
    for line in re.finditer(r"[^\n]+", text):
        start, end = line.span()
        while start < end:
            stop = min(end, start + _LONGEST)
            if stop < end:
                stop = text.rfind("。", start, stop) + 1 or stop
            yield start, text[start:stop]
            start = stop
