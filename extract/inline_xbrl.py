"""Inline XBRL: the facts that are tagged in a page, with their contexts and units."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from lxml import etree

from kobunko.extract.facts import Fact, context_scope, context_time
from kobunko.extract.html_text import Element, inner_text
from kobunko.extract.html_text import parse as parse_html
from kobunko.wareki import parse_wareki

_XHTML = "http://www.w3.org/1999/xhtml"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# A tree of XML has the names with a hyphen, one that was read as HTML with a colon.
_NUMERIC, _TEXT, _EXCLUDED = ((f"ix-{name}", f"ix:{name}") for name in ("nonfraction", "nonnumeric", "exclude"))
_TEXT_BLOCK = "TextBlock"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ZERO = re.compile("zero|nodash|dash", re.IGNORECASE)


@dataclass
class Contexts:
    """Contexts by id: period and dimensions. In EDINET they stand in the header file, for all files of the filing."""

    period: dict[str, str] = field(default_factory=dict)
    dimensions: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, root: Element) -> None:
        for context in root.iter("xbrli-context", "xbrli:context"):
            name = context.get("id", "")
            days = {re.split("[:-]", str(item.tag))[-1]: (item.text or "").strip() for item in context.iter(*_DAYS)}
            self.period[name] = days.get("instant") or "/".join(
                days[day] for day in ("startdate", "enddate") if day in days
            )
            members = {
                item.get("dimension", ""): (item.text or "").strip()
                for item in context.iter("xbrldi-explicitmember", "xbrldi:explicitmember")
            }
            if members:
                self.dimensions[name] = members


_DAYS = [f"xbrli{mark}{name}" for name in ("instant", "startdate", "enddate") for mark in "-:"]


def parse_inline(text: str) -> Element | None:
    """The page as a tree of plain HTML elements beside `ix-…` and `xbrli-…` ones, all in lower case.

    Such pages are XML; one that is not well-formed is read as browsers read HTML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, huge_tree=True
    )
    try:
        root = etree.fromstring(_DECLARATION.sub("", text).lstrip("\ufeff").encode(), parser)
    except etree.XMLSyntaxError:
        return parse_html(_DECLARATION.sub("", text))
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace == _XHTML or not name.namespace:
            element.tag = name.localname.lower()
        else:
            element.tag = f"{_prefix(name.namespace)}-{name.localname.lower()}"  # lxml lets no colon in
    return root


def _prefix(namespace: str) -> str:
    if "inlineXBRL" in namespace:
        return "ix"
    return {"http://www.xbrl.org/2003/instance": "xbrli", "http://xbrl.org/2006/xbrldi": "xbrldi"}.get(namespace, "x")


def is_text_block(element: Element) -> bool:
    return element.tag in _TEXT and element.get("name", "").endswith(_TEXT_BLOCK)


def facts(root: Element, contexts: Contexts) -> Iterator[Fact]:
    """Facts in the order of the page, text blocks left out: these are text of the page itself."""
    for element in root.iter(*_NUMERIC, *_TEXT):
        if is_text_block(element):
            continue
        context = _attribute(element, "contextRef")
        numeric = element.tag in _NUMERIC
        yield Fact(
            element=element.get("name", ""),
            context=context,
            value=_value(element, numeric),
            unit=_attribute(element, "unitRef") if numeric else None,
            decimals=_attribute(element, "decimals") or None,
            time=context_time(context),
            scope=context_scope(context),
            period=contexts.period.get(context),
            dimensions=contexts.dimensions.get(context),
        )


def _attribute(element: Element, name: str) -> str:
    return element.get(name) or element.get(name.lower()) or ""


def _value(element: Element, numeric: bool) -> str | None:
    if (element.get(_NIL) or element.get("xsi:nil")) == "true":
        return None
    text = "".join(_visible(element)).strip()
    kind = _attribute(element, "format").rpartition(":")[2]
    if numeric:
        return _number(text, kind, _attribute(element, "scale"), element.get("sign", ""))
    if kind.startswith("date") and (day := parse_wareki(text)):
        return day.isoformat()
    return " ".join(text.split()) if "\n" in text else text


def _visible(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element.iterchildren():
        if child.tag not in _EXCLUDED:
            yield inner_text(child)
        yield child.tail or ""


def _number(text: str, kind: str, scale: str, sign: str) -> str:
    """The number itself, without separators, scale and the brackets that mean minus; text that is none stays text."""
    if _ZERO.search(kind):
        return "0"
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    plain = plain.replace(".", "").replace(",", ".") if "commadecimal" in kind else plain.replace(",", "")
    try:
        value = Decimal(plain).scaleb(int(scale or 0))
    except (InvalidOperation, ValueError):
        return text
    return format(-value if sign == "-" and value else value, "f")
