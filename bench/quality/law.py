"""Laws: is every text node of the source in the text, in its order, and is the tree of articles right?"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from kobunko.errors import Reject
from kobunko.extract.law_lines import articles
from kobunko.extract.law_xml import parse
from kobunko.extract.records import Extracted, ExtractInput
from kobunko.extract.route import extract
from kobunko.records import Blob

NEEDS_SAMPLES = True
FLOORS = {
    "laws read": (">=", 200.0),
    "text nodes": (">=", 1.0),
    "text nodes in order": (">=", 1.0),
    "characters": (">=", 1.0),
    "unknown elements unreported": ("==", 0.0),
    "articles at their place": (">=", 1.0),
    "provisions found again from the lines alone": (">=", 0.999),
}


def measure(samples: Path) -> dict[str, float]:
    counts: Counter[str] = Counter()
    schema = elements_of((samples / "law_api/spec/stdLaw.xsd").read_bytes())
    for path in sorted((samples / "law_xml").rglob("*.xml")):
        body = path.read_bytes()
        try:
            root, found = parse(body), read(body, path.name)
        except Reject:
            counts["rejected"] += 1
            continue
        if found.format != "law-xml":
            continue
        counts["laws"] += 1
        counts += measure_law(root, found, schema)
    return {
        "laws read": counts["laws"],
        "files rejected": counts["rejected"],
        "text nodes": counts["found"] / counts["nodes"],
        "text nodes in order": counts["in order"] / counts["nodes"],
        "characters": 1 - counts["missing characters"] / counts["characters"],
        "unknown elements unreported": counts["unreported"],
        "articles at their place": counts["placed"] / counts["articles"],
        "provisions found again from the lines alone": counts["same"] / counts["provisions"],
    }


def read(body: bytes, name: str) -> Extracted:
    return extract(ExtractInput("bench", name, "", name, "", [Blob("law", name, "", "", body)]))


def elements_of(schema: bytes) -> set[str]:
    """Names of the elements that the schema has."""
    return {element.get("name", "") for element in parse(schema).iter("{*}element")}


def measure_law(root: etree._Element, found: Extracted, schema: set[str]) -> Counter[str]:
    text = found.pages[0].text
    counts = _nodes(root, text)
    structure, metadata = json.loads(found.structure), json.loads(found.metadata)
    names = {element.tag for law in _laws(root) for element in law.iter(etree.Element)}
    counts["unreported"] = len(names - schema - set(metadata["unknown_elements"]))
    for node in structure["articles"]:
        if "/Article_" in node["path"] and node["path"].count("/") == 1 and "title" in node:
            counts["articles"] += 1
            counts["placed"] += node["title"] in text[node["start"] : node["end"]]
    again = {(node["path"], node["start"]) for node in articles(text)}
    wanted = {
        (node["path"], node["start"])
        for node in structure["articles"]
        if node["path"].startswith("MainProvision/Article_") and "Amend" not in node["path"]
    }
    counts["provisions"], counts["same"] = len(wanted), len(wanted & again)
    return counts


def _nodes(root: etree._Element, text: str) -> Counter[str]:
    """How many text nodes of the law are in the text, and how many of them behind the one before."""
    plain = "".join(text.replace("\\|", "|").replace("<br>", "").split())
    nodes = [node for law in _laws(root) for node in _texts(law)]
    place, in_order, found = 0, 0, 0
    for node in nodes:
        here = plain.find(node, place)
        in_order += here >= 0
        found += here >= 0 or node in plain
        place = max(here, place) + len(node) if here >= 0 else place
    characters = Counter("".join(nodes))
    missing = sum((characters - Counter(plain)).values())
    return Counter(
        {
            "nodes": len(nodes),
            "in order": in_order,
            "found": found,
            "characters": sum(characters.values()),
            "missing characters": missing,
        }
    )


def _laws(root: etree._Element) -> list[etree._Element]:
    return list(root.iter("{*}Law")) or [root]


def _texts(law: etree._Element) -> Iterator[str]:
    """Text nodes without white space; title before number, as laws are printed."""
    number, title = law.find("LawNum"), law.find("LawBody/LawTitle")
    heads = [element for element in (title, number) if element is not None]
    for head in heads:
        yield from _squeezed(head)
    inside = {id(node) for head in heads for node in head.iter()}
    for event, element in etree.iterwalk(law, events=("start", "end")):
        if event == "start" and id(element) not in inside:
            yield from _solid(element.text)
        elif event == "end" and element is not law:
            yield from _solid(element.tail)


def _squeezed(element: etree._Element) -> Iterator[str]:
    for text in element.itertext(etree.Element):
        yield from _solid(str(text))


def _solid(text: str | None) -> Iterator[str]:
    if solid := "".join((text or "").split()):
        yield solid
