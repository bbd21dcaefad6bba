"""The tree of a law's provisions from its printed lines, for laws without markup of their own: HTML, PDF, text.

It reads what `law_text` writes: 第一章, （目的）, 第一条　…, ２　…, 一　…, イ　…, 附　則. The paths are those of the
XML, so that a provision can be found in any edition of its law.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kobunko.wareki import number

_DIVISION = {"編": "Part", "章": "Chapter", "節": "Section", "款": "Subsection", "目": "Division"}
_LEVEL = {"Part": 1, "Chapter": 2, "Section": 3, "Subsection": 4, "Division": 5, "Article": 6, "Paragraph": 7}
_N = "[〇一二三四五六七八九十百千0-9０-９]+"
_KANJI = "[〇一二三四五六七八九十百千]+"
_HEAD = re.compile(rf"[\s　]*第({_N})(編|章|節|款|目)((?:の{_N})*)(?=[\s　]|$)(.*)")
_ARTICLE = re.compile(rf"[\s　]*第({_N})条((?:の{_N})*)(?=[\s　]|$)")
_RANGE = re.compile(rf"[\s　]*第({_N})条((?:の{_N})*)(?:から|及び)第({_N})条((?:の{_N})*)(?:まで)?[\s　]+(?=削除)")
_PARAGRAPH = re.compile(r"[\s　]*([０-９]+)(?:[\s　]+|$)")
_ITEM = re.compile(rf"[\s　]*({_KANJI}(?:の{_KANJI})*)(?:[\s　]+|$)")
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
_SUBITEM = re.compile(rf"[\s　]*([{_IROHA}])(?:[\s　]+|$)")
_SUBSUBITEM = re.compile(r"[\s　]*[（(]([０-９0-9]+)[）)](?:[\s　]+|$)")
_DEEPEST = re.compile(r"[\s　]*[（(]([^\s　（）()]{1,5})[）)][\s　]+")
_CAPTION = re.compile(r"[\s　]*（[^（）]+(?:（[^（）]*）[^（）]*)*）$")
_SUPPLEMENT = re.compile(r"[\s　#]*附[\s　]*則(?:[\s　]*（?([^（）]+?号)）?)?[\s　]*抄?$")
_APPENDIX = re.compile(rf"[\s　]*(別表|別記|様式|別図|付録|附録)(?:第?({_N}))?")
_ENTRY = re.compile(rf"^[\s　]*第{_N}[編章節][\s　].*（第{_N}条.*$", re.MULTILINE)  # of a table of contents
_TABLE = re.compile(r"\|")


@dataclass
class _Reader:
    """Where the text has come to: the provisions that are open, outermost first."""

    found: list[dict[str, Any]] = field(default_factory=list)
    open: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    root: str = "MainProvision"
    divisions: list[str] = field(default_factory=list)
    caption: tuple[int, str] | None = None
    used: set[str] = field(default_factory=set)

    def add(self, level: int, path: str, start: int, title: str = "") -> dict[str, Any]:
        begin = self.caption[0] if self.caption and level == _LEVEL["Article"] else start
        self.close(level, begin)
        free, count = path, 1
        while free in self.used:
            count += 1
            free = f"{path}~{count}"
        self.used.add(free)
        node: dict[str, Any] = {"path": free, "start": begin, "end": begin}
        if title:
            node["title"] = title
        if self.caption and level == _LEVEL["Article"]:
            node["caption"] = self.caption[1]
        self.caption = None
        self.found.append(node)
        self.open.append((level, node))
        return node

    def close(self, level: int, end: int) -> None:
        """Ends what is as deep as `level` or deeper, before the line that begins at `end`."""
        while self.open and self.open[-1][0] >= level:
            self.open.pop()[1]["end"] = max(end - 1, 0)

    def inside(self, level: int) -> str | None:
        """Path of the innermost open provision above `level`, if it is an article or below."""
        return next((node["path"] for depth, node in reversed(self.open) if _LEVEL["Division"] < depth < level), None)


def articles(text: str) -> list[dict[str, Any]]:
    """Provisions with path, title, caption, `start` and `end`; none where a text is no law."""
    reader = _Reader()
    body = _body_start(text)
    for start, line in _lines(text, body):
        if not _TABLE.match(line) and not _provision(reader, start, line):
            caption = _CAPTION.match(line)
            reader.caption = (start, line.strip()) if caption else None
    reader.close(0, len(text) + 1)
    return reader.found


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    for line in text[start:].split("\n"):
        if line.strip():
            yield start, line
        start += len(line) + 1


def _body_start(text: str) -> int:
    """Where the provisions begin: behind the table of contents, where its first title comes for the second time."""
    contents = re.search(r"^[\s　]*目[\s　]*次[\s　]*$", text, re.MULTILINE) or _ENTRY.search(text)
    if not contents:
        return 0
    listed = contents.end() if "次" in contents[0] and "第" not in contents[0] else contents.start()
    first = ""
    for start, line in _lines(text, listed):
        title = _title(line)
        if first and title == first:
            return start
        first = first or title
    return listed


def _title(line: str) -> str:
    return re.sub(r"[（(].*", "", "".join(line.split()))


def _provision(reader: _Reader, start: int, line: str) -> bool:
    """Opens the provision that a line begins, if it begins one."""
    if match := _SUPPLEMENT.match(line):
        reader.close(0, start)
        reader.root = f"SupplProvision_{match[1]}" if match[1] else "SupplProvision"
        reader.divisions = []
        reader.root = reader.add(0, reader.root, start, "".join(line.split("（")[0].split()))["path"]
        return True
    if match := _APPENDIX.match(line):
        reader.close(0, start)
        return True
    if match := _HEAD.match(line):
        return _division(reader, start, line, match)
    if match := _RANGE.match(line):
        numbers = f"{_number(match[1], match[2])}:{_number(match[3], match[4])}"
        return _article(reader, start, match, numbers)
    if match := _ARTICLE.match(line):
        return _article(reader, start, match, _number(match[1], match[2]))
    return _below(reader, start, line)


def _article(reader: _Reader, start: int, match: re.Match[str], numbers: str) -> bool:
    """The article and its first paragraph, which begins behind the article's number."""
    path = reader.add(_LEVEL["Article"], f"{reader.root}/Article_{numbers}", start, match[0].strip())["path"]
    rest = match.string[match.end() :]
    reader.add(_LEVEL["Paragraph"], f"{path}/Paragraph_1", start + len(match.string) - len(rest.lstrip()))
    return True


def _division(reader: _Reader, start: int, line: str, match: re.Match[str]) -> bool:
    kind = _DIVISION[match[2]]
    level = _LEVEL[kind]
    reader.close(level, start)
    above = next((node["path"] for depth, node in reversed(reader.open) if depth < level), reader.root)
    reader.add(level, f"{above}/{kind}_{_number(match[1], match[3])}", start, line.strip())
    return True


def _below(reader: _Reader, start: int, line: str) -> bool:
    """Paragraphs, items and subitems, which only have a meaning inside of something."""
    for pattern, level, name in _INNER:
        match = pattern.match(line)
        if match and name == "Subitem2" and reader.open and reader.open[-1][0] in (_LEVEL["Paragraph"], _NUMBERED):
            level, name = _NUMBERED, "Item"  # as ordinances of towns count them
        above = reader.inside(level) if match else None
        if match and (above or name == "Paragraph"):
            path = f"{above or reader.root}/{name}"
            reader.add(level, f"{path}_{_count(reader, path, name, match[1])}", start, match[1])
            return True
    return False


_NUMBERED = 8  # the level of items
_INNER = (
    (_PARAGRAPH, 7, "Paragraph"),
    (_ITEM, _NUMBERED, "Item"),
    (_SUBITEM, 9, "Subitem1"),
    (_SUBSUBITEM, 10, "Subitem2"),
    (_DEEPEST, 11, "Subitem3"),
)


def _count(reader: _Reader, path: str, name: str, title: str) -> str:
    if name == "Subitem1":
        return str(_IROHA.index(title) + 1)
    if name == "Subitem3":
        return str(1 + sum(f"{path}_{count}" in reader.used for count in range(1, 60)))
    return _number(*_branches(title))


def _branches(text: str) -> tuple[str, str]:
    head, mark, tail = text.partition("の")
    return head, mark + tail


def _number(text: str, branches: str) -> str:
    """`92_2` of 九十二 and の二."""
    return "_".join(str(number(part)) for part in [text, *branches.split("の")[1:]])
