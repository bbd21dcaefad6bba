"""The tree of a law's provisions: a path for each that stays the same, and where in the text it stands."""

from dataclasses import dataclass
from itertools import count as count_from
from typing import Any

from lxml import etree

DIVISIONS = ["Part", "Chapter", "Section", "Subsection", "Division"]
SUBITEMS = [f"Subitem{level}" for level in range(1, 11)]

_PROVISIONS = {"Article", "Paragraph", "Item", *SUBITEMS, "Class"}
_ROOTS = {
    *("MainProvision", "Preamble", "SupplProvision", "SupplProvisionAppdx", "Appdx", "TOC"),
    *("AppdxTable", "AppdxNote", "AppdxStyle", "AppdxFormat", "AppdxFig"),
    *("SupplProvisionAppdxTable", "SupplProvisionAppdxStyle"),
}
NODES = _PROVISIONS | _ROOTS | set(DIVISIONS)
_DIVIDING = frozenset(DIVISIONS)
_CAPTIONS = {"ArticleCaption", "ParagraphCaption"}

Node = dict[str, Any]


@dataclass(slots=True)
class _Open:
    """A provision while its text is written; articles below it are counted from `base`."""

    tag: str
    path: str
    base: str
    division: str
    first: int
    column: int
    last: int = 0
    title: str = ""
    caption: str = ""
    deleted: bool = False


class Tree:
    """Collects provisions in the order of the text while it is written, first with the numbers of their lines.

    An article's path has no chapter in it, because articles are counted through the whole law: `division` says where
    it stands. Where a law uses one path twice, the later ones end in `~2`, `~3`, ….
    """

    def __init__(self, recording: bool = True) -> None:
        self._recording = recording
        self._found: list[_Open] = []
        self._open: list[_Open] = []
        self._used: set[str] = set()

    def enter(self, element: etree._Element, line: int, column: int) -> None:
        """Opens the node of a provision; `column` is where in its first line it begins."""
        if not self._recording:
            return
        tag = str(element.tag)
        parent = self._open[-1] if self._open else _NOTHING
        dividing = tag in _DIVIDING
        path = _path(element, tag, parent.path if dividing else parent.base)
        if path in self._used:
            path = self._unique(path)
        self._used.add(path)
        division = parent.path if parent.tag in _DIVIDING and not dividing else ""
        node = _Open(tag, path, parent.base if dividing and parent.base else path, division, line, column)
        node.deleted = element.get("Delete") == "true"
        self._found.append(node)
        self._open.append(node)

    def leave(self, line: int) -> None:
        if self._recording:
            self._open.pop().last = line

    def name(self, tag: str, text: str) -> None:
        """Title or caption of the provision that is open."""
        if not self._open:
            return
        node = self._open[-1]
        if tag in _CAPTIONS:
            node.caption = node.caption or text
        else:
            node.title = node.title or text

    def nodes(self, starts: list[int]) -> list[Node]:
        """The provisions with `start` and `end` in the text, whose lines begin at `starts`."""
        return [_placed(node, starts) for node in self._found]

    def _unique(self, path: str) -> str:
        return next(free for count in count_from(2) if (free := f"{path}~{count}") not in self._used)


_NOTHING = _Open("", "", "", "", 0, 0)


def _placed(node: _Open, starts: list[int]) -> Node:
    first = starts[node.first]
    end = starts[node.last] - 1 if node.last > node.first else first
    found: Node = {"path": node.path, "start": min(first + node.column, end) if node.column else first, "end": end}
    if node.title:
        found["title"] = node.title
    if node.caption:
        found["caption"] = node.caption
    if node.division:
        found["division"] = node.division
    if node.deleted:
        found["deleted"] = True
    return found


def _path(element: etree._Element, tag: str, above: str) -> str:
    number = element.get("AmendLawNum" if tag == "SupplProvision" else "Num")
    own = f"{tag}_{number}" if number else tag
    return f"{above}/{own}" if above else own
