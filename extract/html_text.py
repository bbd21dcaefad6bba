"""Lines of text from an HTML tree: one block a line, tables as Markdown, ruby as 漢字（かんじ）.

Space is treated as browsers do (runs of ASCII white space are one), full-width spaces are text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from lxml import etree, html

from kobunko.errors import Reject
from kobunko.extract.markdown import Grid, filled, raised, table

Element = etree._Element

_DROPPED = {
    *("script", "style", "noscript", "template", "svg", "object", "iframe", "head", "select", "button"),
    *("textarea", "input", "ix:header", "ix-header", "ix:hidden", "ix-hidden"),
}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
    *("legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "ul", "caption", "table"),
    *("tr", "td", "th", "tbody", "thead", "tfoot", "html"),
}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BOILERPLATE = {"nav", "header", "footer", "aside"}
# What sites call the parts around their content, as words of a class or an id.
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:bread-?crumbs?(?:-?list)?|topic-?path|pankuzu|(?:g|global|local|side|foot|head)-?na(?:v|vi)(?:gation)?|side-?(?:bar|menu)"
    r"|footer|site-?map|page-?top-?link|to-?(?:page-?)?top|skip(?:-?link)?s?|sns|share)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PANELS = ("secondary",)  # of ordinances' pages: their title once more, contents and history
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")


@dataclass
class Lines:
    """Lines as they grow: `write` goes on in the present line, `end` closes it."""

    done: list[str] = field(default_factory=list)
    open: str = ""
    prefix: str = ""
    marked: Callable[[Element], bool] | None = None
    places: list[tuple[Element, int, int]] = field(default_factory=list)  # of marked elements, in lines

    def write(self, text: str) -> None:
        self.open = _SPACE.sub(" ", self.open + text)

    def end(self) -> None:
        if self.open.strip():
            self.done.append(self.prefix + self.open.strip(" "))
            self.prefix = ""
        self.open = ""


def lines(root: Element, boilerplate: bool = True) -> list[str]:
    """Lines of the tree; without `boilerplate`, navigation, headers, footers and asides are left out, whether they are
    elements of their own or called so by their site.

    Raises `too-deep` for markup nested beyond anything that was written to be read.
    """
    found = Lines()
    try:
        _walk(root, found, frozenset() if boilerplate else frozenset(_BOILERPLATE))
    except RecursionError as error:
        raise Reject("too-deep", "elements nested too deep to be a page") from error
    found.end()
    return found.done


def placed_lines(
    root: Element, marked: Callable[[Element], bool]
) -> tuple[list[str], list[tuple[Element, tuple[int, int]]]]:
    """Lines of the tree, and for each marked element where it begins and ends in the lines joined by `\\n`.

    Every marked element begins a line, but for one inside of a table, which has the place of the table.
    """
    found = Lines(marked=marked)
    try:
        _walk(root, found, frozenset())
    except RecursionError as error:
        raise Reject("too-deep", "elements nested too deep to be a page") from error
    found.end()
    starts = [0, *accumulate(len(line) + 1 for line in found.done)]
    places = [(element, (starts[first], max(starts[last] - 1, starts[first]))) for element, first, last in found.places]
    return found.done, places


def _walk(element: Element, out: Lines, skipped: frozenset[str]) -> None:
    tag = element.tag
    dropped = tag in _DROPPED and not (tag == "button" and _unfolds(element))
    if not isinstance(tag, str) or dropped or tag in skipped or _HIDDEN.search(element.get("style", "")):
        return None
    if skipped and _is_around(element):
        return None
    if out.marked and out.marked(element):
        out.end()
        place, first = len(out.places), len(out.done)
        out.places.append((element, first, first))
        _content(element, out, skipped)
        out.end()
        out.places[place] = (element, first, len(out.done))
        return None
    if tag == "br":
        return out.end()
    if tag == "table" and (rows := _data_table(element, skipped)):
        out.end()
        out.done.append(rows)
        if out.marked:
            inside = [inner for inner in element.iter() if out.marked(inner)]
            out.places += [(inner, len(out.done) - 1, len(out.done)) for inner in inside]
        return None
    if tag == "pre":
        out.end()
        out.done += [line.rstrip() for line in inner_text(element).split("\n") if line.strip()]
        return None
    block = tag in _BLOCKS
    if block:
        out.end()
        out.prefix = _HEADINGS.get(tag, "- " if tag == "li" else out.prefix)
    _content(element, out, skipped)
    if block:
        out.end()
        out.prefix = ""
    return None


def _unfolds(button: Element) -> bool:
    """Whether a button is the heading of a part that it shows and hides."""
    return any(parent.tag in _HEADINGS or parent.tag in ("dt", "summary") for parent in button.iterancestors())


def _is_around(element: Element) -> bool:
    """Whether a site calls an element a menu, a path or a footer. What holds the page's heading is none of them."""
    called = f"{element.get('class', '')} {element.get('id', '')}"
    around = _AROUND.search(called) or element.get("id") in _PANELS
    return bool(around) and next(element.iter("h1"), None) is None


def _content(element: Element, out: Lines, skipped: frozenset[str]) -> None:
    if element.tag in ("rt", "rtc"):
        out.write(f"（{inner_text(element)}）")
        return
    if element.tag == "rp":
        return
    if element.tag == "sup" and not len(element):
        out.write(raised(out.open, element.text or ""))
        return
    if element.tag == "img" and (alt := element.get("alt", "").strip()):
        out.write(f"［図：{alt}］")
    out.write(element.text or "")
    for child in element.iterchildren():
        _walk(child, out, skipped)
        out.write(child.tail or "")


def data_tables(root: Element) -> list[list[list[str]]]:
    """Cells of the tables that hold data; tables that only lay out the page are none."""
    found = (_data_rows(element, frozenset()) for element in root.iter("table"))
    return [rows for rows in found if rows]


def _data_table(element: Element, skipped: frozenset[str]) -> str:
    """The table as Markdown under its caption, or nothing where it only lays out the page."""
    rows = _data_rows(element, skipped)
    if not rows:
        return ""
    caption = element.find("caption")
    head = lines(caption) if caption is not None else []
    return "\n".join([*head, table(filled(rows))])


def _data_rows(element: Element, skipped: frozenset[str]) -> list[list[str]]:
    """Cells, or nothing for a table of one column or with tables inside, as layout is made of."""
    if next(element.iterdescendants("table"), None) is not None:
        return []
    rows = _rows(element, skipped)
    return rows if max((sum(bool(cell) for cell in row) for row in rows), default=0) >= 2 else []


def _rows(element: Element, skipped: frozenset[str]) -> list[list[str]]:
    grid = Grid()
    for row in element.iter("tr"):
        grid.add(
            (_cell_text(cell, skipped), _span(cell, "rowspan"), _span(cell, "colspan"))
            for cell in row.iterchildren("td", "th")
        )
    return grid.rows


def _cell_text(cell: Element, skipped: frozenset[str]) -> str:
    found = Lines()
    _content(cell, found, skipped)
    found.end()
    return "\n".join(found.done)


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), 200) if value.isdecimal() else 1


def inner_text(element: Element) -> str:
    return "".join(str(piece) for piece in element.itertext())


def parse(text: str) -> Element | None:
    """Element tree of a page; None where there is no element at all."""
    root = _parsed(text)
    for element in root.iter("noframes") if root is not None else ():
        if (inside := _parsed(element.text or "")) is not None:  # the parser takes its markup for text
            element.text = None
            element.extend(inside.iterchildren("body"))
    return root


def _parsed(text: str) -> Element | None:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    body = text.encode("utf-8", "replace")
    if not body.strip():
        return None
    try:
        return html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
