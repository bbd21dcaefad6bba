"""The text of a law from its element tree (e-Gov schema v3), in the order and the form in which lawyers write it.

    第一章　総則
    （目的）
    第一条　この法律は、…
    ２　前項の…
    一　…
    イ　…

Every text node of the source is in the result; an element that the schema does not have keeps its text and is named.
Beside the text grows the tree of articles: where in the text each provision stands, under a path that an amendment
elsewhere in the law does not change (`MainProvision/Article_92/Paragraph_2`).
"""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from lxml import etree

from kobunko.extract.law_tree import DIVISIONS, NODES, SUBITEMS, Tree
from kobunko.extract.markdown import Grid, table

_SUBLISTS = [f"Sublist{level}" for level in range(1, 4)]
_APPENDICES = ["AppdxTable", "AppdxNote", "AppdxStyle", "AppdxFormat", "AppdxFig"]
_SUPPL_APPENDICES = ["SupplProvisionAppdxTable", "SupplProvisionAppdxStyle"]
_STRUCTS = ["TableStruct", "FigStruct", "NoteStruct", "StyleStruct", "FormatStruct"]
_TITLED = [*_APPENDICES, *_SUPPL_APPENDICES]

# Elements that stand on a line of their own and hold nothing but running text.
_LINES = {
    *("LawTitle", "EnactStatement", "TOCLabel", "TOCPreambleLabel", "TOCAppdxTableLabel"),
    *("ArticleCaption", "ParagraphCaption", "SupplNote"),
    *(f"{name}Title" for name in [*DIVISIONS, *_STRUCTS]),
}
# Elements that are only a frame: their children are written one below the other.
_FRAMES = {
    *("Law", "LawBody", "Preamble", "MainProvision", "TOC", *DIVISIONS, *_STRUCTS),
    *("AmendProvision", "NewProvision", "Note", "Style", "Format"),
}
# Heads of a line, the rest of which follows after a full-width space.
_HEADS = {"ArticleTitle", "ParagraphNum", "ItemTitle", "ClassTitle", *(f"{name}Title" for name in SUBITEMS)}
_LINE_HEADS = _HEADS | {"RemarksLabel"}
# Parts of a line that are written without a break between them.
_JOINED = {
    *("RelatedArticleNum", "ArticleRange", "ArithFormulaNum", "SupplProvisionLabel"),
    *(f"{name}Title" for name in _TITLED),
}
_ALL_HEADS = _LINE_HEADS | _JOINED
_CAPTIONS = {"ArticleCaption", "ParagraphCaption"}
_SENTENCES = {
    *("ParagraphSentence", "ItemSentence", "ClassSentence", "ListSentence", "AmendProvisionSentence"),
    *(f"{name}Sentence" for name in [*SUBITEMS, *_SUBLISTS]),
}
_INDEX = {f"TOC{name}" for name in [*DIVISIONS, "Article", "SupplProvision"]}
_INDEX_JOINED = _JOINED | {"ArticleTitle", *(f"{name}Title" for name in DIVISIONS)}
_HEADED = {
    *("Article", "Paragraph", "Item", "Class", "List", *SUBITEMS, *_SUBLISTS),
    *("SupplProvision", "SupplProvisionAppdx", "Appdx", *_TITLED, "Remarks"),
}
# In these the head is a heading of its own, and the content begins on the next line.
_HEADING = {"SupplProvision", "SupplProvisionAppdx", "Appdx", *_TITLED}
_BELOW_HEADING = {
    *("Chapter", "Article", "Paragraph", "Item", "Remarks", "ArithFormula"),
    *(*_STRUCTS, *_SUPPL_APPENDICES),
}
_INLINE = {"Sentence", "Column", "Line", "Ruby", "Rt", "Sup", "Sub", "QuoteStruct", "ArithFormula", "Fig"}
_ROWS = {"TableRow", "TableHeaderRow"}
_RUNNING = _INLINE | _SENTENCES | _LINES | _HEADS | _JOINED
_WITHIN = _INLINE | _SENTENCES | _JOINED | _HEADS
_OTHERS = {"LawNum", "Table", *_ROWS, "TableColumn", "TableHeaderColumn", "RemarksLabel"}
KNOWN = _RUNNING | _FRAMES | _INDEX | _HEADED | _OTHERS

Element = etree._Element


class LawWriter:
    """Writes the element tree of a law; `unknown` collects the names of elements outside the schema, `figures`
    the files that the text refers to.

    With `ruby` the reading of a word follows it as 漢字（かんじ）, without it is left out.
    """

    def __init__(self, ruby: bool = True) -> None:
        self.unknown: set[str] = set()
        self.figures: list[str] = []
        self._ruby = ruby
        self._lines: list[str] = []
        self._heads: list[str] = []  # of the line that has not begun yet
        self._tree = Tree()

    def write(self, law: Element) -> tuple[str, list[dict[str, Any]]]:
        """Text and article tree of a `<Law>`, or of any other element."""
        self._lines, self._tree = [], Tree()
        self._block(law)
        starts = [0, *accumulate([len(line) + 1 for line in self._lines])]
        return "\n".join(self._lines), self._tree.nodes(starts)

    def inline(self, element: Element) -> str:
        """Running text of an element: ruby as 漢字（かんじ）, columns apart, figures as references."""
        tag = element.tag
        if tag == "Fig":
            self.figures.append(element.get("src", ""))
            return f"［図：{self.figures[-1]}］" + self._run(element)
        if tag == "Rt":
            return f"（{self._run(element)}）" if self._ruby else ""
        children = len(element)
        if not children:
            return _squeeze(element.text)
        first = element[0]
        if children == 1 and first.tag == "Sentence" and not len(first):
            text = _squeeze(first.text)
            return text if element.text is first.tail is None else _squeeze(element.text) + text + _squeeze(first.tail)
        if first.tag == "Column" and children > 1:
            return self._columns(element)
        return self._run(element)

    def _block(self, element: Element) -> None:
        """Writes the lines of one element."""
        tag = element.tag
        handler = _HANDLERS.get(tag, LawWriter._frame)
        if tag in NODES:
            column = sum(len(head) + 1 for head in self._heads) if self._heads else 0
            self._tree.enter(tag, element, len(self._lines), column)
            handler(self, element)
            self._tree.leave(len(self._lines))
        elif isinstance(tag, str):
            handler(self, element)

    def _frame(self, element: Element) -> None:
        """An element whose children are written one below the other; one that nobody knows is one of them."""
        if element.tag not in KNOWN:
            self.unknown.add(str(element.tag))
        if len(element):
            self._children(element)
        else:
            self._write(self.inline(element))

    def _law(self, law: Element) -> None:
        """Title and number, then the body."""
        number, title = law.find("LawNum"), law.find("LawBody/LawTitle")
        self._write(self.inline(title) if title is not None else "")
        self._write(f"（{self.inline(number)}）" if number is not None and self.inline(number) else "")
        for child in law:
            if child.tag == "LawBody":
                self._children(child, skip=title)
            elif child is not number:
                self._block(child)
        for text in _loose(law):
            self._write(text)

    def _children(self, element: Element, skip: Element | None = None) -> None:
        self._write(_squeeze(element.text))
        for child in element:
            if child is not skip:
                self._block(child)
            if child.tail:
                self._write(_squeeze(child.tail))

    def _running(self, element: Element) -> None:
        text = self.inline(element)
        self._write(text)
        if element.tag in _CAPTIONS or str(element.tag)[:-5] in DIVISIONS:
            self._tree.name(str(element.tag), text)

    def _headed(self, element: Element) -> None:
        """`第一条　…`, `２　…`, `イ　…`, `附　則（…）`: what comes before the first sentence stands on its line."""
        head = ""
        heading = element.tag in _HEADING
        if element.text:
            self._write_aside(_squeeze(element.text))
        for child in element:
            tag = child.tag
            if tag in _SENTENCES:
                text = self.inline(child)
                self._write(f"{head}　{text}" if head and text else head or text)
                head = ""
            elif tag in _ALL_HEADS:
                text = self.inline(child) if len(child) else _squeeze(child.text)
                self._tree.name(tag, text)
                head += text + (_amendment(element) if tag == "SupplProvisionLabel" else "")
                if child.get("LineBreak") == "true":
                    head = self._close(head)
            elif tag in _CAPTIONS:
                text = self.inline(child)
                self._tree.name(str(tag), text)
                self._write_aside(text)
            elif heading and tag in _BELOW_HEADING:
                head = self._close(head)
                self._block(child)
            elif head:
                head = self._behind(head, child)
            else:
                self._block(child)
            if child.tail:
                self._write_aside(_squeeze(child.tail))
        self._write(head)

    def _close(self, head: str) -> str:
        """Writes a head as a line of its own; what is left of it is nothing."""
        self._write(head)
        return ""

    def _behind(self, head: str, child: Element) -> str:
        """Writes a child behind its head, or the head alone where the child has no text."""
        self._heads.append(head)
        self._block(child)
        if self._heads:
            self._write_aside("　".join(self._heads))
            self._heads.clear()
        return ""

    def _index(self, element: Element) -> None:
        """An entry of the table of contents: its title and range on one line."""
        head = ""
        self._write_aside(_squeeze(element.text))
        for child in element:
            if child.tag in _INDEX_JOINED:
                head += self.inline(child)
            else:
                head = self._close(head)
                self._block(child)
            self._write_aside(_squeeze(child.tail))
        self._write(head)

    def _table(self, element: Element) -> None:
        """A table as Markdown; merged cells are written once, where they begin."""
        grid = Grid()
        for row in element.iterchildren("*"):
            cells = [
                (self._cell(column), _span(column, "rowspan"), _span(column, "colspan"))
                for column in row.iterchildren("*")
            ]
            grid.add([*cells, *((text, 1, 1) for text in _loose(row))])
        for text in _loose(element):
            self._write(text)
        self._write(table(grid.rows))

    def _row(self, element: Element) -> None:
        """A row outside of a table, as amendments quote it."""
        self._write(table([[self._cell(column) for column in element.iterchildren("*")]]))

    def _cell(self, column: Element) -> str:
        if len(column) == 1 and column[0].tag == "Sentence":
            return self.inline(column)
        return "\n".join(self._apart(column))

    def _apart(self, element: Element) -> list[str]:
        """Lines of an element that stands inside another one's text: its parts are no provisions of this law."""
        outer = self._lines, self._heads, self._tree
        self._lines, self._heads, self._tree = [], [], Tree(recording=False)
        self._block(element)
        lines = self._lines
        self._lines, self._heads, self._tree = outer
        return lines

    def _columns(self, element: Element) -> str:
        pieces = [
            ("\n" if column.get("LineBreak") == "true" else "") + self._run(column)
            if column.tag == "Column"
            else self._within(column)
            for column in element
        ]
        return "".join(_loose(element)) + "　".join(pieces)

    def _run(self, element: Element) -> str:
        pieces = [_squeeze(element.text)]
        for child in element:
            pieces.append(self._within(child))
            if child.tail:
                pieces.append(_squeeze(child.tail))
        return "".join(pieces)

    def _within(self, child: Element) -> str:
        tag = child.tag
        if not isinstance(tag, str):
            return ""
        if tag not in KNOWN:
            self.unknown.add(tag)
        if tag in _WITHIN or tag not in KNOWN:
            return self.inline(child)
        lines = self._apart(child)
        return "\n".join(["", *lines, ""]) if lines else ""

    def _write(self, text: str) -> None:
        """Writes lines, the first behind the heads that wait for it."""
        if not text:
            return
        if self._heads:
            text = "　".join([*self._heads, text])
            self._heads.clear()
        self._write_aside(text)

    def _write_aside(self, text: str) -> None:
        """Writes lines above the one that still waits for its text."""
        if "\n" in text:
            self._lines += [line for line in text.split("\n") if line.strip()]
        elif text and not text.isspace():
            self._lines.append(text)


_HANDLERS: dict[Any, Callable[[LawWriter, Element], None]] = {
    **dict.fromkeys(_RUNNING, LawWriter._running),
    **dict.fromkeys(_HEADED, LawWriter._headed),
    **dict.fromkeys(_INDEX, LawWriter._index),
    **dict.fromkeys(_ROWS, LawWriter._row),
    "Table": LawWriter._table,
    "Law": LawWriter._law,
}


def _amendment(provision: Element) -> str:
    """`（平成…法律第…号）　抄` behind 附則, from the attributes."""
    law = provision.get("AmendLawNum", "")
    return (f"　（{law}）" if law else "") + ("　抄" if provision.get("Extract") == "true" else "")


def _loose(element: Element) -> list[str]:
    """Text that stands between the children of an element that should have none there."""
    pieces = [element.text, *(child.tail for child in element)]
    return [text for piece in pieces if (text := _squeeze(piece))]


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "1")
    return min(max(int(value), 1), 200) if value.isdecimal() else 1


def _squeeze(text: str | None) -> str:
    """Text without the indentation of the XML file; full-width spaces are text."""
    if not text:
        return ""
    if "\n" not in text:
        return text.strip(" \t\r")
    return "".join([line.strip(" \t\r") for line in text.split("\n")])
