"""Laws of e-Gov in all their wrappers, as XML or as the JSON tree of the API; other XML as what it is, or as text."""

import json
from itertools import accumulate
from typing import Any

from lxml import etree

from kobunko.errors import Reject
from kobunko.extract.controls import clean
from kobunko.extract.law_facts import law_facts
from kobunko.extract.law_text import Element, LawWriter
from kobunko.extract.law_tree import Node
from kobunko.extract.proceedings import meetings_in_xml, read_meetings
from kobunko.extract.reading import Reading, text_page

_DEPTH = 200
_NAMESPACE = b"xmlns"
# What the API says of a law beside its text; values go to the metadata under the same names.
_INFO = ("law_info", "revision_info", "ApplData")


def read_xml(body: bytes, url: str = "", ruby: bool = True) -> Reading:
    """A law, meetings of the Diet, or the text nodes of other XML in their order.

    Raises `malformed-xml` and `error-document`.
    """
    root = parse(body)
    if _NAMESPACE in body or b"\0" in body[:4]:  # in UTF-16 every other byte is zero
        for element in root.iter(etree.Element):
            element.tag = etree.QName(element).localname
    if laws := _laws(root):
        return _law(laws, "law-xml", _wrapper(root), url, ruby)
    if meetings := meetings_in_xml(root):
        return read_meetings(meetings, "diet-xml")
    _raise_error_answer(root)
    texts = [str(text).strip("\n") for text in root.itertext(etree.Element) if text.strip()]
    lines = [line.rstrip() for text in texts for line in text.split("\n")]
    if not lines:
        raise Reject("no-text", f"XML <{root.tag}> without text")
    page = text_page(1, "\n".join(lines), "markup")
    return Reading("xml", [page], metadata={"root_element": root.tag}, structure={"kind": "data"})


def read_law_json(data: Any, url: str = "", ruby: bool = True) -> Reading | None:
    """A law in the API's JSON tree (`{"tag", "attr", "children"}`), or None where `data` is no law."""
    tree = data.get("law_full_text", data) if isinstance(data, dict) else None
    if not isinstance(tree, dict) or not {"tag", "children"} <= tree.keys():
        return None
    root = _element(tree)
    laws = _laws(root)
    info = {key: value for name in _INFO for key, value in (data.get(name) or {}).items() if _scalar(value)}
    return _law(laws, "law-json", info, url, ruby) if laws else None


def parse(body: bytes) -> Element:
    """Element tree without comments and indentation; no network, no entities, no DTD."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_blank_text=True,
        collect_ids=False,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Reject("malformed-xml", str(error)) from error


def _laws(root: Element) -> list[Element]:
    """Every law in the tree, or the provisions of one that were asked for by themselves."""
    if root.tag == "Law":
        return [root]
    for name in ("Law", "LawBody", "MainProvision", "Article", "Paragraph"):
        if found := list(root.iter(name)):
            return [element for element in found if not any(parent.tag == name for parent in element.iterancestors())]
    return []


def _law(laws: list[Element], format_: str, info: dict[str, Any], url: str, ruby: bool) -> Reading:
    """Text and structure of a law; several laws in one file follow each other."""
    writer = LawWriter(ruby)
    written = [writer.write(law) for law in laws]
    text = "\n\n".join(part for part, _ in written)
    if not text.strip():
        raise Reject("no-text", "a law without text")
    facts = law_facts(laws[0], info, url)
    articles = _following([nodes for _, nodes in written], [len(part) + 2 for part, _ in written])
    metadata: dict[str, Any] = info | facts | {"unknown_elements": sorted(writer.unknown)}
    if writer.figures:
        metadata["figures"] = writer.figures
    title = laws[0].find("LawBody/LawTitle")
    name = writer.inline(title) if title is not None else ""
    structure = {"kind": "law", "law": facts, "articles": articles}
    return Reading(format_, [text_page(1, text, "markup")], name, metadata, structure)


def _following(trees: list[list[Node]], lengths: list[int]) -> list[Node]:
    """The provisions of several laws in one text, those behind the first with the law's number in their path."""
    found = list(trees[0])
    for count, (nodes, start) in enumerate(zip(trees[1:], accumulate(lengths), strict=False), 2):
        for node in nodes:
            moved = {"start": node["start"] + start, "end": node["end"] + start}
            found.append(node | moved | {"path": f"Law_{count}/{node['path']}"})
    return found


def _wrapper(root: Element) -> dict[str, Any]:
    """Plain values of the API's answer around the law."""
    found: dict[str, Any] = {}
    for name in () if root.tag == "Law" else _INFO:
        for block in root.iter(name):
            found |= {
                str(child.tag): child.text.strip()
                for child in block.iterchildren()
                if not len(child) and child.text and child.text.strip()
            }
    if "LawId" in found:
        found["law_id"] = found.pop("LawId")
    return found


def _raise_error_answer(root: Element) -> None:
    """API v1 answers an error as `<DataRoot><Result><Code>1…`, object stores as `<Error><Code>…`."""
    code = root.findtext("Result/Code") if root.tag == "DataRoot" else None
    if root.tag == "Error":
        code = root.findtext("Code")
    if code not in (None, "", "0"):
        raise Reject("error-document", f"{code}: {root.findtext('Result/Message') or root.findtext('Message') or ''}")


def _element(tree: dict[str, Any], depth: int = 0) -> Element:
    if depth > _DEPTH:
        raise Reject("malformed-json", "the tree of the law is too deep")
    try:
        element = etree.Element(str(tree.get("tag", "")))
        for name, value in (tree.get("attr") or {}).items():
            element.set(str(name), clean(value if isinstance(value, str) else json.dumps(value))[0])
    except (ValueError, AttributeError) as error:
        raise Reject("malformed-json", f"no element of a law: {tree.get('tag')!r}, {error}") from error
    for child in tree.get("children") or []:
        if isinstance(child, dict):
            element.append(_element(child, depth + 1))
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + clean(str(child))[0]
        else:
            element.text = (element.text or "") + clean(str(child))[0]
    return element


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and value != ""
