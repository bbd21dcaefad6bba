"""What Word adds to a paragraph when it shows it: the rank of its heading, and the number of its list.

Neither stands in the paragraph. A style is known by its name, because its id is another one in each language of Word
(`1` is the first heading in Japanese); numbers are counted over the document as ECMA-376, 17.9 has it.
"""

import string
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from docx.oxml.ns import qn
from lxml import etree

Element = etree._Element
_Level = tuple[str, str, int]  # how a level counts, its text with %1 for the first level's number, where it begins

_LEVELS = 9
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_HALF_AIUEO = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_KANJI = "〇一二三四五六七八九"
_ROMAN = dict(m=1000, cm=900, d=500, cd=400, c=100, xc=90, l=50, xl=40, x=10, ix=9, v=5, iv=4, i=1)  # noqa: C408


def _row(letters: str) -> Callable[[int], str]:
    return lambda number: letters[(number - 1) % len(letters)]


def _roman(number: int) -> str:
    text = ""
    for letters, value in _ROMAN.items():
        times, number = divmod(number, value)
        text += letters * times
    return text


def _kanji(number: int) -> str:
    if number >= 10_000:
        return str(number)
    text = ""
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        times, number = divmod(number, value)
        if times:
            text += ("" if times == 1 and unit else _KANJI[times]) + unit
    return text or _KANJI[0]


def _circled(number: int) -> str:
    return chr(0x245F + number) if number <= 20 else f"({number})"


_COUNTS: dict[str, Callable[[int], str]] = {
    "decimalFullWidth": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalZero": lambda number: f"{number:02}",
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "aiueo": _row(_HALF_AIUEO),
    "aiueoFullWidth": _row(_AIUEO),
    "iroha": _row(_IROHA),
    "irohaFullWidth": _row(_IROHA),
    "lowerLetter": _row(string.ascii_lowercase),
    "upperLetter": _row(string.ascii_uppercase),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "japaneseCounting": _kanji,
    "japaneseLegal": _kanji,
    "chineseCounting": _kanji,
    "taiwaneseCounting": _kanji,
    "ideographDigital": lambda number: "".join(_KANJI[int(digit)] for digit in str(number)),
    "none": lambda _: "",
}


class Styles:
    """Styles and lists of one document. `mark` counts, so it is asked once for each paragraph in their order."""

    def __init__(self, document: Any) -> None:
        self._styles = {_value(style, "styleId"): style for style in document.styles.element.iter(qn("w:style"))}
        self._default = next((name for name, one in self._styles.items() if _is_default(one)), "")
        self._lists, self._levels, self._restarts = _numbering(document)
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * _LEVELS)

    def mark(self, paragraph: Element) -> str:
        """`## 2.1 ` before a numbered heading of the second rank, `- ` before a bullet; mostly nothing."""
        chain = self._chain(paragraph)
        rank = self._rank(chain)
        number = self._number(chain)
        return ("#" * rank + " " if rank else "") + number

    def _chain(self, paragraph: Element) -> list[Element]:
        """What says how a paragraph looks: itself, its style, and those that the style is made from."""
        own = paragraph.find(qn("w:pPr"))
        name = _child(own, "pStyle") or self._default
        chain = [own] if own is not None else []
        seen = set()
        while name in self._styles and name not in seen:
            seen.add(name)
            chain.append(self._styles[name])
            name = _child(self._styles[name], "basedOn")
        return chain

    def _rank(self, chain: list[Element]) -> int:
        for item in chain:
            name = _child(item, "name").lower()
            if name.startswith("heading ") and name[8:].isdecimal():
                return min(int(name[8:]), 6)
            level = _child(item if item.tag == qn("w:pPr") else item.find(qn("w:pPr")), "outlineLvl")
            if level.isdecimal():
                return int(level) + 1 if int(level) < 6 else 0
        return 0

    def _number(self, chain: list[Element]) -> str:
        list_id = level = ""
        for item in chain:
            properties = item if item.tag == qn("w:pPr") else item.find(qn("w:pPr"))
            numbered = properties.find(qn("w:numPr")) if properties is not None else None
            list_id = list_id or _child(numbered, "numId")
            level = level or _child(numbered, "ilvl")
        levels = self._levels.get(self._lists.get(list_id, ""), {})
        depth = int(level or 0)
        if list_id == "0" or depth not in levels:
            return ""
        counts = self._counts[self._lists[list_id]]
        for place, start in self._restarts.pop(list_id, {}).items():
            counts[place] = start - 1
        for place in range(depth + 1):  # what was never counted begins where it begins
            counts[place] = counts[place] or levels.get(place, ("", "", 1))[2] - (place == depth)
        counts[depth] += 1
        counts[depth + 1 :] = [0] * (_LEVELS - depth - 1)
        kind, text, _ = levels[depth]
        if kind == "bullet":
            return "- "
        for place in range(depth + 1):
            text = text.replace(f"%{place + 1}", _COUNTS.get(levels[place][0], str)(counts[place]))
        return f"{text.strip()}　" if text.strip() else ""


def _numbering(document: Any) -> tuple[dict[str, str], dict[str, dict[int, _Level]], dict[str, dict[int, int]]]:
    """The abstract list of each list, the levels of each abstract list, and where a list begins anew by level."""
    relations = document.part.rels.values()
    root = next((one.target_part.element for one in relations if one.reltype.endswith("/numbering")), None)
    if root is None:
        return {}, {}, {}
    lists = {_value(one, "numId"): _child(one, "abstractNumId") for one in root.iterchildren(qn("w:num"))}
    levels = {
        _value(abstract, "abstractNumId"): {
            int(_value(level, "ilvl")): (
                _child(level, "numFmt"),
                _child(level, "lvlText"),
                int(_child(level, "start") or 1),
            )
            for level in abstract.iterchildren(qn("w:lvl"))
        }
        for abstract in root.iterchildren(qn("w:abstractNum"))
    }
    restarts = {
        _value(one, "numId"): {
            int(_value(change, "ilvl")): int(_child(change, "startOverride"))
            for change in one.iterchildren(qn("w:lvlOverride"))
            if _child(change, "startOverride")
        }
        for one in root.iterchildren(qn("w:num"))
    }
    return lists, levels, restarts


def _is_default(style: Element) -> bool:
    return _value(style, "default") in ("1", "true") and _value(style, "type") == "paragraph"


def _value(element: Element, name: str) -> str:
    return element.get(qn(f"w:{name}")) or ""


def _child(element: Element | None, name: str) -> str:
    """The value of a child element; empty where there is none."""
    found = element.find(qn(f"w:{name}")) if element is not None else None
    return _value(found, "val") if found is not None else ""
