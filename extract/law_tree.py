"""The tree of a law's provisions: a path for each that stays the same, and where in the text it stands."""

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


# A provision while its text is written: its path, the path from which articles below it are counted, whether it
# divides the law, and its node.
_Open = tuple[str, str, bool, Node]
_NOTHING: _Open = "", "", False, {}


class Tree:
    """Collects provisions in the order of the text while it is written, first with the numbers of their lines.

    An article's path has no chapter in it, because articles are counted through the whole law: `division` says where
    it stands. Where a law uses one path twice, the later ones end in `~2`, `~3`, ….
    """

    def __init__(self, recording: bool = True) -> None:
        self._recording = recording
        self._found: list[Node] = []
        self._columns: dict[int, int] = {}  # by index, of those that begin within their first line
        self._open: list[_Open] = []
        self._used: set[str] = set()

    def enter(self, tag: str, element: etree._Element, line: int, column: int) -> None:
        """Opens the node of a provision; `column` is where in its first line it begins."""
        if not self._recording:
            return
        above, base, dividing, _ = self._open[-1] if self._open else _NOTHING
        divides = tag in _DIVIDING
        path = _path(element, tag, above if divides else base)
        if path in self._used:
            path = self._unique(path)
        self._used.add(path)
        node: Node = {"path": path, "start": line, "end": line}
        if dividing and not divides:
            node["division"] = above
        if element.get("Delete") == "true":
            node["deleted"] = True
        if column:
            self._columns[len(self._found)] = column
        self._found.append(node)
        self._open.append((path, base if divides and base else path, divides, node))

    def leave(self, line: int) -> None:
        if self._recording:
            self._open.pop()[3]["end"] = line

    def name(self, tag: str, text: str) -> None:
        """Title or caption of the provision that is open."""
        if text and self._open:
            self._open[-1][3].setdefault("caption" if tag in _CAPTIONS else "title", text)

    def nodes(self, starts: list[int]) -> list[Node]:
        """The provisions with `start` and `end` in the text, whose lines begin at `starts`."""
        for index, node in enumerate(self._found):
            first, last = node["start"], node["end"]
            end = starts[last] - 1 if last > first else starts[first]
            start = starts[first] + self._columns.get(index, 0)
            node["start"], node["end"] = start if start < end else end, end
        return self._found

    def _unique(self, path: str) -> str:
        return next(free for count in count_from(2) if (free := f"{path}~{count}") not in self._used)


def _path(element: etree._Element, tag: str, above: str) -> str:
    number = element.get("AmendLawNum" if tag == "SupplProvision" else "Num")
    own = f"{tag}_{number}" if number else tag
    return f"{above}/{own}" if above else own
