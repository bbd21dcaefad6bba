"""The text of a law from its element tree (e-Gov schema v3), in the order and the form in which lawyers write it.

    第一章　総則
    （目的）
    第一条　この法律は、…
    ２　前項の…
    一　…
    イ　…

Every text node of the source is in the result; an element that the schema does not have keeps its text and is named.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lxml import etree

from kobunko.extract.markdown import table

_LEVELS = [f"Subitem{level}" for level in range(1, 11)]
_SUBLISTS = [f"Sublist{level}" for level in range(1, 4)]
_DIVISIONS = ["Part", "Chapter", "Section", "Subsection", "Division"]
_APPENDICES = ["AppdxTable", "AppdxNote", "AppdxStyle", "AppdxFormat", "AppdxFig"]
_SUPPL_APPENDICES = ["SupplProvisionAppdxTable", "SupplProvisionAppdxStyle"]
_STRUCTS = ["TableStruct", "FigStruct", "NoteStruct", "StyleStruct", "FormatStruct"]

# Elements that stand on a line of their own and hold nothing but running text.
_LINES = {
    *("LawTitle", "EnactStatement", "TOCLabel", "TOCPreambleLabel", "TOCAppdxTableLabel"),
    *("ArticleCaption", "ParagraphCaption", "SupplNote"),
    *(f"{name}Title" for name in [*_DIVISIONS, *_STRUCTS]),
}
# Elements that are only a frame: their children are written one below the other.
_FRAMES = {
    *("Law", "LawBody", "Preamble", "MainProvision", "TOC", *_DIVISIONS, *_STRUCTS),
    *("AmendProvision", "NewProvision", "Note", "Style", "Format"),
}
# Heads of a line, the rest of which follows after a full-width space.
_HEADS = {"ArticleTitle", "ParagraphNum", "ItemTitle", "ClassTitle", *(f"{name}Title" for name in _LEVELS)}
# Parts of a line that are written without a break between them.
_JOINED = {
    *("RelatedArticleNum", "ArticleRange", "ArithFormulaNum", "SupplProvisionLabel"),
    *(f"{name}Title" for name in [*_APPENDICES, *_SUPPL_APPENDICES]),
}
_SENTENCES = {
    *("ParagraphSentence", "ItemSentence", "ClassSentence", "ListSentence", "AmendProvisionSentence"),
    *(f"{name}Sentence" for name in [*_LEVELS, *_SUBLISTS]),
}
_HEADED = {
    *("Article", "Paragraph", "Item", "Class", "List", *_LEVELS, *_SUBLISTS),
    *(f"TOC{name}" for name in [*_DIVISIONS, "Article", "SupplProvision"]),
    *("SupplProvision", "SupplProvisionAppdx", "Appdx", *_APPENDICES, *_SUPPL_APPENDICES, "Remarks"),
}
_INLINE = {"Sentence", "Column", "Line", "Ruby", "Rt", "Sup", "Sub", "QuoteStruct", "ArithFormula", "Fig"}
_OTHERS = {"LawNum", "Table", "TableRow", "TableHeaderRow", "TableColumn", "TableHeaderColumn", "RemarksLabel"}
KNOWN = _LINES | _FRAMES | _HEADS | _JOINED | _SENTENCES | _HEADED | _INLINE | _OTHERS

Element = etree._Element


@dataclass
class LawWriter:
    """Writes element trees of laws; `unknown` collects the names of elements outside the schema."""

    unknown: set[str] = field(default_factory=set)

    def write(self, law: Element) -> str:
        """Text of a `<Law>`: title and number, then the body. Of any other element: its lines."""
        if law.tag != "Law":
            return "\n".join(self.block(law))
        number, body = law.find("LawNum"), law.find("LawBody")
        title = body.find("LawTitle") if body is not None else None
        lines: list[str] = []
        for head, frame in ((title, "{}"), (number, "（{}）")):
            if head is not None and (text := self.inline(head)):
                lines.append(frame.format(text))
        done = {title, number}
        for child in law.iterchildren():
            if child is body:
                lines += self._children(child, skip=done)
            elif child not in done:
                lines += self.block(child)
        return "\n".join(line for line in [*lines, *_loose(law)] if line.strip())

    def block(self, element: Element) -> list[str]:
        """Lines of one element."""
        if not isinstance(element.tag, str):
            return []
        if element.tag not in KNOWN:
            self.unknown.add(element.tag)
        special: dict[str, Callable[[Element], list[str]]] = {
            "Table": self._table,
            "TableRow": self._row,
            "TableHeaderRow": self._row,
        }
        if element.tag in special:
            return special[element.tag](element)
        if element.tag in _HEADED:
            return self._headed(element)
        if element.tag in _INLINE | _SENTENCES | _LINES | _HEADS | _JOINED or not len(element):
            return self.inline(element).split("\n")
        return self._children(element)

    def inline(self, element: Element) -> str:
        """Running text of an element: ruby as 漢字（かんじ）, columns apart, figures as references."""
        if element.tag == "Fig":
            return f"［図：{element.get('src', '')}］" + self._run(element)
        if element.tag == "Rt":
            return f"（{self._run(element)}）"
        columns = element.findall("Column")
        if len(columns) > 1:
            return "".join(_loose(element)) + "　".join(
                ("\n" if column.get("LineBreak") == "true" else "") + self._run(column)
                if column.tag == "Column"
                else self._within(column)
                for column in element.iterchildren()
            )
        return self._run(element)

    def _run(self, element: Element) -> str:
        pieces = [_squeeze(element.text)]
        for child in element.iterchildren():
            pieces += [self._within(child), _squeeze(child.tail)]
        return "".join(pieces)

    def _within(self, child: Element) -> str:
        if not isinstance(child.tag, str):
            return ""
        if child.tag in _INLINE | _SENTENCES | _JOINED | _HEADS:
            return self.inline(child)
        lines = self.block(child)
        return "\n".join(["", *lines, ""]) if lines else ""

    def _children(self, element: Element, skip: Iterable[Element | None] = ()) -> list[str]:
        lines = [_squeeze(element.text)]
        for child in element.iterchildren():
            if child not in skip:
                lines += self.block(child)
            lines.append(_squeeze(child.tail))
        return [line for line in lines if line]

    def _headed(self, element: Element) -> list[str]:
        """`第一条　…`, `２　…`, `イ　…`, `附　則（…）`: what comes before the first sentence stands on its line."""
        lines: list[str] = [_squeeze(element.text)]
        head = ""
        for child in element.iterchildren():
            if child.tag in _HEADS | {"RemarksLabel"}:
                head += self.inline(child)
                if child.get("LineBreak") == "true":
                    lines, head = [*lines, head], ""
            elif child.tag in _JOINED or (str(element.tag).startswith("TOC") and str(child.tag).endswith("Title")):
                head += self.inline(child)
                if child.tag == "SupplProvisionLabel":
                    head += _amendment(element)
            elif child.tag in ("ArticleCaption", "ParagraphCaption") and not str(element.tag).startswith("TOC"):
                lines.append(self.inline(child))
            elif str(element.tag).startswith("TOC") or child.tag in _JOINED_LINE.get(str(element.tag), ()):
                lines, head = [*lines, head], ""
                lines += self.block(child)
            else:
                lines += _after(head, self.block(child))
                head = ""
            lines.append(_squeeze(child.tail))
        return [line for line in [*lines, head] if line]

    def _table(self, element: Element) -> list[str]:
        """A table as Markdown; merged cells are written once, where they begin."""
        rows: list[list[str]] = []
        covered: dict[tuple[int, int], str] = {}
        for index, row in enumerate(child for child in element.iterchildren() if isinstance(child.tag, str)):
            cells: list[str] = []
            for column in row.iterchildren():
                while (index, len(cells)) in covered:
                    cells.append("")
                text = "\n".join(self._children(column))
                height, width = _span(column, "rowspan"), _span(column, "colspan")
                covered |= {(index + y, len(cells) + x): "" for y in range(height) for x in range(width)}
                cells += [text, *[""] * (width - 1)]
            rows.append([*cells, *_loose(row)])
        return [line for line in [*_loose(element), table(rows)] if line]

    def _row(self, element: Element) -> list[str]:
        """A row outside of a table, as amendments quote it."""
        return [table([["\n".join(self._children(column)) for column in element.iterchildren()]])]


# In these the head is a heading of its own, and the content begins on the next line.
_JOINED_LINE = dict.fromkeys(
    ("SupplProvision", "SupplProvisionAppdx", "Appdx", *_APPENDICES, *_SUPPL_APPENDICES),
    ("Chapter", "Article", "Paragraph", "Item", "Remarks", "ArithFormula", *_STRUCTS, *_SUPPL_APPENDICES),
)


def _amendment(provision: Element) -> str:
    """`（平成…法律第…号）　抄` behind 附則, from the attributes."""
    law = provision.get("AmendLawNum", "")
    return (f"　（{law}）" if law else "") + ("　抄" if provision.get("Extract") == "true" else "")


def _after(head: str, lines: list[str]) -> list[str]:
    if not head or not lines:
        return [head, *lines]
    return [f"{head}　{lines[0]}", *lines[1:]]


def _loose(element: Element) -> list[str]:
    """Text that stands between the children of an element that should have none there."""
    pieces = [element.text, *(child.tail for child in element.iterchildren())]
    return [text for piece in pieces if (text := _squeeze(piece))]


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "1")
    return min(max(int(value), 1), 200) if value.isdecimal() else 1


def _squeeze(text: str | None) -> str:
    """Text without the indentation of the XML file; full-width spaces are text."""
    return "".join(line.strip(" \t\r") for line in (text or "").split("\n"))
